import type { Finding } from "../../model/finding.ts";
import type { Authorizer } from "../../model/http-api.ts";
import { decodeJwt } from "../../token/decode-jwt.ts";
import { judgeClaims } from "../../token/judge-claims.ts";
import type { KeySet } from "../../token/key-set.ts";
import { describeTokenVerdict, TOKEN_REASONS } from "../../token/reasons.ts";
import { readRememberedHeader } from "../../token/remember-headers.ts";
import type { KeySetFailure } from "../../token/remote-key-set.ts";
import { matchScopes, scopesOf } from "../../token/scopes.ts";
import type { TokenFailure } from "../../token/token-verdict.ts";
import { type RemoteTokenVerdict, verifyDecodedWithRemoteKeys } from "../../token/verify-with-remote-keys.ts";
import { RememberedTokens, type VerifiedToken } from "../authorizers/remembered-tokens.ts";
import { summarizeToken, type TokenContent } from "../authorizers/summarize-token.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { type HttpIdentitySource, parseHttpIdentitySource } from "./identity-source.ts";
import {
  authorizerError,
  BARE_CHALLENGE,
  challenge,
  describeForClient,
  INSUFFICIENT_SCOPE,
  MISSING_TOKEN_ERROR,
} from "./jwt-challenge.ts";
import { claimTexts } from "./jwt-claims.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { Caller, HttpApiRequest } from "./request.ts";

/** A JWT authorizer of a deployment. */
export interface JwtAuthorizer {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly source: HttpIdentitySource;
}

export type JwtAuthorizerVerdict =
  | { readonly ok: true; readonly authorizer: JwtAuthorizer }
  | { readonly ok: false; readonly finding: Finding };

/** RSA only (D; R: ES256 refused). PS256 and its like are taken to be refused, too (?). */
const ALGORITHMS = ["RS256", "RS384", "RS512"] as const;
/** None is documented (?). */
const LEEWAY_SECONDS = 0;

export function compileJwtAuthorizer(authorizer: Authorizer): JwtAuthorizerVerdict {
  const { authorizerId: id, name, identitySource, jwtConfiguration, at } = authorizer;
  const invalid = (message: string, fix: string): JwtAuthorizerVerdict => ({
    ok: false,
    finding: {
      rule: "authorizer-invalid",
      severity: "error",
      effect: "route",
      message: `JWT authorizer ${name}: ${message}`,
      fix,
      at,
      logicalId: name,
    },
  });
  const [expression, ...more] = identitySource;
  const source = expression === undefined ? undefined : parseHttpIdentitySource(expression);
  if (more.length > 0 || (source?.kind !== "header" && source?.kind !== "querystring")) {
    return invalid(
      `identitySource is ${JSON.stringify(identitySource)}, wanted exactly one header or query parameter.`,
      "Write $request.header.Authorization.",
    );
  }
  if (jwtConfiguration === undefined || jwtConfiguration.issuer === "") {
    return invalid("it has no issuer.", "Set JwtConfiguration.Issuer to the iss of the tokens, byte for byte.");
  }
  // Whether AWS takes an empty list is open (?); it would match nothing.
  if (jwtConfiguration.audience.length === 0) {
    return invalid("it has no audience, and would match no token.", "Name the API's audience.");
  }
  const { issuer, audience: audiences } = jwtConfiguration;
  return { ok: true, authorizer: { id, name, issuer, audiences, source } };
}

/**
 * Verifies the request's token as AWS does: RSA signature by a key of the issuer's discovery document, `iss`, `aud` (then
 * `client_id` only where `aud` is absent), `exp`, `nbf`, `iat`, and any one of the route's scopes (D). No decision is kept;
 * a signature that was good is remembered for as long as the keys are the same. Without a promise when keys are at hand.
 * conformance/http-api/jwt
 */
export function authorizeWithJwt(
  authorizer: JwtAuthorizer,
  routeScopes: readonly string[],
  request: HttpApiRequest,
  ports: Pick<Ports, "issuerKeys" | "now">,
  trace: Trace,
): Caller | Promise<Caller> {
  const { id, name, issuer, audiences, source } = authorizer;
  trace.authorization = { type: "JWT", authorizerId: id, authorizerName: name };
  const sent = sentValue(request, source);
  const token = sent?.replace(/^bearer(?: +|$)/i, "");
  if (token === undefined || token === "") throw missing(authorizer, sent);
  const remote = ports.issuerKeys.of(issuer);
  const options = {
    issuers: [issuer],
    audiences,
    algorithms: ALGORITHMS,
    clientIdAsAudience: true,
    leewaySeconds: LEEWAY_SECONDS,
    nowSeconds: ports.now() / 1000,
  };
  const keys = remote.current();
  const known = keys && rememberedTokens.find(token);
  if (known !== undefined && known.byKid === keys?.byKid) {
    const judged = judgeClaims(known.claims, options);
    return judged.ok ? grant(known, routeScopes, trace) : refuseToken(judged, token, undefined, routeScopes, trace);
  }
  const decoded = decodeJwt(token, readRememberedHeader);
  if (!decoded.ok) return refuseToken(decoded, token, undefined, routeScopes, trace);
  const finish = (verdict: RemoteTokenVerdict, keys?: KeySet): Caller => {
    if (!verdict.ok) return refuseToken(verdict, token, decoded, routeScopes, trace);
    const record = {
      type: "JWT",
      authorizerName: name,
      token: summarizeToken(token, verdict),
      decision: "allow",
    } as const;
    const verified = rememberedTokens.add({ token, byKid: keys?.byKid, claims: verdict.claims, record });
    return grant(verified, routeScopes, trace);
  };
  const verdict = verifyDecodedWithRemoteKeys(decoded, remote, options);
  // After a fetch it is not said which keys verified the token, so nothing is remembered of it.
  return verdict instanceof Promise ? verdict.then((fetched) => finish(fetched)) : finish(verdict, keys);
}

/** Repeated headers and parameters are one value with commas, as in events (D), and so no token. */
function sentValue({ headers, query }: HttpApiRequest, source: HttpIdentitySource): string | undefined {
  const values = source.kind === "header" ? headers.all(source.lowerCaseName) : (query.get(source.name) ?? []);
  return values.length > 1 ? values.join(",") : values[0];
}

function missing({ source, name }: JwtAuthorizer, sent: string | undefined): HttpApiRefusal {
  const actual = sent === undefined ? "absent" : sent === "" ? "empty" : "the scheme alone";
  return new HttpApiRefusal(
    401,
    "Unauthorized",
    {
      reason: "jwt_missing",
      message: `${source.expression} is ${actual}, authorizer "${name}" needs a token in it`,
      expected: source.expression,
      actual,
    },
    { challenge: BARE_CHALLENGE, hasNoContentType: true, authorizerError: MISSING_TOKEN_ERROR },
  );
}

function refuseToken(
  failure: TokenFailure | KeySetFailure,
  token: string,
  content: TokenContent | undefined,
  routeScopes: readonly string[],
  trace: Trace,
): never {
  recordToken(token, trace, content);
  const description = describeForClient(failure, token);
  const { expected, actual } = failure as { readonly expected?: unknown; readonly actual?: unknown };
  throw new HttpApiRefusal(
    401,
    "Unauthorized",
    {
      reason: failure.reason,
      message: describeTokenVerdict(failure),
      check: TOKEN_REASONS[failure.reason].check,
      ...(expected !== undefined && { expected }),
      ...(actual !== undefined && { actual }),
    },
    {
      challenge: challenge(routeScopes, "invalid_token", description),
      hasNoContentType: true,
      authorizerError: authorizerError("invalid_token", description),
    },
  );
}

function recordToken(token: string, trace: Trace, content?: TokenContent): void {
  if (trace.authorization) trace.authorization = { ...trace.authorization, token: summarizeToken(token, content) };
}

function grant(verified: VerifiedHere, routeScopes: readonly string[], trace: Trace): Caller {
  if (routeScopes.length > 0) {
    const scopes = matchScopes(verified.claims, { anyOf: routeScopes });
    if (!scopes.ok) {
      recordToken(verified.token, trace);
      throw new HttpApiRefusal(
        403,
        "Forbidden",
        {
          reason: scopes.reason,
          message: describeTokenVerdict(scopes),
          check: TOKEN_REASONS[scopes.reason].check,
          expected: scopes.expected,
          actual: scopes.actual,
        },
        {
          challenge: challenge(routeScopes, "insufficient_scope", INSUFFICIENT_SCOPE),
          authorizerError: authorizerError("insufficient_scope", INSUFFICIENT_SCOPE),
        },
      );
    }
  }
  trace.authorization = { ...verified.record, ...trace.authorization };
  // Null unless the route asks for scopes (R); else all of the token's, not those that matched (R).
  return { jwt: new GrantedToken(verified, routeScopes.length > 0 ? scopesOf(verified.claims) : null) };
}

/** The claims as texts are made when something asks for them, once a token. */
class GrantedToken implements NonNullable<Caller["jwt"]> {
  readonly #verified: VerifiedHere;
  readonly scopes: readonly string[] | null;

  constructor(verified: VerifiedHere, scopes: readonly string[] | null) {
    this.#verified = verified;
    this.scopes = scopes;
  }

  get claims(): Readonly<Record<string, string>> {
    this.#verified.texts ??= claimTexts(this.#verified.claims);
    return this.#verified.texts;
  }
}

/** What is worked out from a verified token once. */
interface VerifiedHere extends VerifiedToken {
  texts?: Readonly<Record<string, string>>;
  readonly record: NonNullable<Trace["authorization"]>;
}

const rememberedTokens = new RememberedTokens<VerifiedHere>();
