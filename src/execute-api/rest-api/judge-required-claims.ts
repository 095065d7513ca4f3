import type { RequiredClaim } from "../../model/rest-api.ts";
import type { Claims } from "../../token/token-verdict.ts";

/** A claim of a token that is not what an authorizer asks for. */
export interface RequiredClaimFailure {
  readonly claim: string;
  /** Absent where any value would do. */
  readonly expected?: NonNullable<RequiredClaim["values"]>;
  /** Undefined when the token lacks the claim. */
  readonly actual: unknown;
}

/**
 * The first of the required claims that a token does not satisfy; undefined when it satisfies all. A claim that is null
 * is absent. A list satisfies with one of its items. Compared without conversion: `"1"` is not `1`. All of it is (?).
 * conformance/rest-api/jwt/claim-rules
 */
export function judgeRequiredClaims(
  claims: Claims,
  required: readonly RequiredClaim[],
): RequiredClaimFailure | undefined {
  for (const { claim, values } of required) {
    const actual = (Object.hasOwn(claims, claim) ? claims[claim] : undefined) ?? undefined;
    const accepted: readonly unknown[] | undefined = values;
    const found: readonly unknown[] = Array.isArray(actual) ? actual : [actual];
    const holds = accepted === undefined ? actual !== undefined : found.some((each) => accepted.includes(each));
    if (!holds) return { claim, ...(values && { expected: values }), actual };
  }
  return undefined;
}
