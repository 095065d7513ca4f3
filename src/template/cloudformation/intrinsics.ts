import { isMapping, type SourceNode, show } from "../source-node.ts";
import { cidrBlocks } from "./cidr.ts";
import { readInclude } from "./include.ts";
import { MAX_TEXT_CHARACTERS, NO_VALUE, type Scope, UNRESOLVED } from "./resolve-template.ts";
import { holdsUnresolved } from "./rest-api/holds-unresolved.ts";

/** Resolves one function, given as the member whose key is its name. */
export function resolveFunction(call: SourceNode, scope: Scope): unknown {
  const implementation = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (implementation !== undefined) return implementation(call, scope);
  const fix = "Write the value itself, or a function of CloudFormation's.";
  return scope.unresolved(call, call.name, `The function ${call.name} is not known.`, fix);
}

type Implementation = (call: SourceNode, scope: Scope) => unknown;

const FUNCTIONS: Readonly<Record<string, Implementation>> = {
  Ref: (call, scope) => {
    if (typeof call.value !== "string") return wrong(call, scope, "a name");
    return refer(call, call.value, scope);
  },
  // Where it holds no name, it is a policy statement's own key.
  Condition: (call, scope) =>
    typeof call.value === "string" ? scope.conditions.holds(call.value, call) : { Condition: scope.resolve(call) },
  "Fn::GetAtt": (call, scope) => {
    const [id, ...names] = call.isList ? call.items() : [];
    const parts =
      typeof call.value === "string"
        ? splitAttribute(call.value)
        : id && { logicalId: scope.resolve(id), attribute: joined(names.map((each) => scope.resolve(each))) };
    if (typeof parts?.logicalId !== "string" || !parts.attribute) {
      return wrong(call, scope, "[LogicalId, Attribute] or LogicalId.Attribute");
    }
    return attribute(call, parts.logicalId, parts.attribute, scope);
  },
  "Fn::Sub": (call, scope) => {
    const [template, map, ...more] = call.isList ? call.items() : [call];
    if (typeof template?.value !== "string" || more.length > 0 || (map && !map.isMapping)) {
      return wrong(call, scope, "text, or [text, {name: value}]");
    }
    return substitute(call, template.value, map, scope);
  },
  "Fn::Join": (call, scope) => {
    const [separator, list, ...more] = call.items();
    const values = list && scope.resolve(list);
    const by = separator && scope.resolve(separator);
    if (typeof by !== "string" || !Array.isArray(values) || more.length > 0) {
      return wrong(call, scope, "[separator, [values]]");
    }
    const texts = values.map(scalarText);
    // What is wrong with it, if anything, is said already.
    const unresolved = values.find((each) => isMapping(each) && holdsUnresolved(each));
    if (unresolved !== undefined) return unresolved;
    return texts.includes(undefined) ? wrong(call, scope, "values of text") : bounded(call, texts.join(by), scope);
  },
  "Fn::Select": (call, scope) => {
    const [index, list, ...more] = call.items();
    const at = Number(scalarText(index && scope.resolve(index)));
    const values = list && scope.resolve(list);
    if (!Array.isArray(values) || more.length > 0 || !Number.isInteger(at))
      return wrong(call, scope, "[index, [values]]");
    return at >= 0 && at < values.length ? values[at] : wrong(call, scope, `an index of 0 to ${values.length - 1}`);
  },
  "Fn::Split": (call, scope) => {
    const [separator, source, ...more] = call.items();
    const text = source && scope.resolve(source);
    const by = separator && scope.resolve(separator);
    if (typeof by !== "string" || by === "" || typeof text !== "string" || more.length > 0) {
      return wrong(call, scope, "[separator, text]");
    }
    return text.split(by);
  },
  "Fn::If": (call, scope) => {
    const [name, then, otherwise, ...more] = call.items();
    if (typeof name?.value !== "string" || then === undefined || otherwise === undefined || more.length > 0) {
      return wrong(call, scope, "[condition, value if true, value if false]");
    }
    return scope.resolve(scope.conditions.holds(name.value, name) ? then : otherwise);
  },
  "Fn::FindInMap": (call, scope) => {
    const [map, top, second, options, ...more] = call.items();
    const names = [map, top, second].map((each) => each && scope.resolve(each));
    if (!names.every((each) => typeof each === "string" || typeof each === "number") || more.length > 0) {
      return wrong(call, scope, "[map, top-level key, second-level key]");
    }
    const [mapName, topName, secondName] = names.map(String);
    const found = scope.root
      .get("Mappings")
      ?.get(mapName as string)
      ?.get(topName as string)
      ?.get(secondName as string);
    if (found !== undefined) return scope.resolve(found);
    const standard = options?.get("DefaultValue");
    if (standard !== undefined) return scope.resolve(standard);
    return scope.unresolved(
      call,
      call.name,
      `There is no ${names.join(" → ")} in Mappings.`,
      "Add it, or a DefaultValue.",
    );
  },
  "Fn::ImportValue": (call, scope) => {
    const name = scope.resolve(call);
    const exports = scope.options.exports ?? {};
    if (typeof name === "string" && Object.hasOwn(exports, name)) return exports[name];
    const message = `Nothing exports ${show(name)} here.`;
    return scope.unresolved(
      call,
      call.name,
      message,
      "Load the stack that exports it, or give the value as a parameter.",
    );
  },
  "Fn::Base64": (call, scope) => {
    const text = scope.resolve(call);
    return typeof text === "string" ? Buffer.from(text, "utf8").toString("base64") : wrong(call, scope, "text");
  },
  "Fn::Cidr": (call, scope) => {
    const [block, count, bits = 0] = call.items().map((each) => scope.resolve(each));
    const blocks = cidrBlocks(scalarText(block) ?? "", Number(scalarText(count)), Number(scalarText(bits)));
    return blocks ?? wrong(call, scope, "[IPv4 block, count of 1 to 256, bits]");
  },
  "Fn::GetAZs": (call, scope) => {
    const region = typeof call.value === "string" && call.value !== "" ? call.value : scope.options.place.region;
    return ["a", "b", "c"].map((zone) => `${region}${zone}`);
  },
  "Fn::ToJsonString": (call, scope) => {
    const value = scope.resolve(call);
    // As text it would no longer be seen that something in it is not known.
    if (value === NO_VALUE || holdsUnresolved(value)) return { [`${UNRESOLVED}Fn::ToJsonString`]: true };
    return JSON.stringify(value);
  },
  "Fn::Length": (call, scope) => {
    const value = scope.resolve(call);
    return Array.isArray(value) ? value.length : wrong(call, scope, "a list");
  },
  "Fn::Transform": (call, scope) => {
    const included = readInclude(call, scope);
    return included === undefined ? { [`${UNRESOLVED}Fn::Transform`]: true } : scope.resolve(included);
  },
};
for (const name of ["Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not"]) {
  (FUNCTIONS as Record<string, Implementation>)[name] = (call, scope) =>
    scope.conditions.evaluate(call.parent as SourceNode); // a member has its mapping above it
}

/** `Outputs.Name` from its parts; undefined when one is no text. */
function joined(names: readonly unknown[]): string | undefined {
  const texts = names.map(scalarText);
  return texts.includes(undefined) ? undefined : texts.join(".");
}

function splitAttribute(text: string): { logicalId: unknown; attribute: string } | undefined {
  const dot = text.indexOf(".");
  return dot < 0 ? undefined : { logicalId: text.slice(0, dot), attribute: text.slice(dot + 1) };
}

function wrong(call: SourceNode, scope: Scope, wanted: string): Record<string, unknown> {
  return scope.unresolved(
    call,
    call.name,
    `${call.name} is given ${show(call.value)}, wanted ${wanted}.`,
    "Correct it.",
  );
}

function refer(from: SourceNode, name: string, scope: Scope): unknown {
  if (name === "AWS::NoValue") return NO_VALUE;
  const variable = scope.variables.get(name);
  if (variable !== undefined) return variable;
  const pseudo = pseudoParameter(name, scope);
  if (pseudo !== undefined) return pseudo;
  const parameter = scope.parameters.get(name);
  if (parameter !== undefined) {
    if (parameter.isLookedUp) {
      const fix = `Give the value with --parameter ${name}=VALUE.`;
      scope.conditions.refusesUnknown(`the parameter ${name}, whose value stands in SSM`, fix);
    }
    return typeof parameter.value === "string" ? parameter.value : [...parameter.value];
  }
  const values = scope.reference(name, from);
  if (values === undefined) return scope.unknownName(from, name);
  return values.isMadeLater ? { [`${UNRESOLVED}Ref`]: name } : values.ref;
}

function pseudoParameter(name: string, { options: { place } }: Scope): unknown {
  const { region, accountId, partition, stackName } = place;
  switch (name) {
    case "AWS::AccountId":
      return accountId;
    case "AWS::Region":
      return region;
    case "AWS::Partition":
      return partition;
    case "AWS::StackName":
      return stackName;
    case "AWS::StackId":
      return `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/00000000-0000-0000-0000-000000000000`;
    case "AWS::URLSuffix":
      return partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
    case "AWS::NotificationARNs":
      return [];
    default:
      return undefined;
  }
}

function attribute(from: SourceNode, logicalId: string, name: string, scope: Scope): unknown {
  const values = scope.reference(logicalId, from);
  if (values === undefined) return scope.unknownName(from, logicalId);
  const value = values.attribute(name);
  if (value !== undefined) return values.isMadeLater ? { [`${UNRESOLVED}Fn::GetAtt`]: [logicalId, name] } : value;
  const message = `The resource ${logicalId} has no attribute ${JSON.stringify(name)}.`;
  return scope.unresolved(from, "Fn::GetAtt", message, "Correct the attribute.");
}

/** `${Name}`, `${Name.Attribute}`, and `${!Literal}`, which stays without its exclamation mark (D). */
function substitute(call: SourceNode, template: string, map: SourceNode | undefined, scope: Scope): unknown {
  let failed: unknown;
  const text = template.replace(/\$\{([^{}]*)\}/g, (_, inside: string) => {
    if (failed !== undefined) return "";
    if (inside.startsWith("!")) return `\${${inside.slice(1)}}`;
    const name = inside.trim();
    const given = map?.get(name);
    const value =
      given === undefined
        ? name.includes(".")
          ? attributeOf(call, name, scope)
          : refer(call, name, scope)
        : scope.resolve(given);
    const part = scalarText(value);
    if (part === undefined) {
      const isKnownToFail = typeof value === "object" && value !== null;
      failed = isKnownToFail
        ? value
        : scope.unresolved(call, call.name, `\${${name}} has no text.`, "Correct the name.");
    }
    return part ?? "";
  });
  if (failed === undefined) return bounded(call, text, scope);
  // A list or an unresolved value has no text; what was wrong with the latter is reported already.
  return Array.isArray(failed) ? wrong(call, scope, "names whose values are text") : failed;
}

function attributeOf(call: SourceNode, name: string, scope: Scope): unknown {
  const dot = name.indexOf(".");
  return attribute(call, name.slice(0, dot), name.slice(dot + 1), scope);
}

function scalarText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

function bounded(call: SourceNode, text: string, scope: Scope): unknown {
  if (text.length <= MAX_TEXT_CHARACTERS) return text;
  return scope.unresolved(
    call,
    call.name,
    `${call.name} makes more than ${MAX_TEXT_CHARACTERS} characters.`,
    "Shorten it.",
  );
}
