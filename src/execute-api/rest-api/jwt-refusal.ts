import { describeTokenVerdict, type ScopeFailure, TOKEN_REASONS } from "../../token/reasons.ts";
import type { KeySetFailure } from "../../token/remote-key-set.ts";
import { jsonTypeOf, type TokenFailure } from "../../token/token-verdict.ts";
import { summarizeToken } from "../authorizers/summarize-token.ts";
import { RECORDED_CLAIMS } from "../decision-record.ts";
import type { Trace } from "../trace.ts";
import { SCOPE_REFUSAL_MESSAGE } from "./gateway-response.ts";
import type { RequiredClaimFailure } from "./judge-required-claims.ts";
import type { JwtAuthorizer } from "./jwt-authorizer.ts";
import { type RefusalWire, RestApiRefusal } from "./refusal.ts";

/*
 * How a JWT authorizer of a REST API says no. That a token without the method's scopes is answered 403 is documented (D:
 * rest-api-jwt-authorizer-methods), all other answers are (?): as REST APIs answer where other authorizers refuse, and
 * without a challenge, which they have nowhere.
 */

/** A token that is missing, or no good for any issuer of the authorizer. */
const REFUSED = "UNAUTHORIZED";
/** The issuer's discovery document or keys cannot be had, and none are at hand: the caller's token is not at fault. */
const ISSUER_AT_FAULT = "AUTHORIZER_FAILURE";
/** A good token without any of the method's scopes. */
const SCOPE_MISSING = "ACCESS_DENIED";

/** `check` says more than the reason's own. */
export function tokenMissing(
  { expression, name }: Pick<JwtAuthorizer, "expression" | "name">,
  actual: string,
  check?: string,
): RestApiRefusal {
  const message = `${expression} is ${actual}, authorizer "${name}" needs a token in it`;
  const expected = expression;
  return new RestApiRefusal(REFUSED, { reason: "jwt_missing", message, ...(check && { check }), expected, actual });
}

export function tokenRefused(
  failure: TokenFailure | KeySetFailure,
  token: string,
  trace: Trace,
  wire: RefusalWire = {},
): RestApiRefusal {
  recordToken(token, trace);
  const { expected, actual } = failure as { readonly expected?: unknown; readonly actual?: unknown };
  // Failures of the issuer name the address that was asked, those of a token cannot.
  const evidence = {
    reason: failure.reason,
    message: describeTokenVerdict(failure),
    check: TOKEN_REASONS[failure.reason].check,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  };
  return new RestApiRefusal("url" in failure ? ISSUER_AT_FAULT : REFUSED, evidence, wire);
}

export function claimNotAccepted(failure: RequiredClaimFailure, token: string, trace: Trace): RestApiRefusal {
  recordToken(token, trace);
  const { claim, expected } = failure;
  const name = JSON.stringify(claim);
  const actual = recordable(failure);
  const wanted = expected === undefined ? "any value" : expected.map((each) => JSON.stringify(each)).join(" or ");
  const found = failure.actual === undefined ? `token has no ${name}` : `token's ${name} is ${actual}`;
  return new RestApiRefusal(REFUSED, {
    reason: "jwt_claim_refused",
    message: `${found}, authorizer wants ${wanted}`,
    expected: expected ?? "any value",
    actual,
  });
}

/** Records keep the values of few claims: of others only what they are. */
function recordable({ claim, actual }: RequiredClaimFailure): string {
  const text = JSON.stringify(actual);
  if (text === undefined || (RECORDED_CLAIMS.includes(claim) && text.length <= MAX_RECORDED_CHARACTERS)) {
    return text ?? "missing";
  }
  return `another ${jsonTypeOf(actual)}`;
}

const MAX_RECORDED_CHARACTERS = 256;

export function scopeInsufficient(failure: ScopeFailure, token: string, trace: Trace): RestApiRefusal {
  recordToken(token, trace);
  return new RestApiRefusal(
    SCOPE_MISSING,
    {
      reason: failure.reason,
      message: describeTokenVerdict(failure),
      check: TOKEN_REASONS[failure.reason].check,
      expected: failure.expected,
      actual: failure.actual,
    },
    { message: SCOPE_REFUSAL_MESSAGE },
  );
}

export function recordToken(token: string, trace: Trace): void {
  if (trace.authorization) trace.authorization = { ...trace.authorization, token: summarizeToken(token) };
}
