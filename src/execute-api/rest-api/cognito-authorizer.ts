import { parseUserPoolArn, USER_POOL_ARN_FORM, userPoolIssuer } from "../../aws/user-pool.ts";
import type { Finding } from "../../model/finding.ts";
import type { Authorizer } from "../../model/rest-api.ts";
import { matchScopes } from "../../token/scopes.ts";
import type { Claims } from "../../token/token-verdict.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { compileWholeMatch } from "../whole-match.ts";
import { cognitoClaims } from "./cognito-claims.ts";
import { audienceRefused, kindRefused, poolScopeMissing, poolTokenRefused } from "./cognito-refusal.ts";
import { compileTokenHeader, readHeaderToken, sayInvalid, type TokenHeader } from "./header-token.ts";
import { type IssuerToken, IssuerTokens, type TrustedIssuer } from "./issuer-tokens.ts";
import { tokenMissing } from "./jwt-refusal.ts";
import type { Caller, RestRequest } from "./request.ts";

/** A COGNITO_USER_POOLS authorizer of a deployment. */
export interface CognitoAuthorizer extends TokenHeader {
  readonly type: "COGNITO_USER_POOLS";
  readonly id: string;
  readonly name: string;
  /** Its pools, by the `iss` of their tokens. */
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  /** identityValidationExpression, which is for an ID token's `aud` (D). */
  readonly validation?: { readonly expression: string; readonly matches: (audience: string) => boolean };
}

/** The only one that pools sign with (D: Amazon Cognito Developer Guide, "Verifying JSON web tokens"). */
const ALGORITHMS = ["RS256"] as const;
/** None is documented (?). */
const LEEWAY_SECONDS = 0;

/** @param issuerOfUserPool the issuer that stands in for a pool, by the pool's ARN; undefined: the pool's own */
export function compileCognitoAuthorizer(
  authorizer: Authorizer,
  issuerOfUserPool: ((arn: string) => string | undefined) | undefined,
): CognitoAuthorizer | Finding {
  const { id, name, identityValidationExpression: expression, providerARNs } = authorizer;
  const invalid = sayInvalid("Cognito", authorizer);
  const header = compileTokenHeader(authorizer, invalid);
  if ("rule" in header) return header;
  const issuers = new Map<string, TrustedIssuer>();
  for (const arn of providerARNs) {
    const pool = parseUserPoolArn(arn);
    if (pool === undefined) {
      return invalid(`${JSON.stringify(arn)} names no user pool, wanted ${USER_POOL_ARN_FORM}.`, "Correct the ARN.");
    }
    const issuer = issuerOfUserPool?.(arn) ?? userPoolIssuer(pool);
    issuers.set(issuer, { issuer, algorithms: ALGORITHMS });
  }
  if (issuers.size === 0) return invalid("it has no user pool.", `Name one in providerARNs: ${USER_POOL_ARN_FORM}.`);
  const compiled = { type: "COGNITO_USER_POOLS", id, name, issuers, ...header } as const;
  if (expression === undefined || expression === "") return compiled;
  const validation = compileWholeMatch(expression);
  if (!validation.ok) {
    return invalid(
      `identityValidationExpression ${JSON.stringify(expression)} is no regular expression (${validation.message}).`,
      "Correct the expression.",
    );
  }
  return { ...compiled, validation: { expression, matches: validation.matches } };
}

/**
 * Verifies the request's token with the keys of the one pool that its `iss` names, then looks at its kind: a method
 * without scopes takes ID tokens, one with scopes an access token that has any of them (D). Any of the pool's app clients
 * will do, unless identityValidationExpression says more. No decision is kept, whatever authorizerResultTtlInSeconds says:
 * claims and dates are judged for every request. Without a promise when keys are at hand.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
 * conformance/rest-api/cognito
 */
export function authorizeWithCognito(
  authorizer: CognitoAuthorizer,
  methodScopes: readonly string[],
  request: RestRequest,
  ports: Pick<Ports, "issuerKeys" | "now">,
  trace: Trace,
): Caller | Promise<Caller> {
  const { id, name, issuers } = authorizer;
  trace.authorization = { type: "COGNITO_USER_POOLS", authorizerId: id, authorizerName: name };
  const read = readHeaderToken(authorizer, request);
  if (!read.ok) throw tokenMissing(authorizer, read.actual, missingCheck(methodScopes));
  return TOKENS.authorize(
    read.token,
    issuers,
    (verified) => grant(verified, authorizer, methodScopes, trace),
    ports,
    trace,
  );
}

const TOKENS = new IssuerTokens<TrustedIssuer>({
  type: "COGNITO_USER_POOLS",
  optionsOf: ({ issuer, algorithms }, claims, nowSeconds) => ({
    issuers: [issuer],
    audiences: clientsOf(claims),
    algorithms,
    clientIdAsAudience: true,
    leewaySeconds: LEEWAY_SECONDS,
    nowSeconds,
  }),
  refuse: poolTokenRefused,
});

/** A pool's authorizer takes the tokens of all its app clients, so the audience wanted is whichever a token has. */
function clientsOf({ aud, client_id }: Claims): readonly string[] {
  const client = aud ?? client_id;
  return typeof client === "string" ? [client] : [];
}

function grant(
  verified: IssuerToken,
  authorizer: CognitoAuthorizer,
  methodScopes: readonly string[],
  trace: Trace,
): Caller {
  const { claims, token } = verified;
  const wanted = methodScopes.length > 0 ? "access" : "id";
  if (claims.token_use !== wanted) throw kindRefused(wanted, claims, token, trace);
  const { validation } = authorizer;
  if (validation !== undefined && !(typeof claims.aud === "string" && validation.matches(claims.aud))) {
    throw audienceRefused(authorizer, claims, token, trace);
  }
  if (methodScopes.length > 0) {
    // Only `scope` (D): nothing else is a pool's.
    const scopes = matchScopes({ scope: claims.scope }, { anyOf: methodScopes });
    if (!scopes.ok) throw poolScopeMissing(scopes.expected, scopes.actual, token, trace);
  }
  trace.authorization = { ...verified.record, ...trace.authorization };
  verified.caller ??= Object.freeze({ authorizer: { claims: cognitoClaims(claims) } });
  return verified.caller;
}

function missingCheck(methodScopes: readonly string[]): string {
  const kind = methodScopes.length > 0 ? "an access token with one of the method's scopes" : "the user's ID token";
  return `Send ${kind} where the authorizer's identity source says, with or without Bearer.`;
}
