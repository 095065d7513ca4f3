import { isMapping } from "../../source-node.ts";
import { checkProperties } from "../property-types.ts";
import type { Made, SamTemplate } from "../sam-template.ts";
import { HTTP_EVENT_PROPERTIES, REST_EVENT_PROPERTIES } from "./api-properties.ts";
import { eventPlace } from "./function-event.ts";
import { expandHttpEvent } from "./http-api/event.ts";
import { expandRestEvent } from "./rest-api/event.ts";
import { orRefuse, Subject } from "./subject.ts";

/** The function that an event calls. */
export interface EventTarget {
  /** Logical id of the AWS::Serverless::Function the event stands on. */
  readonly functionId: string;
  /** `{Ref: function}` or `{Ref: alias}`: what a permission names. */
  readonly ref: Made;
  /** `{Fn::GetAtt: [function, Arn]}` or `{Ref: alias}`: what an integration calls. */
  readonly arn: Made;
  /** Attributes such as Condition that every made resource of the function carries on. */
  readonly passthrough: Made;
}

/**
 * Expands one event of Type Api or HttpApi: writes the route into the API's definition (with its auth) and puts the
 * permission. `eventId` is its logical id, `event` the mapping {Type, Properties}.
 */
export function expandApiEvent(sam: SamTemplate, target: EventTarget, eventId: string, event: Made): void {
  orRefuse(sam, () => {
    const at = eventPlace(sam, target.functionId, eventId);
    const subject = Subject.resource(sam, target.functionId).event(eventId, at);
    const properties = event.Properties ?? {};
    if (!isMapping(properties)) throw subject.refusal("Properties should be a map.", [event, "Properties"]);
    const type = String(event.Type);
    const checked = { logicalId: target.functionId + eventId, type, at };
    checkProperties(sam, checked, properties, type === "Api" ? REST_EVENT_PROPERTIES : HTTP_EVENT_PROPERTIES);
    const apiEvent = { sam, subject, target, eventId, properties, at };
    if (type === "Api") expandRestEvent(apiEvent);
    else expandHttpEvent(apiEvent);
  });
}
