import { DENY_EVERYTHING } from "../../../aws/iam/compile-identity.ts";
import type { SourcePosition } from "../../../model/finding.ts";
import type { PolicyAttachment } from "../../../model/iam.ts";
import { readText } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { holdsUnresolved } from "../rest-api/holds-unresolved.ts";
import type { StackResource } from "../stack.ts";
import { managedPolicyDocument } from "./managed-policies.ts";
import {
  ResourceProblems,
  readJsonDocument,
  readTextList,
  refuseUnknownKeys,
  type StackContext,
} from "./stack-context.ts";

/** What policies are attached to. */
export type PolicyHolder = PolicyAttachment["holder"];

/** What a user, group or role is given, as far as it can be read. */
export interface GrantedPolicies {
  readonly documents: readonly unknown[];
  /** Of attached policies whose text is not known here; what that means for their owner is decided when it is compiled. */
  readonly unknownPolicyArns: readonly string[];
  /** False when there may be more, perhaps a Deny. */
  readonly isWhole: boolean;
}

/** A policy of this stack and where it is attached. */
interface StackPolicy {
  /** Undefined when it cannot be read. */
  readonly document: unknown;
  readonly targets: Readonly<Record<PolicyHolder, ReadonlySet<string>>>;
  /** It is attached to something that could not be read. */
  readonly mayBeAttachedToAny: boolean;
  readonly logicalId: string;
  readonly at: SourcePosition;
  /** Of a managed policy: users, groups and roles may name it themselves. */
  readonly arn?: string;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Where each type of policy names what it is attached to: a list of names, or one name. */
const POLICY_TYPES: Readonly<Record<string, Readonly<Partial<Record<PolicyHolder, string>>>>> = {
  "AWS::IAM::Policy": { User: "Users", Group: "Groups", Role: "Roles" },
  "AWS::IAM::ManagedPolicy": { User: "Users", Group: "Groups", Role: "Roles" },
  "AWS::IAM::UserPolicy": { User: "UserName" },
  "AWS::IAM::GroupPolicy": { Group: "GroupName" },
  "AWS::IAM::RolePolicy": { Role: "RoleName" },
};
const COMMON_KEYS = ["PolicyDocument", "PolicyName"];
const MANAGED_KEYS = ["Description", "ManagedPolicyName", "Path", "PolicyDocument"];

/** The policies of a stack: AWS::IAM::Policy, ManagedPolicy, UserPolicy, GroupPolicy and RolePolicy. */
export class StackPolicies {
  readonly #policies: readonly StackPolicy[];
  /** What is attached to someone who is not in this template. */
  readonly attachments: readonly PolicyAttachment[];

  constructor(resources: readonly StackResource[], context: StackContext) {
    const holders: Record<PolicyHolder, ReadonlySet<string>> = {
      User: namesOf("User", resources, context),
      Group: namesOf("Group", resources, context),
      Role: namesOf("Role", resources, context),
    };
    this.#policies = resources.flatMap((resource) => readPolicy(resource, context) ?? []);
    this.attachments = this.#policies.flatMap((policy) => attachmentsOf(policy, holders));
  }

  /** The managed policies by ARN; undefined for one that cannot be read. */
  byArn(): ReadonlyMap<string, unknown> {
    return new Map(this.#policies.flatMap(({ arn, document }) => (arn === undefined ? [] : [[arn, document]])));
  }

  /** Those of a user, group or role: its own `Policies` and `ManagedPolicyArns`, and the policies that name it. */
  grantedTo(holder: PolicyHolder, name: string, properties: SourceNode, problems: ResourceProblems): GrantedPolicies {
    const documents = inlineDocuments(properties.get("Policies"), problems);
    const unknownPolicyArns: string[] = [];
    const attached = readTextList(properties.get("ManagedPolicyArns"), problems.invalid) ?? [];
    let isWhole = true;
    for (const policy of this.#policies) {
      const isNamed = policy.arn !== undefined && attached.includes(policy.arn);
      if (isNamed || policy.targets[holder].has(name)) documents.push(policy.document);
      else if (policy.mayBeAttachedToAny && mayDeny(policy.document)) isWhole = false;
    }
    for (const arn of attached) {
      if (this.#policies.some((policy) => policy.arn === arn)) continue;
      const known = managedPolicyDocument(arn);
      if (known !== undefined) documents.push(known);
      else unknownPolicyArns.push(arn);
    }
    isWhole &&= !documents.includes(undefined);
    return { documents: documents.filter((each) => each !== undefined), unknownPolicyArns, isWhole };
  }

  /** The document of a permissions boundary; one that is not known lets nothing through. */
  boundary(node: SourceNode | undefined, name: string, problems: ResourceProblems): unknown {
    if (node === undefined) return undefined;
    const arn = readText(node, problems.invalid);
    if (arn === undefined) return DENY_EVERYTHING;
    const own = this.#policies.find((policy) => policy.arn === arn);
    const document = own ? own.document : managedPolicyDocument(arn);
    if (document !== undefined) return document;
    const message = `The permissions boundary of ${name} is ${arn}, whose text is not known here.`;
    problems.add(
      "permissions-boundary-unknown",
      node,
      message,
      "Declare it as AWS::IAM::ManagedPolicy in this template.",
    );
    return DENY_EVERYTHING;
  }
}

function namesOf(
  holder: PolicyHolder,
  resources: readonly StackResource[],
  { refOf }: StackContext,
): ReadonlySet<string> {
  return new Set(resources.filter(({ type }) => type === `AWS::IAM::${holder}`).map(refOf));
}

function attachmentsOf(
  { targets, document, mayBeAttachedToAny, logicalId, at }: StackPolicy,
  inTemplate: Readonly<Record<PolicyHolder, ReadonlySet<string>>>,
): readonly PolicyAttachment[] {
  const policyDocuments = [document ?? DENY_EVERYTHING];
  const attached = (Object.keys(targets) as PolicyHolder[]).flatMap((holder) => {
    const others = [...targets[holder]].filter((name) => !inTemplate[holder].has(name));
    return others.map((name) => ({ holder, name, policyDocuments, unknownPolicyArns: [], logicalId, at }));
  });
  if (!mayBeAttachedToAny || !mayDeny(document)) return attached;
  const toAny = { policyDocuments: [DENY_EVERYTHING], unknownPolicyArns: [], logicalId, at };
  return [...attached, { holder: "User", ...toAny }, { holder: "Role", ...toAny }];
}

function readPolicy(resource: StackResource, context: StackContext): StackPolicy | undefined {
  const { type, properties, logicalId, at } = resource;
  const attachedBy = Object.hasOwn(POLICY_TYPES, type) ? POLICY_TYPES[type] : undefined;
  if (attachedBy === undefined) return undefined;
  const problems = new ResourceProblems(resource);
  const isManaged = type === "AWS::IAM::ManagedPolicy";
  refuseUnknownKeys(properties, [...(isManaged ? MANAGED_KEYS : COMMON_KEYS), ...Object.values(attachedBy)], problems);
  const names = (holder: PolicyHolder): ReadonlySet<string> => {
    const property = attachedBy[holder];
    if (property === undefined) return NO_NAMES;
    const node = properties.get(property);
    if (!property.endsWith("Name")) return new Set(readTextList(node, problems.invalid));
    if (node === undefined) problems.missing(property, "a name");
    const name = readText(node, problems.invalid);
    return name === undefined ? NO_NAMES : new Set([name]);
  };
  const targets = { User: names("User"), Group: names("Group"), Role: names("Role") };
  const mayBeAttachedToAny = problems.all.length > 0;
  const document = readPolicyDocument(properties, problems);
  for (const problem of problems.all) context.report.note("warning", problem, logicalId);
  const arn = isManaged ? { arn: context.refOf(resource) } : {};
  return { document, targets, mayBeAttachedToAny, logicalId, at, ...arn };
}

function inlineDocuments(node: SourceNode | undefined, problems: ResourceProblems): unknown[] {
  if (node && !node.isList) problems.invalid(node, show(node.value), "a list");
  return (node?.items() ?? []).map((item) => {
    if (!item.isMapping) problems.invalid(item, show(item.value), "a mapping");
    refuseUnknownKeys(item, COMMON_KEYS, problems);
    return readPolicyDocument(item, problems);
  });
}

function readPolicyDocument(owner: SourceNode, problems: ResourceProblems): unknown {
  const node = owner.get("PolicyDocument");
  if (node === undefined) problems.missing("PolicyDocument", "a policy");
  const document = readJsonDocument(node, problems.invalid);
  if (!holdsUnresolved(document)) return document;
  const message = `A policy of ${problems.logicalId} holds a value that is not known here.`;
  problems.add("policy-unresolved", node, message, "Write the value itself.");
  return undefined;
}

/** Whether leaving a policy out may let more through. */
function mayDeny(document: unknown): boolean {
  if (typeof document !== "object" || document === null || !("Statement" in document)) return true;
  const { Statement } = document;
  const statements: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  return !statements.every((each) => (each as { Effect?: unknown } | null)?.Effect === "Allow");
}
