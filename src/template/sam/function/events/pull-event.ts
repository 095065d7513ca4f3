import { isMapping } from "../../../source-node.ts";
import { isIntrinsic, isTruthy, member } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import {
  ANYTHING,
  BOOLEAN,
  INTEGER,
  LIST,
  MAPPING,
  type PropertyTypes,
  required,
  strict,
  TEXT,
} from "../../property-types.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { addManagedPolicy, addPolicy, publishToTopic, putInBucket, sendToQueue } from "../execution-role.ts";
import { awsPolicyArn } from "../managed-policy-arn.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";
import { pullPolicy } from "./pull-policy.ts";

const COMMON: PropertyTypes = {
  BatchSize: INTEGER,
  StartingPosition: ANYTHING,
  StartingPositionTimestamp: ANYTHING,
  Enabled: BOOLEAN,
  MaximumBatchingWindowInSeconds: INTEGER,
  MaximumRetryAttempts: INTEGER,
  BisectBatchOnFunctionError: BOOLEAN,
  MaximumRecordAgeInSeconds: INTEGER,
  DestinationConfig: MAPPING,
  ParallelizationFactor: INTEGER,
  Topics: LIST,
  Queues: LIST,
  SourceAccessConfigurations: LIST,
  SecretsManagerKmsKeyId: TEXT,
  TumblingWindowInSeconds: INTEGER,
  FunctionResponseTypes: LIST,
  KafkaBootstrapServers: LIST,
  FilterCriteria: MAPPING,
  KmsKeyArn: ANYTHING,
  ConsumerGroupId: TEXT,
  ScalingConfig: MAPPING,
  ProvisionedPollerConfig: MAPPING,
  SchemaRegistryConfig: MAPPING,
  MetricsConfig: MAPPING,
  LoggingConfig: MAPPING,
};

/** Written into the event source mapping as they are. */
const PASSED_ON = [
  "StartingPosition",
  "StartingPositionTimestamp",
  "BatchSize",
  "Enabled",
  "MaximumBatchingWindowInSeconds",
  "MaximumRetryAttempts",
  "BisectBatchOnFunctionError",
  "MaximumRecordAgeInSeconds",
  "ParallelizationFactor",
  "Topics",
  "Queues",
  "SourceAccessConfigurations",
  "TumblingWindowInSeconds",
  "FunctionResponseTypes",
  "FilterCriteria",
  "KmsKeyArn",
  "ScalingConfig",
  "ProvisionedPollerConfig",
  "MetricsConfig",
  "LoggingConfig",
  "DestinationConfig",
];

interface Source {
  readonly properties: PropertyTypes;
  /** The property that names where events are pulled from. */
  readonly arn?: string;
  /** What AWS's own policy for it is called. */
  readonly managedPolicy?: string;
}

const ANY_REQUIRED = required(ANYTHING);
const STREAM: PropertyTypes = { Stream: ANY_REQUIRED, StartingPosition: ANY_REQUIRED };

/** Sources that Lambda polls (D: SAM specification, EventSource). */
const SOURCES: Readonly<Record<string, Source>> = {
  Kinesis: { properties: STREAM, arn: "Stream", managedPolicy: "AWSLambdaKinesisExecutionRole" },
  DynamoDB: { properties: STREAM, arn: "Stream", managedPolicy: "AWSLambdaDynamoDBExecutionRole" },
  MSK: { properties: STREAM, arn: "Stream", managedPolicy: "AWSLambdaMSKExecutionRole" },
  SQS: { properties: { Queue: ANY_REQUIRED }, arn: "Queue", managedPolicy: "AWSLambdaSQSQueueExecutionRole" },
  MQ: { properties: { Broker: ANY_REQUIRED, DynamicPolicyName: strict(BOOLEAN) }, arn: "Broker" },
  SelfManagedKafka: { properties: {} },
  DocumentDB: {
    properties: {
      Cluster: ANY_REQUIRED,
      DatabaseName: ANY_REQUIRED,
      CollectionName: ANYTHING,
      FullDocument: ANYTHING,
    },
    arn: "Cluster",
  },
};

export const PULL_TYPES: readonly string[] = Object.keys(SOURCES);
const FILTERED = "DocumentDB, DynamoDB, Kinesis, MQ, MSK, SelfManagedKafka, SQS";

/** An event source mapping, and what the function's role needs to read from the source. */
export function pullEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  const source = SOURCES[event.type] as Source;
  event.check({ ...COMMON, ...source.properties });
  checkFilter(event);
  const properties = mapping({ FunctionName: target.ref });
  if (source.arn !== undefined) properties.EventSourceArn = event.get(source.arn);
  for (const name of PASSED_ON) properties[name] = event.get(name);
  Object.assign(properties, kafkaProperties(event), documentProperties(event));
  const failurePolicy = failureDestination(event);
  const { role } = target;
  if (source.managedPolicy !== undefined) {
    const arn = awsPolicyArn(`service-role/${source.managedPolicy}`, event.resource.sam.place.partition);
    addManagedPolicy(role, arn);
  }
  const policy = pullPolicy(event);
  if (policy !== undefined) addPolicy(role, policy);
  if (failurePolicy !== undefined) addPolicy(role, failurePolicy);
  return [event.make(event.logicalId, "AWS::Lambda::EventSourceMapping", properties)];
}

function checkFilter(event: SamEvent): void {
  const filter = event.get("FilterCriteria");
  if (!isMapping(filter) || !isTruthy(filter) || isIntrinsic(filter)) return;
  const keys = Object.keys(filter);
  if (keys.length === 1 && keys[0] === "Filters") return;
  const message = "FilterCriteria field has a wrong format";
  throw event.refusal(message, `Write Filters below it; it works for ${FILTERED}.`, "FilterCriteria");
}

function kafkaProperties(event: SamEvent): Made {
  const made = mapping({});
  const servers = event.get("KafkaBootstrapServers");
  if (isTruthy(servers)) {
    made.SelfManagedEventSource = mapping({ Endpoints: mapping({ KafkaBootstrapServers: servers }) });
  }
  const config = mapping({});
  const group = event.get("ConsumerGroupId");
  const registry = event.get("SchemaRegistryConfig");
  if (isTruthy(group)) config.ConsumerGroupId = group;
  if (isTruthy(registry)) config.SchemaRegistryConfig = registry;
  if (event.type === "MSK" && isTruthy(config)) made.AmazonManagedKafkaEventSourceConfig = config;
  else if (event.type === "SelfManagedKafka" && isTruthy(config)) made.SelfManagedKafkaEventSourceConfig = config;
  else if (isTruthy(group)) {
    const message = `Property ConsumerGroupId not defined for resource of type ${event.type}.`;
    throw event.refusal(message, "Remove it.", "ConsumerGroupId", event.logicalId);
  }
  return made;
}

function documentProperties(event: SamEvent): Made {
  if (event.type !== "DocumentDB") return {};
  const config = mapping({ DatabaseName: event.get("DatabaseName") });
  for (const name of ["CollectionName", "FullDocument"]) {
    if (isTruthy(event.get(name))) config[name] = event.get(name);
  }
  return mapping({ DocumentDBEventSourceConfig: config });
}

/** The policy that a destination for failed batches needs; its Type, which is SAM's, is taken away. */
function failureDestination(event: SamEvent): Made | undefined {
  const config = event.get("DestinationConfig");
  if (!isTruthy(config)) return undefined;
  const failure = member(config, "OnFailure");
  if (!isMapping(failure)) {
    const message = "Property 'DestinationConfig.OnFailure' should be a map.";
    throw event.refusal(message, "Write OnFailure: {Type, Destination}.", "DestinationConfig", event.logicalId);
  }
  const type = failure.Type;
  if (!isTruthy(type)) return undefined;
  const arn = failure.Destination ?? null;
  const policies: Readonly<Record<string, (arn: unknown, logicalId: string) => Made>> = {
    SQS: sendToQueue,
    SNS: publishToTopic,
    S3: putInBucket,
  };
  if (type !== "Kafka" && (typeof type !== "string" || !Object.hasOwn(policies, type))) {
    const message = "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'";
    throw event.refusal(message, "Mend the Type.", [failure, "Type"], event.logicalId);
  }
  delete failure.Type;
  return type === "Kafka" ? undefined : policies[type as string]?.(arn, event.logicalId);
}
