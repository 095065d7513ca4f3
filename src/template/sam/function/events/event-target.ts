import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { asText, member } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { checkProperties, type PropertyTypes } from "../../property-types.ts";
import { SamRefusal } from "../../sam-refusal.ts";
import { requireAlphanumeric, resourceRefusal, type SamResource } from "../../sam-resource.ts";
import { type Made, mapping } from "../../sam-template.ts";
import type { ExecutionRole } from "../execution-role.ts";

/** What an event calls. */
export interface FunctionTarget {
  readonly functionId: string;
  /** Of the alias, when there is one. */
  readonly targetId: string;
  /** `{Ref: function}` or `{Ref: alias}`. */
  readonly ref: Made;
  /** `{Fn::GetAtt: [function, Arn]}` or `{Ref: alias}`. */
  readonly arn: Made;
  readonly role: ExecutionRole;
}

/** One event of a function or state machine, while it is expanded. */
export class SamEvent {
  readonly resource: SamResource;
  /** Its name below Events. */
  readonly name: string;
  /** The resource's logical id and its name. */
  readonly logicalId: string;
  readonly type: string;
  /** {Type, Properties}. */
  readonly body: Made;
  readonly properties: Made;
  readonly at: SourcePosition;

  constructor(resource: SamResource, name: string, body: Made) {
    this.resource = resource;
    this.name = name;
    this.logicalId = resource.logicalId + name;
    this.type = asText(body.Type);
    this.body = body;
    const { sam } = resource;
    this.at = sam.at(resource.get("Events") as Made, name, resource.placeOf("Events"));
    requireAlphanumeric(this.logicalId, this.at);
    const properties = Object.hasOwn(body, "Properties") ? body.Properties : mapping({});
    if (!isMapping(properties)) {
      const at = sam.at(body, "Properties", this.at);
      const message = "Properties of a resource must be an object.";
      throw resourceRefusal(this.logicalId, at, message, "Write Properties as a mapping.");
    }
    this.properties = properties;
  }

  check(types: PropertyTypes): void {
    checkProperties(this.resource.sam, this, this.properties, types);
  }

  get(name: string): unknown {
    return member(this.properties, name);
  }

  make(
    logicalId: string,
    type: string,
    properties: Made,
    attributes: Made = this.resource.passthrough(),
  ): MadeResource {
    const made = { logicalId, type, properties, attributes, at: this.at };
    for (const name of Object.keys(properties)) {
      if (!Object.hasOwn(this.properties, name)) continue;
      const { origins } = this.resource.sam;
      origins.set(properties, name, this.resource.sam.at(this.properties, name, this.at));
    }
    return made;
  }

  /** What is wrong with the event, by the name SAM calls it: its own, or the whole logical id. */
  refusal(
    message: string,
    fix: string,
    where?: string | readonly [object, string | number],
    name: string = this.name,
  ): SamRefusal {
    const [container, key] = typeof where === "string" ? [this.properties, where] : (where ?? []);
    const at = container === undefined ? this.at : this.resource.sam.at(container, key as string, this.at);
    // What is wrong with a state machine's event SAM says without the state machine (C: aws-sam-translator).
    if (this.resource.type === "AWS::Serverless::StateMachine") {
      return new SamRefusal(at, "sam-resource-invalid", `Event with id [${name}] is invalid. ${message}`, fix);
    }
    return eventRefusal(this.resource, name, at, message, fix);
  }
}

export function eventRefusal(
  resource: SamResource,
  name: string,
  at: SourcePosition,
  message: string,
  fix: string,
): SamRefusal {
  return resourceRefusal(resource.logicalId, at, `Event with id [${name}] is invalid. ${message}`, fix);
}
