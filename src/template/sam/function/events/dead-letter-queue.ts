import { getAtt, member, ref } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { POLICY_VERSION } from "../execution-role.ts";
import type { SamEvent } from "./event-target.ts";

interface DeadLetterQueue {
  readonly arn: unknown;
  /** The queue, and the policy that lets the rule send to it, when the user left them to SAM. */
  readonly resources: readonly MadeResource[];
}

/** DeadLetterConfig of a rule or schedule: an ARN, or `Type: SQS` for a queue of its own. */
export function deadLetterQueue(event: SamEvent, ruleArn?: Made): DeadLetterQueue | undefined {
  const config = event.get("DeadLetterConfig") as Made | undefined;
  if (config === undefined) return undefined;
  const { logicalId } = event;
  const hasArn = Object.hasOwn(config, "Arn");
  const hasType = Object.hasOwn(config, "Type");
  const refuse = (message: string, where: string | [object, string]) =>
    event.refusal(message, "Write Arn: …, or Type: SQS.", where, logicalId);
  if (hasArn && hasType) {
    throw refuse("You can either define 'Arn' or 'Type' property of DeadLetterConfig.", [config, "Type"]);
  }
  if (hasType && config.Type !== "SQS") {
    throw refuse("The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.", [config, "Type"]);
  }
  if (!hasArn && !hasType) {
    throw refuse("No 'Arn' or 'Type' property provided for DeadLetterConfig.", "DeadLetterConfig");
  }
  const given = member(config, "Arn");
  if (given !== undefined) return { arn: given, resources: [] };
  const queueId = member(config, "QueueLogicalId");
  if (queueId !== undefined && typeof queueId !== "string") {
    const where: [object, string] = [config, "QueueLogicalId"];
    throw event.refusal("QueueLogicalId must be a string", "Write the queue's logical id.", where, logicalId);
  }
  const queue = event.make(queueId || `${logicalId}Queue`, "AWS::SQS::Queue", mapping({}));
  const arn = getAtt(queue.logicalId, "Arn");
  return { arn, resources: ruleArn === undefined ? [queue] : [queue, queuePolicy(event, queue, ruleArn)] };
}

function queuePolicy(event: SamEvent, queue: MadeResource, ruleArn: Made): MadeResource {
  const document = sendPolicy(getAtt(queue.logicalId, "Arn"), ruleArn, mapping({ Service: "events.amazonaws.com" }));
  const properties = mapping({ PolicyDocument: document, Queues: [ref(queue.logicalId)] });
  return event.make(`${event.logicalId}QueuePolicy`, "AWS::SQS::QueuePolicy", properties);
}

/** Lets a principal send to a queue on behalf of one source. */
export function sendPolicy(queueArn: unknown, sourceArn: unknown, principal: unknown): Made {
  const statement = mapping({
    Action: "sqs:SendMessage",
    Effect: "Allow",
    Principal: principal,
    Resource: queueArn,
    Condition: mapping({ ArnEquals: mapping({ "aws:SourceArn": sourceArn }) }),
  });
  return mapping({ Version: POLICY_VERSION, Statement: [statement] });
}
