import type { AuthorizationType } from "../../model/rest-api.ts";
import { type AccessRequest, type AccessVerdict, type DecidingStatement, evaluatePolicy } from "./evaluate-policy.ts";
import type { Policy } from "./policy.ts";

/** One side's say: silent is an implicit deny, or no policy at all. */
type Say = "allow" | "silent" | "deny";
type Decision = AccessVerdict["decision"];

/** Rows: what the identity (or the authorizer's answer) says; columns: what the resource policy says. */
type Table = Readonly<Record<Say, Readonly<Record<Say, Decision>>>>;

const DENY_ROW = { allow: "explicit_deny", silent: "explicit_deny", deny: "explicit_deny" } as const;

/**
 * Table A (D): caller and API in one account, and every Lambda authorizer. One Allow is enough, also the resource
 * policy's alone.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
 */
export const SAME_ACCOUNT_TABLE: Table = {
  allow: { allow: "allow", silent: "allow", deny: "explicit_deny" },
  silent: { allow: "allow", silent: "implicit_deny", deny: "explicit_deny" },
  deny: DENY_ROW,
};

/** Table B (D): the caller is of another account. Both sides must allow. */
export const CROSS_ACCOUNT_TABLE: Table = {
  allow: { allow: "allow", silent: "implicit_deny", deny: "explicit_deny" },
  silent: { allow: "implicit_deny", silent: "implicit_deny", deny: "explicit_deny" },
  deny: DENY_ROW,
};

/**
 * Whether a resource policy's Allow for a whole account (`{"AWS": "123456789012"}`) is enough for a caller of that
 * account whose own policies are silent. IAM describes such a grant as delegation to the account, not to each
 * identity (D), API Gateway's table does not speak of it (?): the strict reading.
 */
export const ACCOUNT_PRINCIPAL_ALLOWS_ALONE = false;

/** When both sides deny, which one a refusal names (?). */
export const BOTH_DENY_NAMES: PolicySide = "identity";

export type PolicySide = "identity" | "resource";

/** What the two sides come to. */
export interface CombinedVerdict {
  readonly decision: Decision;
  /** Which side decided, or, for an implicit deny, which side's Allow is missing: refusal texts name it. */
  readonly side: PolicySide;
  /** The statement that decided, on that side. Absent for an implicit deny, and where no policy exists at all. */
  readonly statement?: DecidingStatement;
}

/** An identity's verdict, and whether its permissions boundary or session policies fail to allow, whatever else does. */
export interface IdentitySideVerdict extends AccessVerdict {
  readonly limitedBy?: "boundary" | "session";
}

export interface ResourcePolicySides {
  readonly authorizationType: AuthorizationType;
  /** The verdict of the identity policies, or of the authorizer's answer; absent where the type has none. */
  readonly identity?: IdentitySideVerdict;
  /** The verdict of the API's resource policy; absent when the API has none. */
  readonly resource?: AccessVerdict;
  /** Only for AWS_IAM: the caller's account is not the API's. */
  readonly isCrossAccount?: boolean;
}

/**
 * Phase 1 for Lambda authorizers (D): before the function is called, only an explicit Deny of the resource policy stops
 * the request. Answers that verdict, or undefined to go on.
 */
export function deniesBeforeAuthorizer(resourcePolicy: Policy, request: AccessRequest): AccessVerdict | undefined {
  const verdict = evaluatePolicy([resourcePolicy], request);
  return verdict.decision === "explicit_deny" ? verdict : undefined;
}

/**
 * The decision once authentication is done, by authorization type (D): AWS_IAM and Lambda authorizers combine both sides
 * by table; NONE and Cognito need the resource policy's explicit Allow, if the API has such a policy. JWT as Cognito (?).
 */
export function combineResourcePolicy(sides: ResourcePolicySides): CombinedVerdict {
  const { authorizationType, identity, resource } = sides;
  if (authorizationType === "CUSTOM" || authorizationType === "AWS_IAM") {
    const isCrossAccount = authorizationType === "AWS_IAM" && sides.isCrossAccount === true;
    return combine(isCrossAccount ? CROSS_ACCOUNT_TABLE : SAME_ACCOUNT_TABLE, identity, resource, isCrossAccount);
  }
  if (resource === undefined) return { decision: "allow", side: "resource" };
  return named(resource.decision, "resource", resource);
}

function combine(
  table: Table,
  identity: IdentitySideVerdict | undefined,
  resource: AccessVerdict | undefined,
  isCrossAccount: boolean,
): CombinedVerdict {
  const own = sayOf(identity);
  const theirs = isCrossAccount || canAllowAlone(resource, identity) ? sayOf(resource) : "silent";
  const decision = table[own][theirs];
  const side = sideOf(decision, own, theirs);
  return named(decision, side, side === "identity" ? identity : resource);
}

/**
 * Whether a resource policy's word stands without the identity's own policies, within one account. A grant to a role is
 * limited by a boundary and session policies that do not allow; one to a user or a session is not (D), nor is one to everyone (?).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
 */
function canAllowAlone(resource: AccessVerdict | undefined, identity: IdentitySideVerdict | undefined): boolean {
  if (resource?.decision !== "allow") return true;
  const match = resource.statement?.principalMatch;
  if (match === "account") return ACCOUNT_PRINCIPAL_ALLOWS_ALONE;
  return match !== "role" || identity?.limitedBy === undefined;
}

function sideOf(decision: Decision, own: Say, theirs: Say): PolicySide {
  if (decision === "allow") return own === "allow" ? "identity" : "resource";
  if (decision === "implicit_deny") return own === "silent" ? "identity" : "resource";
  if (own === "deny" && theirs === "deny") return BOTH_DENY_NAMES;
  return own === "deny" ? "identity" : "resource";
}

function named(decision: Decision, side: PolicySide, verdict: AccessVerdict | undefined): CombinedVerdict {
  const statement = decision === "implicit_deny" ? undefined : verdict?.statement;
  return { decision, side, ...(statement === undefined ? {} : { statement }) };
}

function sayOf(verdict: AccessVerdict | undefined): Say {
  if (verdict?.decision === "allow") return "allow";
  return verdict?.decision === "explicit_deny" ? "deny" : "silent";
}
