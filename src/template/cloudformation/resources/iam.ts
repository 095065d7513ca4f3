import type { Role } from "../../../model/invoke-access.ts";
import { readText } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { createReferenceValues } from "../reference-values.ts";
import type { StackResource } from "../stack.ts";
import { managedPolicyDocument } from "./managed-policies.ts";
import { ResourceProblems, readJsonDocument, readTextList, referenced, type StackContext } from "./stack-context.ts";

/** A policy of this stack and where it is attached. */
interface StackPolicy {
  /** Undefined when it cannot be read. */
  readonly document: unknown;
  /** Role names. */
  readonly roles: ReadonlySet<string>;
  /** Of a managed policy: roles may name it themselves. */
  readonly arn?: string;
}

/** Reads AWS::IAM::Role, Policy, RolePolicy and ManagedPolicy: every role with the policies whose text is known. */
export function readRoles(resources: readonly StackResource[], context: StackContext): Role[] {
  const policies = resources.flatMap((resource) => readPolicy(resource, context) ?? []);
  return resources.flatMap((resource) =>
    resource.type === "AWS::IAM::Role" ? [readRole(resource, policies, context)] : [],
  );
}

function readPolicy(resource: StackResource, context: StackContext): StackPolicy | undefined {
  const { type, properties } = resource;
  const isManaged = type === "AWS::IAM::ManagedPolicy";
  if (!isManaged && type !== "AWS::IAM::Policy" && type !== "AWS::IAM::RolePolicy") return undefined;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  const document = readJsonDocument(properties.get("PolicyDocument"), invalid);
  const names =
    type === "AWS::IAM::RolePolicy"
      ? [readText(properties.get("RoleName"), invalid)]
      : (readTextList(properties.get("Roles"), invalid) ?? []);
  noteProblems(problems, resource, context);
  const roles = new Set(names.filter((name) => name !== undefined));
  return { document, roles, ...(isManaged ? { arn: context.refOf(resource) } : {}) };
}

function readRole(resource: StackResource, policies: readonly StackPolicy[], context: StackContext): Role {
  const { properties, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  const { ref: name, attribute } = createReferenceValues(context.place)(referenced(resource));
  const policyDocuments: unknown[] = [];
  const unknownPolicyArns: string[] = [];
  for (const policy of inlinePolicies(properties.get("Policies"), problems)) {
    policyDocuments.push(readJsonDocument(policy.get("PolicyDocument"), invalid));
  }
  const attached = readTextList(properties.get("ManagedPolicyArns"), invalid) ?? [];
  for (const policy of policies) {
    const isNamed = policy.arn !== undefined && attached.includes(policy.arn);
    if (isNamed || policy.roles.has(name)) policyDocuments.push(policy.document);
  }
  for (const arn of attached) {
    if (policies.some((policy) => policy.arn === arn)) continue;
    const known = managedPolicyDocument(arn);
    if (known === undefined) unknownPolicyArns.push(arn);
    else policyDocuments.push(known);
  }
  if (policyDocuments.includes(undefined)) {
    // It may hold a Deny: without it the others would allow too much.
    const message = `A policy of the role ${name} cannot be read: the role is taken to allow nothing.`;
    problems.add("role-policy-unreadable", undefined, message, "Correct the policy document.");
    policyDocuments.length = 0;
  }
  const boundary = readText(properties.get("PermissionsBoundary"), invalid);
  if (boundary !== undefined) {
    const message = `The role ${name} has a permissions boundary, which is not evaluated: it is taken to allow nothing.`;
    problems.add("role-boundary-unsupported", properties.get("PermissionsBoundary"), message, "Remove it locally.");
    policyDocuments.length = 0;
    unknownPolicyArns.push(boundary);
  }
  const assumeRolePolicyDocument = readJsonDocument(properties.get("AssumeRolePolicyDocument"), invalid);
  if (assumeRolePolicyDocument === undefined) problems.missing("AssumeRolePolicyDocument", "a trust policy");
  noteProblems(problems, resource, context);
  return {
    arn: attribute("Arn") ?? "",
    name,
    assumeRolePolicyDocument,
    policyDocuments,
    unknownPolicyArns,
    at,
  };
}

function inlinePolicies(node: SourceNode | undefined, problems: ResourceProblems): SourceNode[] {
  if (node && !node.isList) problems.invalid(node, show(node.value), "a list");
  return node?.items() ?? [];
}

/** What is wrong here can only take permissions away: the routes that need them answer AWS's 500. */
function noteProblems(problems: ResourceProblems, { logicalId }: StackResource, { report }: StackContext): void {
  for (const problem of problems.all) report.note("warning", problem, logicalId);
}
