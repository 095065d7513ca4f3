import { isMapping } from "../../../source-node.ts";
import { getAtt, isTruthy, member, ref, referencedId } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { resolveParameters } from "../../parameters.ts";
import { ANYTHING, BOOLEAN_OR_MAPPING, MAPPING, required, TEXT } from "../../property-types.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { addManagedPolicy } from "../execution-role.ts";
import { awsPolicyArn } from "../managed-policy-arn.ts";
import { sendPolicy } from "./dead-letter-queue.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";
import { eventPermission } from "./permission.ts";

const DEFAULT_BATCH_SIZE = 10;

/** SNS: a subscription, straight or by way of a queue. */
export function topicEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check({
    Topic: required(TEXT),
    Region: TEXT,
    FilterPolicy: ANYTHING,
    FilterPolicyScope: ANYTHING,
    SqsSubscription: BOOLEAN_OR_MAPPING,
    RedrivePolicy: MAPPING,
  });
  const topic = event.get("Topic");
  const bySqs = event.get("SqsSubscription");
  if (!isTruthy(bySqs)) {
    const permission = eventPermission(event, target, "sns.amazonaws.com", { SourceArn: topic });
    return [permission, subscription(event, "lambda", target.arn)];
  }
  if (!isMapping(bySqs)) {
    const queue = event.make(`${event.logicalId}Queue`, "AWS::SQS::Queue", mapping({}));
    const fifo = fifoTopic(event, topic);
    if (isTruthy(fifo)) queue.properties.FifoQueue = fifo;
    const arn = getAtt(queue.logicalId, "Arn");
    return [queue, ...queueResources(event, target, arn, ref(queue.logicalId))];
  }
  const arn = member(bySqs, "QueueArn");
  const url = member(bySqs, "QueueUrl");
  if (!isTruthy(arn) || !isTruthy(url)) {
    throw event.refusal("No QueueARN or QueueURL provided.", "Give QueueArn and QueueUrl.", "SqsSubscription");
  }
  return queueResources(event, target, arn, url, bySqs);
}

function subscription(event: SamEvent, protocol: string, endpoint: unknown): MadeResource {
  const properties = mapping({
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn: event.get("Topic"),
    Region: event.get("Region"),
    FilterPolicy: event.get("FilterPolicy"),
    FilterPolicyScope: event.get("FilterPolicyScope"),
    RedrivePolicy: event.get("RedrivePolicy"),
  });
  return event.make(event.logicalId, "AWS::SNS::Subscription", properties);
}

/** What carries messages from the topic over a queue to the function. */
function queueResources(
  event: SamEvent,
  target: FunctionTarget,
  queueArn: unknown,
  queueUrl: unknown,
  config: Made = mapping({}),
): MadeResource[] {
  addManagedPolicy(
    target.role,
    awsPolicyArn("service-role/AWSLambdaSQSQueueExecutionRole", event.resource.sam.place.partition),
  );
  const { logicalId } = event;
  const batchSize = member(config, "BatchSize");
  const mappingProperties = mapping({
    BatchSize: isTruthy(batchSize) ? batchSize : DEFAULT_BATCH_SIZE,
    Enabled: true,
    EventSourceArn: queueArn,
    FunctionName: target.ref,
  });
  const policyId = member(config, "QueuePolicyLogicalId");
  if (policyId !== undefined && typeof policyId !== "string") {
    const where: [object, string] = [config, "QueuePolicyLogicalId"];
    throw event.refusal("QueuePolicyLogicalId must be a string", "Write the policy's logical id.", where);
  }
  const policyProperties = mapping({
    PolicyDocument: sendPolicy(queueArn, event.get("Topic"), "*"),
    Queues: [queueUrl],
  });
  return [
    event.make(`${logicalId}EventSourceMapping`, "AWS::Lambda::EventSourceMapping", mappingProperties),
    event.make(policyId || `${logicalId}QueuePolicy`, "AWS::SQS::QueuePolicy", policyProperties),
    subscription(event, "sqs", queueArn),
  ];
}

function fifoTopic(event: SamEvent, topic: unknown): unknown {
  const id = referencedId(topic);
  const { sam } = event.resource;
  const properties = id === undefined ? undefined : member(sam.resource(id), "Properties");
  return resolveParameters(member(properties, "FifoTopic") ?? false, sam);
}
