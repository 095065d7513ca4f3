import { isMapping } from "../../source-node.ts";
import { keysInOrder } from "../api/expansion-order.ts";
import { addStateMachineRoute } from "../api/state-machine-route.ts";
import { deadLetterQueue } from "../function/events/dead-letter-queue.ts";
import { eventRefusal, SamEvent } from "../function/events/event-target.ts";
import { ruleState, targetId } from "../function/events/rule-event.ts";
import { schedulerEvent } from "../function/events/scheduler-event.ts";
import { assumableBy, roleArn, startExecution } from "../function/execution-role.ts";
import { asText, getAtt, isTruthy, member, ref } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { BOOLEAN, MAPPING, type PropertyTypes, required, strict, TEXT } from "../property-types.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

/** `targetId` is the logical id of the state machine, or of its alias. */
type ExpandEvent = (event: SamEvent, targetId: string) => MadeResource[];

const EVENTS: Readonly<Record<string, ExpandEvent>> = {
  Schedule: scheduleEvent,
  ScheduleV2: (event, target) => schedulerEvent(event, ref(target), "state machine"),
  CloudWatchEvent: eventBridgeRuleEvent,
  EventBridgeRule: eventBridgeRuleEvent,
  Api: apiEvent,
};

/** Expands the events of a state machine: each starts an execution, with a role of its own. */
export function expandStateMachineEvents(resource: SamResource, target: string): MadeResource[] {
  const events = resource.get("Events");
  if (!isMapping(events)) return [];
  return keysInOrder(events).flatMap((name) => {
    const body = events[name];
    const type = member(body, "Type");
    if (isMapping(body) && typeof type === "string" && Object.hasOwn(EVENTS, type)) {
      return EVENTS[type]?.(new SamEvent(resource, name, body), target) ?? [];
    }
    const shown = asText(type);
    const message = `Resource dict has missing or invalid value for key Type. Event Type is: ${shown}.`;
    const at = resource.sam.at(events, name, resource.placeOf("Events"));
    const place = isMapping(body) ? resource.sam.at(body, "Type", at) : at;
    throw eventRefusal(resource, name, place, message, `Write a Type of SAM: ${Object.keys(EVENTS).join(", ")}.`);
  });
}

const SCHEDULE: PropertyTypes = {
  Schedule: required(TEXT),
  Input: TEXT,
  Enabled: BOOLEAN,
  State: TEXT,
  Name: TEXT,
  Description: TEXT,
  DeadLetterConfig: MAPPING,
  RetryPolicy: MAPPING,
  Target: strict(MAPPING),
  RoleArn: strict(TEXT),
};

function scheduleEvent(event: SamEvent, target: string): MadeResource[] {
  event.check(SCHEDULE);
  return rule(event, target, {
    ScheduleExpression: event.get("Schedule"),
    Name: event.get("Name"),
    Description: event.get("Description"),
  });
}

const EVENT_BRIDGE_RULE: PropertyTypes = {
  EventBusName: TEXT,
  RuleName: TEXT,
  Pattern: MAPPING,
  Input: TEXT,
  InputPath: TEXT,
  DeadLetterConfig: MAPPING,
  RetryPolicy: MAPPING,
  State: TEXT,
  Target: strict(MAPPING),
  InputTransformer: MAPPING,
};

function eventBridgeRuleEvent(event: SamEvent, target: string): MadeResource[] {
  event.check(EVENT_BRIDGE_RULE);
  return rule(event, target, {
    EventBusName: event.get("EventBusName"),
    EventPattern: event.get("Pattern"),
    Name: event.get("RuleName"),
  });
}

function rule(event: SamEvent, target: string, properties: Made): MadeResource[] {
  const { logicalId } = event;
  const state = ruleState(event);
  const given = event.get("RoleArn");
  const role = given === undefined ? startRole(event, target, "events.amazonaws.com") : undefined;
  const queue = deadLetterQueue(event, getAtt(logicalId, "Arn"));
  const own = mapping({
    Arn: ref(target),
    Id: targetId(event, "StepFunctionsTarget"),
    RoleArn: role === undefined ? given : roleArn(role),
  });
  for (const name of ["Input", "InputPath", "InputTransformer", "RetryPolicy"]) {
    if (event.get(name) !== undefined) own[name] = event.get(name);
  }
  if (queue) own.DeadLetterConfig = mapping({ Arn: queue.arn });
  return [
    event.make(logicalId, "AWS::Events::Rule", mapping({ ...properties, State: state, Targets: [own] })),
    ...(role === undefined ? [] : [role]),
    ...(queue?.resources ?? []),
  ];
}

/** Api: a route of a REST API that starts an execution. */
function apiEvent(event: SamEvent, target: string): MadeResource[] {
  const { resource, name, body } = event;
  const role = startRole(event, target, "apigateway.amazonaws.com");
  const route = {
    stateMachineId: resource.logicalId,
    startedId: target,
    roleArn: roleArn(role),
    passthrough: resource.passthrough(),
  };
  addStateMachineRoute(resource.sam, route, name, body);
  return [role];
}

/** The role with which a service starts executions for one event. */
function startRole(event: SamEvent, target: string, service: string): MadeResource {
  const roleId = `${event.logicalId}Role`;
  const boundary = event.resource.get("PermissionsBoundary");
  const properties = mapping({
    AssumeRolePolicyDocument: assumableBy(service),
    Policies: [startExecution(ref(target), roleId)],
    ...(isTruthy(boundary) && { PermissionsBoundary: boundary }),
  });
  return event.make(roleId, "AWS::IAM::Role", properties);
}
