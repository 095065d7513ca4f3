import { getAtt, isTruthy, member } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { BOOLEAN, MAPPING, type PropertyTypes, required, TEXT } from "../../property-types.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { deadLetterQueue } from "./dead-letter-queue.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";
import { eventPermission } from "./permission.ts";

const PRINCIPAL = "events.amazonaws.com";
/** AWS's bound on the id of a rule's target (D: EventBridge API, Target). */
const MAX_TARGET_ID_CHARACTERS = 64;

const SCHEDULE: PropertyTypes = {
  Schedule: required(TEXT),
  RuleName: TEXT,
  Input: TEXT,
  Enabled: BOOLEAN,
  State: TEXT,
  Name: TEXT,
  Description: TEXT,
  DeadLetterConfig: MAPPING,
  RetryPolicy: MAPPING,
};

/** Schedule: a rule of EventBridge that fires by the clock. */
export function scheduleEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check(SCHEDULE);
  return ruleAndPermission(event, target, {
    ScheduleExpression: event.get("Schedule"),
    Name: event.get("Name"),
    Description: event.get("Description"),
  });
}

const EVENT_BRIDGE_RULE: PropertyTypes = {
  EventBusName: TEXT,
  RuleName: TEXT,
  Pattern: MAPPING,
  DeadLetterConfig: MAPPING,
  RetryPolicy: MAPPING,
  Input: TEXT,
  InputPath: TEXT,
  Target: MAPPING,
  Enabled: BOOLEAN,
  State: TEXT,
  InputTransformer: MAPPING,
};

/** EventBridgeRule, once called CloudWatchEvent: a rule that matches events by their pattern. */
export function eventBridgeRuleEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check(EVENT_BRIDGE_RULE);
  return ruleAndPermission(event, target, {
    EventBusName: event.get("EventBusName"),
    EventPattern: event.get("Pattern"),
    Name: event.get("RuleName"),
  });
}

function ruleAndPermission(event: SamEvent, target: FunctionTarget, properties: Made): MadeResource[] {
  const { logicalId } = event;
  const arn = getAtt(logicalId, "Arn");
  const queue = deadLetterQueue(event, arn);
  const own = mapping({ Arn: target.arn, Id: targetId(event, "LambdaTarget") });
  for (const name of ["Input", "InputPath", "InputTransformer", "RetryPolicy"]) {
    if (event.get(name) !== undefined) own[name] = event.get(name);
  }
  if (queue) own.DeadLetterConfig = mapping({ Arn: queue.arn });
  const rule = mapping({ ...properties, State: ruleState(event), Targets: [own] });
  return [
    event.make(logicalId, "AWS::Events::Rule", rule),
    ...(queue?.resources ?? []),
    eventPermission(event, target, PRINCIPAL, { SourceArn: arn }),
  ];
}

/** From State, or from the older Enabled. */
export function ruleState(event: SamEvent): unknown {
  const state = event.get("State");
  const enabled = event.get("Enabled");
  if (isTruthy(state) && enabled !== undefined) {
    throw event.refusal("State and Enabled Properties cannot both be specified.", "Keep State.", "Enabled");
  }
  if (enabled !== undefined) return isTruthy(enabled) ? "ENABLED" : "DISABLED";
  return isTruthy(state) ? state : undefined;
}

/** Of the target inside its rule: the user's, or the logical id with a suffix, cut to what AWS takes. */
export function targetId(event: SamEvent, suffix: string): unknown {
  const given = member(event.get("Target"), "Id");
  if (given !== undefined) return given;
  return event.logicalId.slice(0, MAX_TARGET_ID_CHARACTERS - suffix.length) + suffix;
}
