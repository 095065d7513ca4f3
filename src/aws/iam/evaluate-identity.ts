import { type AccessRequest, type AccessVerdict, evaluatePolicy } from "../policy/evaluate-policy.ts";
import type { CompiledIdentityPolicies } from "./identity.ts";

/** Which of an identity's policies decided. */
export type IdentityPolicySide = "identity" | "boundary" | "session";

export interface IdentityVerdict extends AccessVerdict {
  /** Whose statement decided, or, for an implicit deny, whose Allow is missing. */
  readonly by: IdentityPolicySide;
  /** A boundary or session policies that do not allow: a resource policy's grant to the role is not enough then (D). */
  readonly limitedBy?: "boundary" | "session";
  /** For an implicit deny of the identity's side: attached policies that may have allowed, had their text been known. */
  readonly unknownPolicyArns?: readonly string[];
}

/**
 * What an identity's own policies say of a request: they, its permissions boundary and its session policies each have to
 * allow, and a Deny in any of them denies (D). Several session policies are one set: any of them may allow (D).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 *
 * @example evaluateIdentity(identity.policies, { action: "execute-api:Invoke", resource: methodArn }).decision
 */
export function evaluateIdentity(policies: CompiledIdentityPolicies, request: AccessRequest): IdentityVerdict {
  const { identity, boundary, session, unknownPolicyArns } = policies;
  const own = evaluatePolicy(identity, request);
  if (own.decision === "explicit_deny") return { ...own, by: "identity" };
  const bounded = boundary && evaluatePolicy([boundary], request);
  if (bounded?.decision === "explicit_deny") return { ...bounded, by: "boundary" };
  const inSession = session && evaluatePolicy(session, request);
  if (inSession?.decision === "explicit_deny") return { ...inSession, by: "session" };

  const isBounded = bounded !== undefined && bounded.decision !== "allow";
  const isLimited = isBounded || (inSession !== undefined && inSession.decision !== "allow");
  const limitedBy = isBounded ? "boundary" : "session";
  if (own.decision !== "allow") {
    return {
      ...own,
      by: "identity",
      ...(isLimited && { limitedBy }),
      ...(unknownPolicyArns.length > 0 && { unknownPolicyArns }),
    };
  }
  if (!isLimited) return { ...own, by: "identity" };
  return { ...((isBounded ? bounded : inSession) as AccessVerdict), by: limitedBy, limitedBy };
}
