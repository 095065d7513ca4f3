import type { Policy } from "../src/aws/policy/policy.ts";
import { createIssuerKeys, type IssuerKeys } from "../src/execute-api/authorizers/issuer-keys.ts";
import { authorize } from "../src/execute-api/rest-api/authorize.ts";
import { type CognitoAuthorizer, compileCognitoAuthorizer } from "../src/execute-api/rest-api/cognito-authorizer.ts";
import { renderGatewayResponse } from "../src/execute-api/rest-api/gateway-response.ts";
import type { RestApiRefusal } from "../src/execute-api/rest-api/refusal.ts";
import type { Caller } from "../src/execute-api/rest-api/request.ts";
import { Trace } from "../src/execute-api/trace.ts";
import type { Authorizer } from "../src/model/rest-api.ts";
import { generateSigningKey, type SigningKey } from "../src/token/generate-signing-key.ts";
import type { HttpGet } from "../src/token/http-get.ts";
import { type SignOptions, signJwt } from "../src/token/sign-jwt.ts";
import {
  compiled,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
  sampleRequest,
} from "./rest-api-samples.ts";

/*
 * Two user pools without a network, their tokens, and requests to methods behind a Cognito authorizer, for unit tests.
 */

export const NOW_MS = Date.UTC(2026, 10, 21, 1, 2, 3);
export const nowSeconds = NOW_MS / 1000;
export const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
export const OTHER_POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Def";
export const ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
export const OTHER_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Def";
export const CLIENT = "1example23456789";
export const MOCK = compiled({ type: "MOCK" });
export const AT = { file: "api.yaml", line: 3, column: 1 };

export const [poolKey, otherKey] = await Promise.all([
  generateSigningKey({ kid: "kid:k1" }),
  generateSigningKey({ kid: "kid:k1" }),
]);

interface World {
  readonly issuerKeys: IssuerKeys;
  readonly fetched: string[];
  readonly clock: { nowMs: number };
  /** What each publishes; may change. */
  readonly published: Map<string, SigningKey>;
}

/** Two pools without a network, whose keys have the same kid. */
export function world(
  given: Readonly<Record<string, SigningKey>> = { [ISSUER]: poolKey, [OTHER_ISSUER]: otherKey },
): World {
  const published = new Map(Object.entries(given));
  const fetched: string[] = [];
  const clock = { nowMs: NOW_MS };
  const get: HttpGet = async (url) => {
    fetched.push(url.href);
    for (const [issuer, { publicJwk }] of published) {
      if (url.href === `${issuer}/jwks`) return { ok: true, body: JSON.stringify({ keys: [publicJwk] }) };
      if (!url.href.startsWith(`${issuer}/`)) continue;
      return { ok: true, body: JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }) };
    }
    return { ok: false, problem: "connection", detail: "ECONNREFUSED" };
  };
  const issuerKeys = createIssuerKeys({
    allowLoopbackHttp: true,
    refusePrivateAddresses: false,
    localIssuers: new Map(),
    get,
    nowMs: () => clock.nowMs,
  });
  return { issuerKeys, fetched, clock, published };
}

export function compile(given: Partial<Authorizer> = {}, issuerOf?: (arn: string) => string | undefined) {
  const identitySource = "method.request.header.Authorization";
  const type = "COGNITO_USER_POOLS";
  return compileCognitoAuthorizer(
    { id: "a1", name: "pools", type, identitySource, providerARNs: [POOL], at: AT, ...given },
    issuerOf,
  );
}

export function trusting(...given: Parameters<typeof compile>): CognitoAuthorizer {
  const authorizer = compile(...given);
  if ("rule" in authorizer) throw new Error(authorizer.message);
  return authorizer;
}

const sign = (claims: Readonly<Record<string, unknown>>, options: Partial<SignOptions> = {}): string =>
  signJwt(claims, { algorithm: "RS256", privateKey: poolKey.privateKey, kid: "k1", ...options });
const dates = { auth_time: nowSeconds - 10, iat: nowSeconds - 10, exp: nowSeconds + 600 };
export const idToken = (claims: object = {}, options: Partial<SignOptions> = {}): string =>
  sign({ iss: ISSUER, aud: CLIENT, sub: "ann", token_use: "id", ...dates, ...claims }, options);
export const accessToken = (claims: object = {}, options: Partial<SignOptions> = {}): string =>
  sign({ iss: ISSUER, client_id: CLIENT, sub: "ann", token_use: "access", ...dates, ...claims }, options);

interface Asked {
  readonly sent?: string | readonly string[];
  readonly header?: string;
  readonly scopes?: readonly string[];
  readonly authorizer?: CognitoAuthorizer;
  readonly in?: World;
  readonly resourcePolicy?: Policy;
}

export const shared = world();

/** Through `authorize`, as a request takes it. */
export function asked({
  sent,
  header = "Authorization",
  scopes = [],
  authorizer,
  in: where = shared,
  resourcePolicy,
}: Asked) {
  const ports = samplePorts({ issuerKeys: where.issuerKeys, now: () => where.clock.nowMs });
  const trace = new Trace(() => 0);
  const values = sent === undefined ? [] : typeof sent === "string" ? [sent] : sent;
  const request = sampleRequest({ headers: values.flatMap((value) => [header, value]) });
  const matched = sampleMatched(MOCK, {
    authorization: { type: "COGNITO_USER_POOLS", authorizer: authorizer ?? trusting(), scopes },
  });
  const deployment = sampleDeployment(resourcePolicy && { resourcePolicy });
  return { run: () => authorize(request, matched, deployment, ports, trace), trace };
}
export const answered = async (given: Asked): Promise<Caller> => asked(given).run();
export const refused = (given: Asked): Promise<RestApiRefusal> => refusalOf(asked(given).run);
/** Until it is remembered: the keys are fetched, the token is seen once, then twice. */
export async function remember(given: Asked): Promise<void> {
  for (let time = 0; time < 3; time++) await answered(given);
}

/** The answer as a client gets it, without customisation. */
export function wire(refusal: RestApiRefusal) {
  const answer = renderGatewayResponse(refusal, sampleDeployment(), sampleRequest(), {}, {});
  return { status: answer.status, body: answer.body, errorType: answer.errorType };
}
export const UNAUTHORIZED = { status: 401, body: '{"message":"Unauthorized"}', errorType: "UnauthorizedException" };
