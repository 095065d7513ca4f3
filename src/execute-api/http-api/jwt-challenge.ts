import type { KeySetFailure } from "../../token/remote-key-set.ts";
import type { TokenFailure } from "../../token/token-verdict.ts";

/** `www-authenticate` where there is no token, whatever the route's scopes (R; ? with scopes). */
export const BARE_CHALLENGE = "Bearer";
/** `$context.authorizer.error` where there is no token (R). */
export const MISSING_TOKEN_ERROR = "missing: token not provided";

export type JwtError = "invalid_token" | "insufficient_scope";

/**
 * `Bearer scope="…" error="…" error_description="…"`, parts divided by single blanks (R, D). The scope is taken to be the
 * route's; that it is filled at all is recorded (R), from what and how several are joined is (?).
 * conformance/http-api/jwt
 */
export function challenge(routeScopes: readonly string[], error: JwtError, description: string): string {
  return `Bearer scope="${routeScopes.join(" ")}" error="${error}" error_description="${description}"`;
}

/** `$context.authorizer.error` (R). */
export function authorizerError(error: JwtError, description: string): string {
  return `${error}: ${description}`;
}

/** 403 for a token without a needed scope; neither the header nor its text has been captured (?). */
export const INSUFFICIENT_SCOPE = "the token does not have the required scopes";

const INVALID_SEGMENTS = "token contains an invalid number of segments"; // (R)
const DISCOVERY_ERROR = "OIDC discovery endpoint communication error"; // (R)
const JWKS_ERROR = "JWKS communication error"; // (R)
/** Where the parsing library would speak: what it says of such input, byte positions apart (?). */
const NOT_BASE64 = "illegal base64 data at input byte 0";
const NOT_JSON = "invalid character looking for beginning of value";
const SECOND_BEARER = "tokenstring should not contain 'bearer '";
/** Invented; nobody has captured it (?). */
const NO_KEY = "unable to find a key for the token";
const BAD_SIGNATURE = "crypto/rsa: verification error";
const AUDIENCE = "the token does not have a valid audience"; // (D, R)
const EXPIRED = "the token has expired"; // (R)
const ISSUER = "the issuer of the token does not match the configured issuer";
const NOT_YET = "the token is not valid yet";
const IN_FUTURE = "the token was issued in the future";

type Described = TokenFailure | KeySetFailure;

/**
 * `error_description` by reason. (R): not_a_jwt, audience_*, algorithm_not_allowed, token_expired, the three of the
 * issuer's documents. Everything else is unverified (?), worded as the library behind would say it.
 */
const DESCRIPTIONS: Readonly<Record<Described["reason"], string | ((failure: Described) => string)>> = {
  token_too_large: INVALID_SEGMENTS,
  not_a_jwt: INVALID_SEGMENTS,
  jwe_token: INVALID_SEGMENTS,
  malformed_encoding: NOT_BASE64,
  malformed_json: NOT_JSON,
  duplicate_member: NOT_JSON,
  algorithm_not_allowed: (failure) => `signing method ${"actual" in failure ? String(failure.actual) : ""} is invalid`,
  crit_unsupported: NO_KEY,
  kid_missing: NO_KEY,
  kid_malformed: NO_KEY,
  key_not_found: NO_KEY,
  key_unsuitable: NO_KEY,
  bad_signature: BAD_SIGNATURE,
  claim_missing: byClaim,
  claim_malformed: byClaim,
  issuer_mismatch: ISSUER,
  audience_missing: AUDIENCE,
  audience_mismatch: AUDIENCE,
  token_expired: EXPIRED,
  token_not_yet_valid: NOT_YET,
  issued_in_future: IN_FUTURE,
  discovery_unreachable: DISCOVERY_ERROR,
  discovery_malformed: DISCOVERY_ERROR,
  issuer_mismatch_discovery: "the issuer in the OIDC discovery endpoint metadata does not match the configured issuer", // (R)
  jwks_unreachable: JWKS_ERROR,
  jwks_malformed: JWKS_ERROR,
  redirect_refused: byDocument,
  url_refused: byDocument,
};

/** Which of the issuer's two documents was not fetched from where it was said to be. */
function byDocument(failure: Described): string {
  const isDiscovery = "url" in failure && failure.url.endsWith("/.well-known/openid-configuration");
  return isDiscovery ? DISCOVERY_ERROR : JWKS_ERROR;
}

/** A claim that is absent or of another type is taken for one whose value is wrong. */
function byClaim(failure: Described): string {
  const texts: Readonly<Record<string, string>> = { iss: ISSUER, exp: EXPIRED, nbf: NOT_YET, iat: IN_FUTURE };
  return ("claim" in failure ? texts[failure.claim] : undefined) ?? AUDIENCE;
}

/** What the challenge says of a refused token. A claim of it is never quoted, a header value only as the algorithm. */
export function describeForClient(failure: Described, token: string): string {
  if (failure.reason === "malformed_encoding" && /^bearer /i.test(token)) return SECOND_BEARER;
  const known = DESCRIPTIONS[failure.reason];
  // The algorithm is the caller's text: nothing of it may end the quoted string.
  return (typeof known === "string" ? known : known(failure)).replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "");
}
