import type { KeySetFailure } from "../../token/remote-key-set.ts";
import { asEvidence, type Claims, jsonTypeOf, type TokenFailure } from "../../token/token-verdict.ts";
import type { GatewayReason } from "../reasons.ts";
import type { Trace } from "../trace.ts";
import type { CognitoAuthorizer } from "./cognito-authorizer.ts";
import { recordToken, tokenRefused } from "./jwt-refusal.ts";
import { type RefusalWire, RestApiRefusal } from "./refusal.ts";

/*
 * How a Cognito authorizer says no: whatever is wrong with the token, 401 (C), also where only a scope is missing (D:
 * Developer Guide, "Integrate a REST API with an Amazon Cognito user pool"; a JWT authorizer answers 403 there).
 */

const REFUSED = "UNAUTHORIZED";
/** The text for a token that is good but for its age (C: aws-amplify/amplify-js issue 6060); `{}` takes the usual one. */
const EXPIRED: RefusalWire = { message: "The incoming token has expired" };

/** A token that is no good for any of the authorizer's pools, or a pool whose keys cannot be had (AUTHORIZER_FAILURE, D). */
export function poolTokenRefused(failure: TokenFailure | KeySetFailure, token: string, trace: Trace): RestApiRefusal {
  return tokenRefused(failure, token, trace, failure.reason === "token_expired" ? EXPIRED : {});
}

/** The other of a pool's two kinds of tokens, or one that no pool issues. */
export function kindRefused(
  wanted: "id" | "access",
  { token_use: found }: Claims,
  token: string,
  trace: Trace,
): RestApiRefusal {
  const actual = typeof found === "string" ? asEvidence(found) : jsonTypeOf(found);
  const because = wanted === "id" ? "the method names no authorizationScopes" : "the method names authorizationScopes";
  const [reason, kind]: [GatewayReason, string] =
    wanted === "id" ? ["cognito_id_token_wanted", "ID token"] : ["cognito_access_token_wanted", "access token"];
  const message = `token_use is ${typeof found === "string" ? JSON.stringify(actual) : actual}, wanted "${wanted}": ${because}, so it takes an ${kind}`;
  return refused(token, trace, { reason, message, expected: wanted, actual });
}

/** (D) The expression is for `aud`, which access tokens have not. */
export function audienceRefused(
  { validation }: CognitoAuthorizer,
  { aud }: Claims,
  token: string,
  trace: Trace,
): RestApiRefusal {
  const actual = typeof aud === "string" ? asEvidence(aud) : jsonTypeOf(aud);
  const found = typeof aud === "string" ? `token's aud is ${JSON.stringify(actual)}` : `token's aud is ${actual}`;
  const expected = validation?.expression;
  const message = `${found}, identityValidationExpression is ${JSON.stringify(expected)}`;
  return refused(token, trace, { reason: "cognito_validation_failed", message, expected, actual });
}

export function poolScopeMissing(
  expected: readonly string[],
  actual: readonly string[],
  token: string,
  trace: Trace,
): RestApiRefusal {
  const held = actual.length > 0 ? `scopes ${named(actual)}` : "no scopes";
  const message = `token has ${held}, method wants ${expected.length > 1 ? "one of " : ""}${named(expected)}`;
  return refused(token, trace, { reason: "cognito_scope_insufficient", message, expected, actual });
}

function refused(
  token: string,
  trace: Trace,
  evidence: ConstructorParameters<typeof RestApiRefusal>[1],
): RestApiRefusal {
  recordToken(token, trace);
  return new RestApiRefusal(REFUSED, evidence);
}

const MAX_NAMED = 8;

function named(scopes: readonly string[]): string {
  const some = scopes.slice(0, MAX_NAMED).map((scope) => JSON.stringify(asEvidence(scope)));
  return scopes.length > MAX_NAMED ? `${some.join(", ")} and ${scopes.length - MAX_NAMED} more` : some.join(", ");
}
