import type { Finding } from "../../model/finding.ts";
import type { Authorizer, JwtIssuer } from "../../model/rest-api.ts";
import { decodeJwt } from "../../token/decode-jwt.ts";
import { judgeClaims, refuseIssuer } from "../../token/judge-claims.ts";
import type { JwsAlgorithm } from "../../token/jws-algorithm.ts";
import type { KeySet } from "../../token/key-set.ts";
import { readRememberedHeader } from "../../token/remember-headers.ts";
import { matchScopes } from "../../token/scopes.ts";
import type { Claims } from "../../token/token-verdict.ts";
import type { VerifyOptions } from "../../token/verify-jwt.ts";
import { type RemoteTokenVerdict, verifyDecodedWithRemoteKeys } from "../../token/verify-with-remote-keys.ts";
import { parseIdentitySources } from "../authorizers/identity-source.ts";
import { RememberedTokens, type VerifiedToken } from "../authorizers/remembered-tokens.ts";
import { summarizeToken } from "../authorizers/summarize-token.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { judgeRequiredClaims } from "./judge-required-claims.ts";
import { claimJson } from "./jwt-claims.ts";
import { claimNotAccepted, scopeInsufficient, tokenMissing, tokenRefused } from "./jwt-refusal.ts";
import type { Caller, RestRequest } from "./request.ts";

/** A JWT authorizer of a deployment. */
export interface JwtAuthorizer {
  readonly type: "JWT";
  readonly id: string;
  readonly name: string;
  /** By `iss`, byte for byte (D). */
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  /** As configured, e.g. `method.request.header.Authorization`. */
  readonly expression: string;
  readonly lowerCaseHeader: string;
}

interface TrustedIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly JwsAlgorithm[];
  readonly requiredClaims: JwtIssuer["requiredClaims"];
}

/** Those of an issuer that names none (?): what every verifier of AWS's takes. PS and ES only where they are listed. */
const DEFAULT_ALGORITHMS = ["RS256", "RS384", "RS512"] as const;
/** None is documented (?). */
const LEEWAY_SECONDS = 0;
/** `client_id` only where `aud` is absent, as HTTP APIs do it (?): access tokens of Cognito, which AWS names as an issuer (D). */
const CLIENT_ID_AS_AUDIENCE = true;
/** The scheme may be there or not, in any casing (?). */
const SCHEME = /^bearer(?: +|$)/i;

export function compileJwtAuthorizer(authorizer: Authorizer): JwtAuthorizer | Finding {
  const { id, name, identitySource, jwtConfiguration, at } = authorizer;
  const invalid = (message: string, fix: string): Finding => ({
    rule: "authorizer-invalid",
    severity: "error",
    effect: "route",
    message: `JWT authorizer "${name}": ${message}`,
    fix,
    at,
    logicalId: name,
  });
  const parsed = parseIdentitySources(identitySource);
  const [source, ...more] = parsed.ok ? parsed.sources : [];
  if (source?.kind !== "header" || more.length > 0) {
    return invalid(
      `it reads exactly one header, identitySource is ${JSON.stringify(identitySource)}.`,
      "Write method.request.header.NAME.",
    );
  }
  const issuers = new Map<string, TrustedIssuer>();
  for (const { issuer, audience, algorithms = DEFAULT_ALGORITHMS, requiredClaims } of jwtConfiguration?.issuers ?? []) {
    if (issuers.has(issuer)) return invalid(`it names the issuer ${issuer} twice.`, "Name it once.");
    if (audience.length === 0) {
      return invalid(`the issuer ${issuer} has no audience, and would match no token.`, "Name the API's audience.");
    }
    issuers.set(issuer, { issuer, audiences: audience, algorithms, requiredClaims });
  }
  if (issuers.size === 0) return invalid("it has no issuer.", "Name the iss of the tokens, byte for byte.");
  const { expression } = source;
  return { type: "JWT", id, name, issuers, expression, lowerCaseHeader: source.name.toLowerCase() };
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
  const { id, name, issuers, lowerCaseHeader } = authorizer;
  trace.authorization = { type: "JWT", authorizerId: id, authorizerName: name };
  // A repeated header is one value with commas, and so no token.
  const values = request.headers.all(lowerCaseHeader);
  const sent = values.length === 0 ? undefined : values.join(",");
  const token = sent?.replace(SCHEME, "");
  if (token === undefined || token === "") throw tokenMissing(authorizer, sent);

  const known = rememberedTokens.find(token);
  const knownIssuer = known && issuers.get(known.claims.iss as string);
  if (known !== undefined && knownIssuer !== undefined && isStillGood(known, knownIssuer, ports)) {
    const judged = judgeClaims(known.claims, optionsOf(knownIssuer, ports));
    if (!judged.ok) throw tokenRefused(judged, token, trace);
    return grant(known, knownIssuer, methodScopes, trace);
  }
  const decoded = decodeJwt(token, readRememberedHeader);
  if (!decoded.ok) throw tokenRefused(decoded, token, trace);
  // Only which keys are asked for: nothing in the token is believed before one of them has verified it.
  const issuer = issuers.get(decoded.claims.iss as string);
  if (issuer === undefined) {
    throw tokenRefused(refuseIssuer(decoded.claims, { issuers: [...issuers.keys()] }), token, trace);
  }
  const finish = (verdict: RemoteTokenVerdict, keys?: KeySet): Caller => {
    if (!verdict.ok) throw tokenRefused(verdict, token, trace);
    const algorithm = verdict.header.alg as JwsAlgorithm; // it was compared with the list
    const record = { type: "JWT", token: summarizeToken(token, verdict), decision: "allow" } as const;
    const verified = rememberedTokens.add({ token, byKid: keys?.byKid, claims: verdict.claims, algorithm, record });
    return grant(verified, issuer, methodScopes, trace);
  };
  const remote = ports.issuerKeys.of(issuer.issuer);
  const keys = remote.current();
  const verdict = verifyDecodedWithRemoteKeys(decoded, remote, optionsOf(issuer, ports));
  // After a fetch it is not said which keys verified the token, so nothing is remembered of it.
  return verdict instanceof Promise ? verdict.then((fetched) => finish(fetched)) : finish(verdict, keys);
}

function optionsOf(
  { issuer, audiences, algorithms }: TrustedIssuer,
  ports: Pick<Ports, "now">,
): Omit<VerifyOptions, "keys"> {
  return {
    issuers: [issuer],
    audiences,
    algorithms,
    clientIdAsAudience: CLIENT_ID_AS_AUDIENCE,
    leewaySeconds: LEEWAY_SECONDS,
    nowSeconds: ports.now() / 1000,
  };
}

/** Under the keys that the issuer has now, and the algorithms that this authorizer takes: another's may be more. */
function isStillGood(known: VerifiedHere, issuer: TrustedIssuer, ports: Pick<Ports, "issuerKeys">): boolean {
  const keys = ports.issuerKeys.of(issuer.issuer).current();
  return keys !== undefined && known.byKid === keys.byKid && issuer.algorithms.includes(known.algorithm);
}

function grant(verified: VerifiedHere, issuer: TrustedIssuer, methodScopes: readonly string[], trace: Trace): Caller {
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

/** What is worked out from a verified token once. */
interface VerifiedHere extends VerifiedToken {
  /** Authorizers that trust one issuer may take different ones of it. */
  readonly algorithm: JwsAlgorithm;
  readonly record: NonNullable<Trace["authorization"]>;
  caller?: Caller;
}

const rememberedTokens = new RememberedTokens<VerifiedHere>();
