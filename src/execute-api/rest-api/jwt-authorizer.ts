import type { Finding } from "../../model/finding.ts";
import type { Authorizer, JwtIssuer } from "../../model/rest-api.ts";
import { matchScopes } from "../../token/scopes.ts";
import type { Claims } from "../../token/token-verdict.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { compileTokenHeader, readHeaderToken, sayInvalid, type TokenHeader } from "./header-token.ts";
import { type IssuerToken, IssuerTokens, type TrustedIssuer } from "./issuer-tokens.ts";
import { judgeRequiredClaims } from "./judge-required-claims.ts";
import { claimJson } from "./jwt-claims.ts";
import { claimNotAccepted, scopeInsufficient, tokenMissing, tokenRefused } from "./jwt-refusal.ts";
import type { Caller, RestRequest } from "./request.ts";

/** A JWT authorizer of a deployment. */
export interface JwtAuthorizer extends TokenHeader {
  readonly type: "JWT";
  readonly id: string;
  readonly name: string;
  /** By `iss`, byte for byte (D). */
  readonly issuers: ReadonlyMap<string, JwtTrust>;
}

interface JwtTrust extends TrustedIssuer {
  readonly audiences: readonly string[];
  readonly requiredClaims: JwtIssuer["requiredClaims"];
}

/** Those of an issuer that names none (?): what every verifier of AWS's takes. PS and ES only where they are listed. */
const DEFAULT_ALGORITHMS = ["RS256", "RS384", "RS512"] as const;
/** None is documented (?). */
const LEEWAY_SECONDS = 0;
/** `client_id` only where `aud` is absent, as HTTP APIs do it (?): access tokens of Cognito, which AWS names as an issuer (D). */
const CLIENT_ID_AS_AUDIENCE = true;

export function compileJwtAuthorizer(authorizer: Authorizer): JwtAuthorizer | Finding {
  const { id, name, jwtConfiguration } = authorizer;
  const invalid = sayInvalid("JWT", authorizer);
  const header = compileTokenHeader(authorizer, invalid);
  if ("rule" in header) return header;
  const issuers = new Map<string, JwtTrust>();
  for (const { issuer, audience, algorithms = DEFAULT_ALGORITHMS, requiredClaims } of jwtConfiguration?.issuers ?? []) {
    if (issuers.has(issuer)) return invalid(`it names the issuer ${issuer} twice.`, "Name it once.");
    if (audience.length === 0) {
      return invalid(`the issuer ${issuer} has no audience, and would match no token.`, "Name the API's audience.");
    }
    issuers.set(issuer, { issuer, audiences: audience, algorithms, requiredClaims });
  }
  if (issuers.size === 0) return invalid("it has no issuer.", "Name the iss of the tokens, byte for byte.");
  return { type: "JWT", id, name, issuers, ...header };
}

/**
 * Verifies the request's token with the keys and rules of the one issuer that its `iss` names: algorithm, signature,
 * audience, dates, required claims, and any one of the method's scopes (D). No decision is kept; a signature that was
 * good is remembered for as long as the keys are the same. Without a promise when keys are at hand.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-jwt-authorizer.html
 * conformance/rest-api/jwt
 */
export function authorizeWithJwt(
  authorizer: JwtAuthorizer,
  methodScopes: readonly string[],
  request: RestRequest,
  ports: Pick<Ports, "issuerKeys" | "now">,
  trace: Trace,
): Caller | Promise<Caller> {
  const { id, name, issuers } = authorizer;
  trace.authorization = { type: "JWT", authorizerId: id, authorizerName: name };
  const read = readHeaderToken(authorizer, request);
  if (!read.ok) throw tokenMissing(authorizer, read.actual);
  return TOKENS.authorize(
    read.token,
    issuers,
    (verified, issuer) => grant(verified, issuer, methodScopes, trace),
    ports,
    trace,
  );
}

const TOKENS = new IssuerTokens<JwtTrust>({
  type: "JWT",
  optionsOf: ({ issuer, audiences, algorithms }, _, nowSeconds) => ({
    issuers: [issuer],
    audiences,
    algorithms,
    clientIdAsAudience: CLIENT_ID_AS_AUDIENCE,
    leewaySeconds: LEEWAY_SECONDS,
    nowSeconds,
  }),
  refuse: tokenRefused,
});

function grant(verified: IssuerToken, issuer: JwtTrust, methodScopes: readonly string[], trace: Trace): Caller {
  const { claims, token } = verified;
  if (issuer.requiredClaims.length > 0) {
    const failure = judgeRequiredClaims(claims, issuer.requiredClaims);
    if (failure !== undefined) throw claimNotAccepted(failure, token, trace);
  }
  if (methodScopes.length > 0) {
    const scopes = matchScopes(claims, { anyOf: methodScopes });
    if (!scopes.ok) throw scopeInsufficient(scopes, token, trace);
  }
  trace.authorization = { ...verified.record, ...trace.authorization };
  verified.caller ??= callerOf(claims);
  return verified.caller;
}

/** (D) A Lambda proxy integration receives each claim in its JSON type; where in the event is (?), as with Cognito. */
function callerOf(claims: Claims): Caller {
  return Object.freeze({ authorizer: { claims: claimJson(claims) }, eventAuthorizer: { claims } });
}
