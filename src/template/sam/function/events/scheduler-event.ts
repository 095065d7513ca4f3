import { isTruthy } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { BOOLEAN, MAPPING, type PropertyTypes, required, strict, TEXT } from "../../property-types.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { assumableBy, invokeFunction, roleArn, sendToQueue, startExecution } from "../execution-role.ts";
import { deadLetterQueue } from "./dead-letter-queue.ts";
import type { SamEvent } from "./event-target.ts";

const SCHEDULE_V2: PropertyTypes = {
  PermissionsBoundary: TEXT,
  ScheduleExpression: required(TEXT),
  FlexibleTimeWindow: MAPPING,
  Name: TEXT,
  State: TEXT,
  Description: TEXT,
  StartDate: TEXT,
  EndDate: TEXT,
  ScheduleExpressionTimezone: TEXT,
  GroupName: TEXT,
  KmsKeyArn: TEXT,
  Input: TEXT,
  RoleArn: TEXT,
  DeadLetterConfig: MAPPING,
  RetryPolicy: MAPPING,
  OmitName: strict(BOOLEAN),
};

/** ScheduleV2: a schedule of EventBridge Scheduler, for a function or a state machine, and the role it runs as. */
export function schedulerEvent(
  event: SamEvent,
  targetArn: unknown,
  kind: "function" | "state machine",
): MadeResource[] {
  event.check(SCHEDULE_V2);
  const { logicalId } = event;
  const name = event.get("Name");
  const omitsName = isTruthy(event.get("OmitName"));
  if (omitsName && isTruthy(name)) {
    throw event.refusal("Name cannot be set when OmitName is True", "Remove one of them.", "Name", logicalId);
  }
  const queue = deadLetterQueue(event);
  const role = isTruthy(event.get("RoleArn")) ? undefined : scheduleRole(event, targetArn, kind, queue?.arn);
  const target = mapping({ Arn: targetArn, RoleArn: role ? roleArn(role) : event.get("RoleArn") });
  if (event.get("Input") !== undefined) target.Input = event.get("Input");
  if (queue) target.DeadLetterConfig = mapping({ Arn: queue.arn });
  if (event.get("RetryPolicy") !== undefined) target.RetryPolicy = event.get("RetryPolicy");
  const window = event.get("FlexibleTimeWindow");
  const properties = mapping({
    ScheduleExpression: event.get("ScheduleExpression"),
    FlexibleTimeWindow: isTruthy(window) ? window : mapping({ Mode: "OFF" }),
    ...(!omitsName && { Name: isTruthy(name) ? name : logicalId }),
    ...(isTruthy(event.get("State")) && { State: event.get("State") }),
    Description: event.get("Description"),
    StartDate: event.get("StartDate"),
    EndDate: event.get("EndDate"),
    ScheduleExpressionTimezone: event.get("ScheduleExpressionTimezone"),
    GroupName: event.get("GroupName"),
    KmsKeyArn: event.get("KmsKeyArn"),
    Target: target,
  });
  const schedule = event.make(logicalId, "AWS::Scheduler::Schedule", properties);
  return [schedule, ...(queue?.resources ?? []), ...(role ? [role] : [])];
}

function scheduleRole(event: SamEvent, targetArn: unknown, kind: string, queueArn: unknown): MadeResource {
  const { logicalId } = event;
  const policies: Made[] = [(kind === "function" ? invokeFunction : startExecution)(targetArn, logicalId)];
  if (isTruthy(queueArn)) policies.push(sendToQueue(queueArn, logicalId));
  const boundary = event.get("PermissionsBoundary");
  const properties = mapping({
    AssumeRolePolicyDocument: assumableBy("scheduler.amazonaws.com"),
    Policies: policies,
    ...(isTruthy(boundary) && { PermissionsBoundary: boundary }),
  });
  return event.make(`${logicalId}Role`, "AWS::IAM::Role", properties);
}
