import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { IdentityPolicies, Organization, Role, User } from "../../model/iam.ts";
import { parseArn } from "../arn.ts";
import type { ConditionValue } from "../policy/evaluate-policy.ts";
import { formatPolicyProblem, parsePolicy } from "../policy/parse-policy.ts";
import type { Policy } from "../policy/policy.ts";
import type { SigningCredential } from "../sigv4/signature-verdict.ts";
import type { CompiledIdentityPolicies, Identity } from "./identity.ts";

/** Policies ready to be evaluated, and what in them was not understood. */
export interface PoliciesVerdict {
  readonly policies: CompiledIdentityPolicies;
  readonly findings: readonly Finding[];
}

/** What a session adds to its role. */
export interface RoleSessionTerms {
  readonly sessionName: string;
  /** Epoch milliseconds: `aws:TokenIssueTime`. */
  readonly issuedAtMs: number;
  /** Documents that limit the session further; one that is not understood denies everything. */
  readonly sessionPolicies?: readonly unknown[];
  /** Over the role's own. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Stands where a policy was not understood: it may have held a Deny. Refusals name the Sid. */
export const DENY_EVERYTHING = {
  Version: "2012-10-17",
  Statement: [{ Sid: "PolicyNotUnderstood", Effect: "Deny", Action: "*", Resource: "*" }],
} as const;

const AWS_MANAGED = /^arn:[a-z-]+:iam::aws:policy\//;
const AWS_MANAGED_DENY = /Deny|Quarantine/i;

/**
 * Whether an attached policy whose text is not known may refuse what others allow. AWS's own managed policies grant; those
 * that deny say so in their name, e.g. AWSDenyAll (D).
 */
export function mayDeny(policyArn: string): boolean {
  return !AWS_MANAGED.test(policyArn) || AWS_MANAGED_DENY.test(policyArn);
}

/**
 * Compiles what decides what a user or a role may do. Fail closed: a document that is not understood may have held a Deny,
 * so it becomes one of everything, which no other policy can outweigh, and a finding. The same for an attached policy of an
 * account whose text is not known; one of AWS's own allows nothing and is named in refusals.
 */
export function compileIdentityPolicies(owner: IdentityPolicies & Owner): PoliciesVerdict {
  const findings: Finding[] = [];
  const compile = (document: unknown, what: string): Policy => {
    const parsed = parsePolicy(document, "identity");
    if (parsed.ok) return parsed.policy;
    findings.push(notUnderstood(owner, `${what} of ${owner.name}`, formatPolicyProblem(parsed)));
    return denyEverything();
  };
  const identity = owner.policyDocuments.map((document, index) => compile(document, `policy ${index + 1}`));
  for (const arn of owner.unknownPolicyArns) {
    if (!mayDeny(arn)) continue;
    findings.push(unknownPolicy(owner, arn));
    identity.push(denyEverything());
  }
  const { permissionsBoundary, unknownPolicyArns } = owner;
  const boundary = permissionsBoundary === undefined ? undefined : compile(permissionsBoundary, "permissions boundary");
  return { policies: { identity, unknownPolicyArns, ...(boundary && { boundary }) }, findings };
}

/** @example compileUser(user, compileIdentityPolicies(user).policies, { accessKeyId, secretAccessKey }) */
export function compileUser(
  user: User,
  policies: CompiledIdentityPolicies,
  { accessKeyId, secretAccessKey }: SigningCredential,
): Identity {
  const { arn, name, userId, tags, organization } = user;
  const accountId = accountOf(arn);
  return {
    credential: { accessKeyId, secretAccessKey },
    principal: { type: "aws", arn, accountId, uniqueId: userId, isBounded: policies.boundary !== undefined },
    accountId,
    arn,
    userId,
    ...(organization && { principalOrgId: organization.id }),
    policies,
    // aws:MultiFactorAuthPresent does not exist in requests with a user's own keys (D).
    conditionKeys: {
      ...principalKeys(accountId, arn, organization, tags),
      "aws:PrincipalType": "User",
      "aws:userid": userId,
      "aws:username": name,
    },
  };
}

/** An assumed-role session; its role's policies are compiled once for all of its sessions. */
export function compileRoleSession(
  role: Role,
  policies: CompiledIdentityPolicies,
  credential: SigningCredential,
  terms: RoleSessionTerms,
): Identity {
  const { arn: roleArn, roleId, organization } = role;
  const accountId = accountOf(roleArn);
  const arn = assumedRoleArn(role, terms.sessionName);
  const userId = `${roleId}:${terms.sessionName}`;
  return {
    credential,
    principal: { type: "aws", arn, accountId, roleArn, uniqueId: roleId, isBounded: policies.boundary !== undefined },
    accountId,
    arn,
    userId,
    ...(organization && { principalOrgId: organization.id }),
    policies: { ...policies, ...(terms.sessionPolicies && { session: terms.sessionPolicies.map(compileOrDeny) }) },
    conditionKeys: {
      ...principalKeys(accountId, roleArn, organization, { ...role.tags, ...terms.tags }),
      "aws:PrincipalType": "AssumedRole",
      "aws:userid": userId,
      "aws:TokenIssueTime": new Date(terms.issuedAtMs).toISOString(),
      // Present in every request with temporary credentials (D). Nobody here has a second factor, so
      // aws:MultiFactorAuthAge does not exist.
      "aws:MultiFactorAuthPresent": false,
    },
  };

  function compileOrDeny(document: unknown): Policy {
    const parsed = parsePolicy(document, "identity");
    return parsed.ok ? parsed.policy : denyEverything();
  }
}

/** `arn:aws:sts::…:assumed-role/Role/session`: without the role's path (D). */
export function assumedRoleArn({ arn, name }: Pick<Role, "arn" | "name">, sessionName: string): string {
  const { partition = "aws", accountId = "" } = parseArn(arn) ?? {};
  return `arn:${partition}:sts::${accountId}:assumed-role/${name}/${sessionName}`;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties */
function principalKeys(
  accountId: string,
  arn: string,
  organization: Organization | undefined,
  tags: Readonly<Record<string, string>>,
): Readonly<Record<string, ConditionValue | readonly ConditionValue[]>> {
  const keys: Record<string, ConditionValue | readonly ConditionValue[]> = {
    "aws:PrincipalArn": arn,
    "aws:PrincipalAccount": accountId,
  };
  for (const [name, value] of Object.entries(tags)) keys[`aws:PrincipalTag/${name}`] = value;
  if (organization) keys["aws:PrincipalOrgID"] = organization.id;
  if (organization?.path !== undefined) keys["aws:PrincipalOrgPaths"] = [organization.path];
  return keys;
}

interface Owner {
  readonly name: string;
  readonly at: SourcePosition;
}

function denyEverything(): Policy {
  const parsed = parsePolicy(DENY_EVERYTHING, "identity");
  if (!parsed.ok) throw new Error("the policy that denies everything is not one");
  return parsed.policy;
}

function notUnderstood({ at, name }: Owner, what: string, problem: string): Finding {
  return {
    rule: "identity-policy-invalid",
    severity: "error",
    effect: "none",
    message: `The ${what} is not understood (${problem}): ${name} may do nothing.`,
    fix: "Correct the policy document.",
    at,
  };
}

function unknownPolicy({ at, name }: Owner, arn: string): Finding {
  return {
    rule: "identity-policy-unknown",
    severity: "error",
    effect: "none",
    message: `The policy ${arn} of ${name} is not known here and may deny: ${name} may do nothing.`,
    fix: "Describe the policy in the template or in iam.yaml, or detach it.",
    at,
  };
}

function accountOf(arn: string): string {
  return parseArn(arn)?.accountId ?? "";
}
