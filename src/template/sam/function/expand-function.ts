import { isMapping, show } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import { branchesOf, choose, getAtt, isIntrinsicIf, isNoValue, isTruthy, member, not, ref } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveParameters } from "../parameters.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { propagateTags, resourceTags } from "../tag-list.ts";
import { type EventInvoke, eventInvokeConfig } from "./event-invoke-config.ts";
import { expandEvents } from "./events/expand-events.ts";
import {
  assumableBy,
  type ExecutionRole,
  executionRole,
  finishedRole,
  POLICY_VERSION,
  roleArn,
} from "./execution-role.ts";
import { FUNCTION_PROPERTIES } from "./function-properties.ts";
import { functionUrl } from "./function-url.ts";
import { isTracing, lambdaFunction } from "./lambda-function.ts";
import { awsPolicyArn } from "./managed-policy-arn.ts";
import { expandPolicyTemplates } from "./policy-templates.ts";
import { versionAndAlias } from "./version-and-alias.ts";

/** Expands an AWS::Serverless::Function: the function, its role, version, alias, URL, and what its events need. */
export function expandFunction(expansion: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(expansion.sam, logicalId, body);
  expandPolicyTemplates(resource);
  resource.check(FUNCTION_PROPERTIES);
  checkTogether(resource);
  checkDeadLetterQueue(resource);
  checkTenancy(resource);
  const lambda = lambdaFunction(resource);
  const made: MadeResource[] = [lambda];

  if (isTruthy(resource.get("ProvisionedConcurrencyConfig")) && !isTruthy(resource.get("AutoPublishAlias"))) {
    const message = "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function";
    throw resource.refusal(message, "Add AutoPublishAlias.", "ProvisionedConcurrencyConfig");
  }
  const published = isTruthy(resource.get("AutoPublishAlias")) ? versionAndAlias(resource, lambda) : undefined;
  if (published) made.push(published.version, published.alias);
  const target = ref(published?.alias.logicalId ?? logicalId);
  if (isTruthy(resource.get("FunctionUrlConfig"))) made.push(...functionUrl(resource, target));
  if (isTruthy(resource.get("DeploymentPreference"))) {
    const updatePolicy = expansion.deployments.add(resource);
    if (updatePolicy && published) published.alias.attributes.UpdatePolicy = updatePolicy;
  }
  let invoke: EventInvoke = { resources: [], policies: [] };
  if (isTruthy(resource.get("EventInvokeConfig"))) {
    invoke = eventInvokeConfig(expansion, resource, published);
    made.push(...invoke.resources);
  }

  const role = functionRole(resource, invoke);
  const isOwnRole = linkRole(expansion, resource, lambda, role);
  const arn = published ? target : getAtt(logicalId, "Arn");
  made.push(
    ...expandEvents(resource, {
      functionId: logicalId,
      targetId: published?.alias.logicalId ?? logicalId,
      ref: target,
      arn,
      role,
    }),
  );
  if (isOwnRole) made.push(finishedRole(role));
  propagateTags(resource, made);
  return made;
}

/** Properties that need or exclude each other. */
function checkTogether(resource: SamResource): void {
  const has = (name: string) => resource.get(name) !== undefined;
  const wrong: string[] = [];
  let property: string | undefined;
  for (const other of ["ProvisionedConcurrencyConfig", "VpcConfig"]) {
    if (!has("CapacityProviderConfig") || !has(other)) continue;
    wrong.push(`Cannot specify 'CapacityProviderConfig' and '${other}' together.`);
    property ??= other;
  }
  for (const [one, other] of [
    ["FunctionScalingConfig", "CapacityProviderConfig"],
    ["VersionDeletionPolicy", "AutoPublishAlias"],
  ] as const) {
    if (!has(one) || has(other)) continue;
    wrong.push(`'${one}' requires '${other}'.`);
    property ??= one;
  }
  if (wrong.length > 0) throw resource.refusal(wrong.join("\n"), "Keep the properties that belong together.", property);
}

const QUEUE_ACTIONS: Readonly<Record<string, string>> = { SQS: "sqs:SendMessage", SNS: "sns:Publish" };

function checkDeadLetterQueue(resource: SamResource): void {
  const queue = resource.get("DeadLetterQueue");
  if (!isTruthy(queue)) return;
  const type = member(queue, "Type");
  if (!isTruthy(type) || !isTruthy(member(queue, "TargetArn"))) {
    const message = "'DeadLetterQueue' requires Type and TargetArn properties to be specified.";
    throw resource.refusal(message, "Give both.", "DeadLetterQueue");
  }
  if (typeof type !== "string" || !Object.hasOwn(QUEUE_ACTIONS, type)) {
    const message =
      typeof type === "string"
        ? "'DeadLetterQueue' requires Type of ['SQS', 'SNS']"
        : "Property 'DeadLetterQueue.Type' should be a string.";
    throw resource.refusal(message, "Write SQS or SNS.", [queue as Made, "Type"]);
  }
}

/** Tenant isolation leaves out much of what a function can have. */
function checkTenancy(resource: SamResource): void {
  if (!isTruthy(resource.get("TenancyConfig"))) return;
  const excluded = {
    ProvisionedConcurrencyConfig: "Provisioned concurrency is",
    FunctionUrlConfig: "Function URL is",
    SnapStart: "SnapStart is",
  };
  for (const [name, words] of Object.entries(excluded)) {
    if (!isTruthy(resource.get(name))) continue;
    const message = `${words} not supported for functions enabled with tenancy configuration.`;
    throw resource.refusal(message, `Remove ${name}, or TenancyConfig.`, name);
  }
  const events = resource.get("Events");
  for (const [name, event] of isMapping(events) ? Object.entries(events) : []) {
    const type = member(event, "Type");
    if (type === "Api" || type === "HttpApi") continue;
    const message = `Event source '${show(type).replaceAll('"', "")}' is not supported for functions enabled with tenancy configuration. Only Api and HttpApi event sources are supported.`;
    throw resource.refusal(message, `Remove the event ${name}, or TenancyConfig.`, [events as Made, name]);
  }
}

function functionRole(resource: SamResource, invoke: EventInvoke): ExecutionRole {
  const { partition } = resource.sam.place;
  const basic = isTruthy(resource.get("DurableConfig")) ? "BasicDurableExecutionRolePolicy" : "BasicExecutionRole";
  const managed = [`service-role/AWSLambda${basic}`];
  if (isTracing(resource)) managed.push(partition === "aws" ? "AWSXrayWriteOnlyAccess" : "AWSXRayDaemonWriteAccess");
  if (isTruthy(resource.get("VpcConfig"))) managed.push("service-role/AWSLambdaVPCAccessExecutionRole");
  const queue = resource.get("DeadLetterQueue");
  return executionRole(resource, {
    assumedBy: resource.get("AssumeRolePolicyDocument") ?? assumableBy("lambda.amazonaws.com"),
    managedPolicyArns: managed.map((name) => awsPolicyArn(name, partition)),
    policies: [...(isTruthy(queue) ? [deadLetterPolicy(queue as Made)] : []), ...invoke.policies],
    tags: resourceTags(resource),
  });
}

function deadLetterPolicy(queue: Made): Made {
  const action = QUEUE_ACTIONS[queue.Type as string];
  const statement = mapping({ Action: action, Resource: queue.TargetArn, Effect: "Allow" });
  return mapping({
    PolicyName: "DeadLetterQueuePolicy",
    PolicyDocument: mapping({ Version: POLICY_VERSION, Statement: [statement] }),
  });
}

/** Gives the function its role: whether the made one is needed. A Role of the form `!If […]` may need it under a condition. */
function linkRole(expansion: Expansion, resource: SamResource, lambda: MadeResource, role: ExecutionRole): boolean {
  const given = lambda.properties.Role;
  if (given === undefined) {
    lambda.properties.Role = roleArn(role);
    return true;
  }
  if (!isIntrinsicIf(given)) return false;
  const resolved = resolveParameters(given, resource.sam);
  const [condition, ifTrue, ifFalse] = (isIntrinsicIf(resolved) && branchesOf(resolved)) || [];
  if (typeof condition !== "string") {
    const message = "Malformed 'Role' property: Fn::If requires 3 arguments.";
    throw resource.refusal(message, "Give the condition's name, then two roles.", "Role");
  }
  if (isNoValue(ifTrue) && isNoValue(ifFalse)) {
    lambda.properties.Role = roleArn(role);
    return true;
  }
  if (isNoValue(ifTrue)) {
    lambda.properties.Role = choose(condition, roleArn(role), ifFalse);
    role.attributes.Condition = condition;
    return true;
  }
  if (!isNoValue(ifFalse)) return false;
  lambda.properties.Role = choose(condition, ifTrue, roleArn(role));
  const opposite = `NOT${condition}`;
  role.attributes.Condition = opposite;
  expansion.addCondition(opposite, not(condition));
  return true;
}
