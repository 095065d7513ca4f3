import type { SourcePosition } from "../../model/finding.ts";
import { isMapping } from "../source-node.ts";
import { asText, member } from "./intrinsic.ts";
import type { MadeResource } from "./made-resource.ts";
import { checkProperties, type PropertyTypes } from "./property-types.ts";
import { SamRefusal } from "./sam-refusal.ts";
import { type Made, mapping, type SamTemplate } from "./sam-template.ts";

/** Carried on to the resource that stands for the SAM resource. */
const ATTRIBUTES = ["DeletionPolicy", "UpdatePolicy", "Condition", "UpdateReplacePolicy", "Metadata"];
/** Carried on to everything else that is made of it too. */
const PASSED_ON = ["Condition", "DeletionPolicy", "UpdateReplacePolicy"];

/** One AWS::Serverless resource while it is expanded, its properties checked. */
export class SamResource {
  readonly sam: SamTemplate;
  readonly logicalId: string;
  readonly type: string;
  readonly body: Made;
  readonly properties: Made;
  readonly at: SourcePosition;

  constructor(sam: SamTemplate, logicalId: string, body: Made) {
    this.sam = sam;
    this.logicalId = logicalId;
    this.body = body;
    this.type = asText(body.Type);
    this.at = sam.resourceAt(logicalId);
    const properties = Object.hasOwn(body, "Properties") ? body.Properties : {};
    if (!isMapping(properties)) {
      throw this.refusal("Properties of a resource must be an object.", "Write Properties as a mapping.", [
        body,
        "Properties",
      ]);
    }
    this.properties = properties;
  }

  check(types: PropertyTypes): void {
    requireAlphanumeric(this.logicalId, this.at);
    checkProperties(this.sam, this, this.properties, types);
  }

  /** A property; undefined when it is absent or null. */
  get(name: string): unknown {
    return member(this.properties, name);
  }

  /** Where a property stands. */
  placeOf(name: string): SourcePosition {
    return this.sam.at(this.properties, name, this.at);
  }

  /** Attributes for the resource that stands for this one, DependsOn among them. */
  attributes(): Made {
    const attributes = this.#pick(ATTRIBUTES);
    const dependsOn = member(this.body, "DependsOn");
    return dependsOn === undefined ? attributes : Object.assign(mapping({ DependsOn: dependsOn }), attributes);
  }

  /** Attributes for everything else that is made of this one. */
  passthrough(): Made {
    return this.#pick(PASSED_ON);
  }

  #pick(names: readonly string[]): Made {
    const picked = mapping({});
    for (const name of names) if (Object.hasOwn(this.body, name)) picked[name] = this.body[name];
    return picked;
  }

  /** A resource made of this one. */
  make(logicalId: string, type: string, properties: Made, attributes: Made = this.passthrough()): MadeResource {
    return { logicalId, type, properties, attributes, at: this.at };
  }

  /** Says that a made property comes from a property of this one. */
  cameFrom(made: MadeResource, name: string, property: string): void {
    if (Object.hasOwn(this.properties, property)) this.sam.origins.set(made.properties, name, this.placeOf(property));
  }

  /** What stops this resource, at the member that is wrong: a property's name, or a container and its key. */
  refusal(message: string, fix: string, where?: string | readonly [object, string | number]): SamRefusal {
    const at =
      where === undefined
        ? this.at
        : typeof where === "string"
          ? this.placeOf(where)
          : this.sam.at(where[0], where[1], this.at);
    return resourceRefusal(this.logicalId, at, message, fix);
  }
}

export function resourceRefusal(logicalId: string, at: SourcePosition, message: string, fix: string): SamRefusal {
  return new SamRefusal(at, "sam-resource-invalid", `Resource with id [${logicalId}] is invalid. ${message}`, fix);
}

export function requireAlphanumeric(logicalId: string, at: SourcePosition): void {
  if (/^[A-Za-z0-9]+$/.test(logicalId)) return;
  throw resourceRefusal(logicalId, at, "Logical ids must be alphanumeric.", "Use letters and digits only.");
}
