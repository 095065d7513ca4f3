import { type Claims, type ClaimsFailure, type ClaimsVerdict, jsonTypeOf, refuse } from "./token-verdict.ts";

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
export function judgeClaims(claims: Claims, options: ClaimsOptions): ClaimsVerdict {
  const { iss, exp, nbf, iat } = claims;
  if (iss === undefined) return refuse("claim_missing", { claim: "iss" });
  if (typeof iss !== "string") return malformed("iss", "string", iss);
  if (!options.issuers.includes(iss)) {
    return refuse("issuer_mismatch", { expected: options.issuers, actual: iss });
  }
  const audience = judgeAudience(claims, options);
  if (audience) return audience;

  if (exp === undefined) return refuse("claim_missing", { claim: "exp" });
  if (!isNumericDate(exp)) return malformed("exp", "number", exp);
  if (nbf !== undefined && !isNumericDate(nbf)) return malformed("nbf", "number", nbf);
  if (iat !== undefined && !isNumericDate(iat)) return malformed("iat", "number", iat);

  // Each test asks whether the time is right, never whether it is wrong: a NaN in the options then refuses.
  const { nowSeconds, leewaySeconds = 0 } = options;
  const late = (reason: "token_expired" | "token_not_yet_valid" | "issued_in_future", actual: number) =>
    refuse(reason, { expected: nowSeconds, actual, leewaySeconds });
  if (!(nowSeconds < exp + leewaySeconds)) return late("token_expired", exp);
  if (nbf !== undefined && !(nbf <= nowSeconds + leewaySeconds)) return late("token_not_yet_valid", nbf);
  if (iat !== undefined && !(iat <= nowSeconds + leewaySeconds)) return late("issued_in_future", iat);
  return { ok: true, claims };
}

function judgeAudience(claims: Claims, options: ClaimsOptions): ClaimsFailure | undefined {
  const { audiences } = options;
  const claim = claims.aud === undefined && options.clientIdAsAudience ? "client_id" : "aud";
  const value = claims[claim];
  if (value === undefined) return refuse("audience_missing", { expected: audiences });
  if (typeof value === "string") {
    return audiences.includes(value)
      ? undefined
      : refuse("audience_mismatch", { claim, expected: audiences, actual: [value] });
  }
  if (claim === "client_id") return malformed(claim, "string", value);
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) {
    return malformed(claim, "string or array of strings", value);
  }
  return value.some((each) => audiences.includes(each))
    ? undefined
    : refuse("audience_mismatch", { claim, expected: audiences, actual: value });
}

function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value); // JSON.parse reads 1e400 as Infinity
}

function malformed(claim: string, expected: string, value: unknown): ClaimsFailure {
  return refuse("claim_malformed", { claim, expected, actual: jsonTypeOf(value) });
}
