import { isString } from "./json.ts";
import {
  asEvidence,
  type Claims,
  type ClaimsFailure,
  type ClaimsVerdict,
  jsonTypeOf,
  mismatch,
  refuse,
} from "./token-verdict.ts";

/** What the registered claims of a token are held against. Every comparison of strings is exact, byte for byte. */
export interface ClaimsOptions {
  /** `iss` must equal one of these, trailing slash included. An empty list matches nothing. */
  readonly issuers: readonly string[];
  /** `aud` (a string, or one item of a list) must equal one of these. An empty list matches nothing. */
  readonly audiences: readonly string[];
  /**
   * Look at `client_id` where, and only where, `aud` is absent: Cognito access tokens have no `aud`.
   * (D) HTTP API developer guide, JWT authorizers. Default false.
   */
  readonly clientIdAsAudience?: boolean;
  /** Tolerance for `exp`, `nbf` and `iat`, in seconds. Default 0: AWS documents none (?). */
  readonly leewaySeconds?: number;
  /** The judge's clock: seconds since 1970, fractions allowed. */
  readonly nowSeconds: number;
}

/**
 * Judges the claims of a token whose signature is already known to be good: `iss`, `aud`, `exp`, `nbf`, `iat`, in this
 * order. `iss` and `exp` are required. A caller that remembers signatures calls this again for every request.
 *
 *     judgeClaims(claims, { issuers: ["https://t.example/"], audiences: ["https://pets"], nowSeconds: Date.now() / 1000 })
 */
export const judgeClaims = (claims: Claims, options: ClaimsOptions): ClaimsVerdict =>
  options.issuers.includes(claims.iss as string)
    ? (judgeAudience(claims, options) ?? judgeDates(claims, options) ?? { ok: true, claims })
    : refuseIssuer(claims, options);

/** Why `iss` is none of the issuers; also for a token whose issuer's keys nobody has, so nothing in it is proven. */
export const refuseIssuer = ({ iss }: Claims, { issuers }: Pick<ClaimsOptions, "issuers">): ClaimsFailure =>
  isString(iss) ? mismatch("issuer_mismatch", issuers, asEvidence(iss)) : mistyped("iss", "string", iss);

function judgeAudience(claims: Claims, { audiences, clientIdAsAudience }: ClaimsOptions): ClaimsFailure | undefined {
  const claim = claims.aud === undefined && clientIdAsAudience ? "client_id" : "aud";
  const value = claims[claim];
  const isList = claim === "aud" && Array.isArray(value);
  const actual: readonly unknown[] = isList ? value : [value];
  if (value === undefined) return refuse("audience_missing", { expected: audiences });
  if (!actual.every(isString)) return mistyped(claim, claim === "aud" ? "string or array of strings" : "string", value);
  return actual.some((each) => audiences.includes(each))
    ? undefined
    : mismatch("audience_mismatch", audiences, actual, { claim });
}

const DATES = [
  ["exp", "token_expired"],
  ["nbf", "token_not_yet_valid"],
  ["iat", "issued_in_future"],
] as const;

function judgeDates(claims: Claims, { nowSeconds, leewaySeconds = 0 }: ClaimsOptions): ClaimsFailure | undefined {
  for (const [claim, reason] of DATES) {
    const actual = claims[claim] as number; // or anything else; JSON.parse reads 1e400 as Infinity
    if (actual === undefined && claim !== "exp") continue;
    if (!Number.isFinite(actual)) return mistyped(claim, "finite number", actual);
    // Asks whether the time is right, never whether it is wrong: a NaN in the options then refuses.
    const isRight = claim === "exp" ? nowSeconds < actual + leewaySeconds : actual <= nowSeconds + leewaySeconds;
    if (!isRight) return mismatch(reason, nowSeconds, actual, { leewaySeconds });
  }
  return undefined;
}

const mistyped = (claim: string, expected: string, value: unknown): ClaimsFailure =>
  value === undefined
    ? refuse("claim_missing", { claim })
    : mismatch("claim_malformed", expected, jsonTypeOf(value), { claim });
