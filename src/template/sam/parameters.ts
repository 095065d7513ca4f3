import type { SourcePosition } from "../../model/finding.ts";
import { isMapping, type SourceNode, show } from "../source-node.ts";
import { functionName } from "./intrinsic.ts";
import { SamRefusal } from "./sam-refusal.ts";
import type { Made, SamTemplate } from "./sam-template.ts";

/** Values that SAM sees: given ones, the parameters' defaults, and the two pseudo-parameters it knows before deployment. */
export function parameterValues(
  template: SourceNode,
  given: Readonly<Record<string, string>>,
  place: { readonly region: string; readonly partition: string },
): Made {
  const values: Made = Object.assign(Object.create(null), given);
  for (const parameter of template.get("Parameters")?.entries() ?? []) {
    const byDefault = parameter.get("Default");
    if (byDefault && !Object.hasOwn(values, parameter.name)) values[parameter.name] = byDefault.value;
  }
  values["AWS::Region"] ??= place.region;
  values["AWS::Partition"] ??= place.partition;
  return values;
}

/**
 * Puts parameters' values for `Ref` and inside `Fn::Sub`, in place; other functions stay. SAM does so only where its own
 * decisions need a value, and what it changed on the way stays changed. Nothing is known of resources here.
 */
export function resolveParameters(value: unknown, sam: SamTemplate): unknown {
  return new Resolver(sam, (name, argument) => {
    if (name === "Ref" && typeof argument === "string") return parameterOf(sam, argument);
    return undefined;
  }).resolve(value, undefined);
}

/** Looks up `Fn::FindInMap` calls whose keys are plain text, in place. */
export function resolveMappings(value: unknown, sam: SamTemplate): unknown {
  const mappings = sam.body.Mappings;
  return new Resolver(sam, (name, argument, at) => {
    if (name !== "Fn::FindInMap") return undefined;
    if (!Array.isArray(argument) || argument.length !== 3) {
      throw invalidTemplate(
        at,
        `Invalid FindInMap value ${show(argument)}. FindInMap expects an array with 3 values.`,
        "Give the mapping's name, the top-level key and the second-level key.",
      );
    }
    if (!argument.every((key) => typeof key === "string")) return undefined;
    const [mapName, ...keys] = argument as [string, string, string];
    let found: unknown = isMapping(mappings) && Object.hasOwn(mappings, mapName) ? mappings[mapName] : undefined;
    for (const key of keys) {
      if (found === undefined) return undefined;
      if (!isMapping(found)) {
        throw invalidTemplate(
          at,
          `Cannot use Fn::FindInMap on Mapping '${mapName}' which is not a a two-level map.`,
          `Make Mappings.${mapName} a mapping of mappings.`,
        );
      }
      found = Object.hasOwn(found, key) ? found[key] : undefined;
    }
    return found;
  }).resolve(value, undefined);
}

/** A finding about the template as a whole, in SAM's form. */
export function invalidTemplate(at: SourcePosition, message: string, fix: string): SamRefusal {
  return new SamRefusal(at, "sam-template-invalid", `Structure of the SAM template is invalid. ${message}`, fix);
}

const PLACEHOLDER = "{{IntrinsicFunction:";

function parameterOf(sam: SamTemplate, name: string): unknown {
  if (!Object.hasOwn(sam.parameters, name)) return undefined;
  const value = sam.parameters[name];
  // CloudFormation gives these for outputs of nested stacks that do not exist yet (C: aws-sam-translator).
  return typeof value === "string" && value.startsWith(PLACEHOLDER) ? undefined : value;
}

const SUB_REFERENCE = /\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}/g;

class Resolver {
  readonly #sam: SamTemplate;
  /** The value of a call; undefined leaves it as it is. */
  readonly #valueOf: (name: string, argument: unknown, at: SourcePosition) => unknown;

  constructor(sam: SamTemplate, valueOf: (name: string, argument: unknown, at: SourcePosition) => unknown) {
    this.#sam = sam;
    this.#valueOf = valueOf;
  }

  resolve(value: unknown, at: SourcePosition | undefined): unknown {
    const name = functionName(value);
    if (name !== undefined) {
      const call = value as Made;
      const place = this.#sam.at(call, name, at);
      if (name === "Fn::Sub") this.#substitute(call, place);
      const found = this.#valueOf(name, call[name], place);
      if (found !== undefined && found !== value) return found;
    }
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        value[index] = this.resolve(value[index], this.#sam.at(value, index, at));
      }
    } else if (isMapping(value)) {
      for (const key of Object.keys(value)) value[key] = this.resolve(value[key], this.#sam.at(value, key, at));
    }
    return value;
  }

  #substitute(call: Made, at: SourcePosition): void {
    const argument = call["Fn::Sub"];
    if (typeof argument === "string") call["Fn::Sub"] = this.#fill(argument, at);
    else if (Array.isArray(argument) && typeof argument[0] === "string") argument[0] = this.#fill(argument[0], at);
  }

  #fill(text: string, at: SourcePosition): string {
    return text.replace(SUB_REFERENCE, (whole, name: string) => {
      const value = this.#valueOf("Ref", name, at);
      if (value === undefined) return whole;
      // On AWS every parameter's value is text; only a Default written as a number or boolean is not.
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
      throw invalidTemplate(
        at,
        `Invalid Fn::Sub variable value ${show(value)}. Fn::Sub expects all variables to be strings.`,
        `Give the parameter ${name} a text value.`,
      );
    });
  }
}
