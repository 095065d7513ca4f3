import { isMapping } from "../../source-node.ts";
import { branchesOf, getAtt, isIntrinsicIf, isNoValue, isSame, join } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { managedPolicyArn } from "./managed-policy-arn.ts";
import { kindOfPolicy, policiesOf } from "./policies.ts";

export const POLICY_VERSION = "2012-10-17";

/** A role while events still add to what it may do. */
export interface ExecutionRole extends MadeResource {
  readonly managedPolicyArns: unknown[];
  readonly policies: unknown[];
}

export interface RoleParts {
  readonly assumedBy: unknown;
  readonly managedPolicyArns: readonly unknown[];
  /** Policies that SAM makes itself: they come first. */
  readonly policies: readonly unknown[];
  readonly tags: readonly Made[] | undefined;
}

/** The role that a function or state machine runs as: `<logical id>Role`, with its Policies. */
export function executionRole(resource: SamResource, parts: RoleParts): ExecutionRole {
  const roleId = `${resource.logicalId}Role`;
  const managedPolicyArns = [...parts.managedPolicyArns];
  const policies = [...parts.policies];
  const given = resource.get("Policies");
  policiesOf(given).forEach((policy, index) => {
    const where: [object, string | number] = Array.isArray(given) ? [given, index] : [resource.properties, "Policies"];
    const at = resource.sam.at(where[0], where[1], resource.at);
    const kind = kindOfPolicy(policy, resource, where);
    const named = (document: unknown) => mapping({ PolicyName: `${roleId}Policy${index}`, PolicyDocument: document });
    if (kind === "document") {
      resource.sam.origins.set(policies, policies.length, at);
      policies.push(isIntrinsicIf(policy) ? mapBranches(policy, named) : named(policy));
    } else if (kind === "managed") {
      const arnOf = (value: unknown) =>
        typeof value === "string" ? managedPolicyArn(value, resource.sam.place) : value;
      const arn = isIntrinsicIf(policy) ? mapBranches(policy, arnOf) : arnOf(policy);
      if (managedPolicyArns.some((each) => isSame(each, arn))) return;
      resource.sam.origins.set(managedPolicyArns, managedPolicyArns.length, at);
      managedPolicyArns.push(arn);
    } else {
      const message = `Policy at index ${index} in the 'Policies' property is not valid`;
      const fix = "Write a policy document, a managed policy's name or ARN, or a SAM policy template.";
      throw resource.refusal(message, fix, where);
    }
  });
  const properties = mapping({
    AssumeRolePolicyDocument: parts.assumedBy,
    ManagedPolicyArns: managedPolicyArns,
    Path: resource.get("RolePath"),
    Policies: policies,
    PermissionsBoundary: resource.get("PermissionsBoundary"),
    Tags: parts.tags,
  });
  const role = { ...resource.make(roleId, "AWS::IAM::Role", properties), managedPolicyArns, policies };
  resource.cameFrom(role, "ManagedPolicyArns", "Policies");
  resource.cameFrom(role, "Policies", "Policies");
  return role;
}

/** The role as a resource, once nothing is added any more. */
export function finishedRole(role: ExecutionRole): MadeResource {
  if (role.policies.length === 0) delete role.properties.Policies;
  return role;
}

function mapBranches(policy: { "Fn::If": unknown }, change: (value: unknown) => unknown): Made {
  const [condition, ...branches] = branchesOf(policy) as [unknown, unknown, unknown];
  return mapping({ "Fn::If": [condition, ...branches.map((each) => (isNoValue(each) ? each : change(each)))] });
}

export function assumableBy(service: string): Made {
  return mapping({
    Version: POLICY_VERSION,
    Statement: [mapping({ Action: ["sts:AssumeRole"], Effect: "Allow", Principal: mapping({ Service: [service] }) })],
  });
}

/** Adds a policy unless the role has one of the same document already. */
export function addPolicy(role: ExecutionRole, policy: Made): void {
  const document = policy.PolicyDocument;
  const has = role.policies.some(
    (each) => isSame(each, policy) || (isMapping(each) && isSame(each.PolicyDocument, document)),
  );
  if (!has) role.policies.push(policy);
}

export function addManagedPolicy(role: ExecutionRole, arn: string): void {
  if (!role.managedPolicyArns.includes(arn)) role.managedPolicyArns.push(arn);
}

/** Inline policies of one statement each, as SAM names and writes them. */
function named(name: string, ...statements: readonly Made[]): Made {
  return mapping({ PolicyName: name, PolicyDocument: mapping({ Statement: statements }) });
}

function allowed(action: string, resource: unknown): Made {
  return mapping({ Action: action, Effect: "Allow", Resource: resource });
}

export function sendToQueue(queueArn: unknown, logicalId: string): Made {
  return named(`${logicalId}SQSPolicy`, allowed("sqs:SendMessage", queueArn));
}

export function publishToTopic(topicArn: unknown, logicalId: string): Made {
  return named(`${logicalId}SNSPolicy`, allowed("sns:publish", topicArn));
}

export function putInBucket(bucketArn: unknown, logicalId: string): Made {
  const objects = join("/", [bucketArn, "*"]);
  return named(`${logicalId}S3Policy`, allowed("s3:PutObject", objects), allowed("s3:ListBucket", bucketArn));
}

export function putOnBus(busArn: unknown, logicalId: string): Made {
  return named(`${logicalId}EventBridgePolicy`, allowed("events:PutEvents", busArn));
}

export function invokeFunction(functionArn: unknown, logicalId: string): Made {
  return named(`${logicalId}LambdaPolicy`, allowed("lambda:InvokeFunction", functionArn));
}

export function startExecution(stateMachineArn: unknown, logicalId: string): Made {
  return named(`${logicalId}StartExecutionPolicy`, allowed("states:StartExecution", stateMachineArn));
}

export function roleArn(role: MadeResource): Made {
  return getAtt(role.logicalId, "Arn");
}
