import { isMapping } from "../../../source-node.ts";
import { expandApiEvent } from "../../api/api-event.ts";
import { keysInOrder } from "../../api/expansion-order.ts";
import { asText, member } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import type { SamResource } from "../../sam-resource.ts";
import type { Made } from "../../sam-template.ts";
import { bucketEvent } from "./bucket-event.ts";
import { cognitoEvent } from "./cognito-event.ts";
import { eventRefusal, type FunctionTarget, SamEvent } from "./event-target.ts";
import { alexaSkillEvent, cloudWatchLogsEvent, iotRuleEvent } from "./other-events.ts";
import { PULL_TYPES, pullEvent } from "./pull-event.ts";
import { eventBridgeRuleEvent, scheduleEvent } from "./rule-event.ts";
import { schedulerEvent } from "./scheduler-event.ts";
import { topicEvent } from "./topic-event.ts";

type ExpandEvent = (event: SamEvent, target: FunctionTarget) => MadeResource[];

/** By the event's Type; Api and HttpApi are beside them. */
const EVENTS: Readonly<Record<string, ExpandEvent>> = {
  ...Object.fromEntries(PULL_TYPES.map((type) => [type, pullEvent])),
  Schedule: scheduleEvent,
  ScheduleV2: (event, target) => schedulerEvent(event, target.arn, "function"),
  CloudWatchEvent: eventBridgeRuleEvent,
  EventBridgeRule: eventBridgeRuleEvent,
  S3: bucketEvent,
  SNS: topicEvent,
  Cognito: cognitoEvent,
  AlexaSkill: alexaSkillEvent,
  IoTRule: iotRuleEvent,
  CloudWatchLogs: cloudWatchLogsEvent,
};

/** Expands the events of a function: routes into APIs, and for everything else the resources it takes. */
export function expandEvents(resource: SamResource, target: FunctionTarget): MadeResource[] {
  const events = resource.get("Events");
  if (!isMapping(events)) return [];
  const made: MadeResource[] = [];
  for (const name of namesInOrder(events)) {
    const body = events[name];
    const type = member(body, "Type");
    const at = resource.sam.at(events, name, resource.placeOf("Events"));
    const isApi = type === "Api" || type === "HttpApi";
    const expand = typeof type === "string" && Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined;
    if (!isMapping(body) || (!isApi && expand === undefined)) {
      const shown = asText(type);
      const message = `Resource dict has missing or invalid value for key Type. Event Type is: ${shown}.`;
      const place = isMapping(body) ? resource.sam.at(body, "Type", at) : at;
      const fix = `Write a Type of SAM: Api, HttpApi, ${Object.keys(EVENTS).join(", ")}.`;
      throw eventRefusal(resource, name, place, message, fix);
    }
    if (isApi) {
      const { functionId, ref, arn } = target;
      expandApiEvent(resource.sam, { functionId, ref, arn, passthrough: resource.passthrough() }, name, body);
    } else if (expand !== undefined) {
      made.push(...expand(new SamEvent(resource, name, body), target));
    }
  }
  return made;
}

/** By path, as SAM writes routes; an event without one by its name. */
function namesInOrder(events: Made): string[] {
  const keyOf = (name: string) => asText(member(member(events[name], "Properties"), "Path") ?? name);
  return keysInOrder(events).sort((one, other) => {
    const [a, b] = [keyOf(one), keyOf(other)];
    return a < b ? -1 : a > b ? 1 : 0;
  });
}
