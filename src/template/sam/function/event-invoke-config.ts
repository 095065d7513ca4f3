import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import {
  asText,
  branchesOf,
  choose,
  getAtt,
  isIntrinsicIf,
  isNoValue,
  isTruthy,
  member,
  not,
  ref,
} from "../intrinsic.ts";
import { hashedLogicalId } from "../logical-id.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveParameters } from "../parameters.ts";
import { resourceRefusal, type SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { invokeFunction, publishToTopic, putInBucket, putOnBus, sendToQueue } from "./execution-role.ts";
import type { VersionAndAlias } from "./version-and-alias.ts";

export interface EventInvoke {
  readonly resources: readonly MadeResource[];
  /** What the function's role must be allowed for its destinations. */
  readonly policies: readonly Made[];
}

const POLICY_OF_TYPE: Readonly<Record<string, (arn: unknown, logicalId: string) => Made>> = {
  SQS: sendToQueue,
  SNS: publishToTopic,
  EventBridge: putOnBus,
  Lambda: invokeFunction,
  S3Bucket: putInBucket,
};
const TYPE_LIST = `[${Object.keys(POLICY_OF_TYPE)
  .map((name) => `'${name}'`)
  .join(", ")}]`;

/** EventInvokeConfig: retries and destinations of asynchronous calls, with queues and topics that the user left to SAM. */
export function eventInvokeConfig(
  expansion: Expansion,
  resource: SamResource,
  published: VersionAndAlias | undefined,
): EventInvoke {
  const config = resolveParameters(resource.get("EventInvokeConfig"), resource.sam);
  if (!isMapping(config)) {
    const message = "Property 'EventInvokeConfig' should be a map.";
    throw resource.refusal(message, "Write a mapping.", "EventInvokeConfig");
  }
  const logicalId = `${resource.logicalId}EventInvokeConfig`;
  const resources: MadeResource[] = [];
  const policies: Made[] = [];
  const destinations = mapping({});
  const given = member(config, "DestinationConfig");
  for (const name of isTruthy(given) ? ["OnSuccess", "OnFailure"] : []) {
    const path = "EventInvokeConfig.DestinationConfig";
    const each = member(requireMapping(resource, given, path, [config, "DestinationConfig"]), name);
    if (each === undefined) continue;
    const destination = requireMapping(resource, each, `${path}.${name}`, [given as Made, name]);
    const made = expandDestination(expansion, resource, destination, logicalId, name);
    destinations[name] = mapping({ Destination: made.arn });
    resource.sam.origins.set(destinations, name, resource.sam.at(given as Made, name));
    destination.Destination = made.arn;
    if (made.resource) resources.push(made.resource);
    policies.push(made.policy);
  }
  const attributes = resource.attributes();
  delete attributes.DependsOn;
  if (published) attributes.DependsOn = [published.alias.logicalId];
  const properties = mapping({
    FunctionName: ref(resource.logicalId),
    Qualifier: published?.aliasName ?? "$LATEST",
    DestinationConfig: destinations,
    MaximumEventAgeInSeconds: member(config, "MaximumEventAgeInSeconds"),
    MaximumRetryAttempts: member(config, "MaximumRetryAttempts"),
  });
  resources.push(resource.make(logicalId, "AWS::Lambda::EventInvokeConfig", properties, attributes));
  return { resources, policies };
}

interface Destination {
  readonly arn: unknown;
  readonly policy: Made;
  readonly resource?: MadeResource;
}

function expandDestination(
  expansion: Expansion,
  resource: SamResource,
  config: Made,
  configId: string,
  event: string,
): Destination {
  const type = member(config, "Type");
  if (typeof type !== "string" || !Object.hasOwn(POLICY_OF_TYPE, type)) {
    const shown = asText(type);
    throw resource.refusal(`'Type: ${shown}' must be one of ${TYPE_LIST}`, "Mend the destination's Type.", [
      config,
      "Type",
    ]);
  }
  const policyOf = POLICY_OF_TYPE[type] as (arn: unknown, logicalId: string) => Made;
  const given = member(config, "Destination");
  const { condition, arn } = missingWhen(expansion, resource, config, configId);
  const logicalId = configId + event;
  if (given !== undefined && condition === undefined) return { arn: given, policy: policyOf(given, logicalId) };
  if (type !== "SQS" && type !== "SNS") {
    const message = "Destination is required if Type is not ['SQS', 'SNS']";
    throw resource.refusal(message, "Give the destination's ARN.", [config, "Type"]);
  }
  const attributes = resource.passthrough();
  const combined = both(expansion, resource, attributes.Condition, condition);
  if (combined !== undefined) attributes.Condition = combined;
  const made =
    type === "SQS"
      ? resource.make(`${logicalId}Queue`, "AWS::SQS::Queue", mapping({}), attributes)
      : resource.make(`${logicalId}Topic`, "AWS::SNS::Topic", mapping({}), attributes);
  const ownArn = type === "SQS" ? getAtt(made.logicalId, "Arn") : ref(made.logicalId);
  const chosen = condition === undefined ? ownArn : choose(condition, ownArn, arn);
  return { arn: chosen, policy: policyOf(chosen, logicalId), resource: made };
}

/** For a Destination of the form `!If [condition, a, b]` with one branch AWS::NoValue: when it is missing, and the other branch. */
function missingWhen(
  expansion: Expansion,
  resource: SamResource,
  config: Made,
  configId: string,
): { readonly condition?: string; readonly arn?: unknown } {
  const given = config.Destination;
  if (!isIntrinsicIf(given)) return {};
  const [condition, ifTrue, ifFalse] = branchesOf(given) ?? [];
  if (typeof condition !== "string") {
    const message = "Malformed 'Destination' property: Fn::If requires 3 arguments.";
    const at = resource.sam.at(config, "Destination", resource.at);
    throw resourceRefusal(configId, at, message, "Give the condition's name, then two values.");
  }
  if (isNoValue(ifTrue) && !isNoValue(ifFalse)) return { condition, arn: ifFalse };
  if (!isNoValue(ifFalse) || isNoValue(ifTrue)) return {};
  const name = hashedLogicalId(`NOT${condition}`, configId);
  expansion.addCondition(name, not(condition));
  return { condition: name, arn: ifTrue };
}

/** A condition that holds when two do. SAM writes `{Condition: {Condition: …}}` here, which is no condition (C). */
function both(
  expansion: Expansion,
  resource: SamResource,
  one: unknown,
  other: string | undefined,
): string | undefined {
  if (typeof one !== "string") return other;
  if (other === undefined) return one;
  const name = hashedLogicalId(`${one}AND${other}`, resource.logicalId);
  expansion.addCondition(name, mapping({ "Fn::And": [mapping({ Condition: one }), mapping({ Condition: other })] }));
  return name;
}

function requireMapping(
  resource: SamResource,
  value: unknown,
  path: string,
  where: readonly [object, string | number],
): Made {
  if (isMapping(value)) return value;
  throw resource.refusal(`Property '${path}' should be a map.`, "Write a mapping.", where);
}
