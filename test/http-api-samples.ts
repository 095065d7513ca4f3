import { AuthorizerCache } from "../src/execute-api/authorizers/authorizer-cache.ts";
import { createIssuerKeys, type IssuerKeys } from "../src/execute-api/authorizers/issuer-keys.ts";
import type {
  CompiledRoute,
  HttpApiDeployment,
  LambdaProxyIntegration,
} from "../src/execute-api/http-api/deployment.ts";
import { readRequest } from "../src/execute-api/http-api/read-request.ts";
import { HttpApiRefusal } from "../src/execute-api/http-api/refusal.ts";
import type { HttpApiRequest, MatchedRoute } from "../src/execute-api/http-api/request.ts";
import { RouteTable } from "../src/execute-api/http-api/route-table.ts";
import type { Ports } from "../src/execute-api/ports.ts";
import type { HttpApi, Route } from "../src/model/http-api.ts";
import { generateSigningKey, type SigningKey } from "../src/token/generate-signing-key.ts";
import type { HttpGet } from "../src/token/http-get.ts";
import { samplePorts } from "./rest-api-samples.ts";

/*
 * Parts of an HTTP API for unit tests, each whole and ready to be changed in one member.
 */

export const NOW_MS = Date.UTC(2026, 10, 21, 1, 2, 3);
export const REQUEST_ID = "VMLn2ibAgi0EP-Q=";
export const FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:test";
const AT = { file: "api.yaml", line: 1, column: 1 };

export const NO_MAPPING = { requestMapping: { operations: [] }, responseMapping: { byStatus: new Map() } } as const;

export function sampleIntegration(given: Partial<LambdaProxyIntegration> = {}): LambdaProxyIntegration {
  return {
    type: "AWS_PROXY",
    functionArn: FUNCTION_ARN,
    payloadFormatVersion: "2.0",
    timeoutMs: 30_000,
    ...NO_MAPPING,
    ...given,
  };
}

/** `GET /pets/{id}`, open, unless something else is said. */
export function sampleRoute(routeKey = "GET /pets/{id}", given: Partial<CompiledRoute> = {}): CompiledRoute {
  const [method, path = "$default"] = routeKey === "$default" ? [] : routeKey.split(" ");
  return {
    routeId: "r1",
    routeKey,
    ...(method !== undefined && { method: method as NonNullable<CompiledRoute["method"]> }),
    path,
    authorization: { type: "NONE" },
    integration: sampleIntegration(),
    ...given,
  };
}

export function sampleDeployment(
  given: Partial<HttpApiDeployment> & { readonly routeList?: readonly CompiledRoute[] } = {},
): HttpApiDeployment {
  const { routeList = [sampleRoute()], ...rest } = given;
  const routes = new RouteTable();
  for (const route of routeList) routes.add(route);
  return {
    type: "HTTP",
    apiId: "abc123",
    apiName: "pets",
    stageName: "$default",
    deploymentId: "d1",
    partition: "aws",
    region: "us-east-1",
    accountId: "123456789012",
    stageVariables: {},
    routes,
    identityHeaders: new Set(["authorization", "cookie"]),
    ...rest,
  };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** As the transport hands it over, read for a deployment. */
export function sampleRequest(sent: Sent = {}, deployment: HttpApiDeployment = sampleDeployment()): HttpApiRequest {
  const { method = "GET", path = "/pets/42", query = "", headers = [], body = "" } = sent;
  return readRequest(
    {
      method,
      target: path,
      httpVersion: "1.1",
      headers: ["Host", "abc123.execute-api.us-east-1.amazonaws.com", ...headers],
      body: Buffer.from(body as string),
      sourceIp: "192.0.2.1",
      scheme: "https",
      receivedAtMs: NOW_MS,
    },
    { path, rawQuery: query },
    deployment,
    { newExtendedRequestId: () => REQUEST_ID },
  );
}

export function sampleMatched(given: Partial<MatchedRoute> = {}): MatchedRoute {
  return {
    route: sampleRoute(),
    pathParameters: { id: "42" },
    routeArn: "arn:aws:execute-api:us-east-1:123456789012:abc123/$default/GET/pets/42",
    otherArns: undefined,
    ...given,
  };
}

export function httpPorts(given: Partial<Ports> = {}): Ports {
  return samplePorts({
    now: () => NOW_MS,
    newExtendedRequestId: () => REQUEST_ID,
    requestAuthorizerCache: new AuthorizerCache(),
    ...given,
  });
}

/** The refusal a step ends in. */
export async function httpRefusalOf(run: () => unknown): Promise<HttpApiRefusal> {
  try {
    await run();
  } catch (error) {
    if (error instanceof HttpApiRefusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** An API as a template describes it: routes by key, each to the same function. */
export function sampleApi(
  routeKeys: readonly string[],
  given: Partial<HttpApi> = {},
  route: Partial<Route> = {},
): HttpApi {
  return {
    apiId: "abc123",
    name: "pets",
    disableExecuteApiEndpoint: false,
    routes: routeKeys.map((routeKey, index) => ({
      routeId: `r${index}`,
      routeKey,
      authorizationType: "NONE",
      authorizationScopes: [],
      integrationId: "i1",
      at: AT,
      ...route,
    })),
    integrations: [
      {
        integrationId: "i1",
        integrationType: "AWS_PROXY",
        integrationUri: FUNCTION_ARN,
        payloadFormatVersion: "2.0",
        timeoutInMillis: 30_000,
        requestParameters: {},
        responseParameters: {},
        at: AT,
      },
    ],
    authorizers: [],
    tags: {},
    at: AT,
    ...given,
  };
}

export const ISSUER = "https://tenant.eu.auth0.com/";
export const AUDIENCE = "https://pets";

/** An issuer without a network: its discovery document and keys, what was fetched, and its clock. */
export async function sampleIssuer(
  options: { readonly discovery?: object | string; readonly keys?: readonly SigningKey[] } = {},
) {
  const key = options.keys?.[0] ?? (await generateSigningKey({ kid: "kid:k1" }));
  const jwks = JSON.stringify({ keys: (options.keys ?? [key]).map(({ publicJwk }) => publicJwk) });
  const discovery = options.discovery ?? { issuer: ISSUER, jwks_uri: `${ISSUER}keys.json` };
  const fetched: string[] = [];
  const clock = { nowMs: NOW_MS };
  const get: HttpGet = async (url) => {
    fetched.push(url.href);
    if (url.pathname !== "/.well-known/openid-configuration") return { ok: true, body: jwks };
    return { ok: true, body: typeof discovery === "string" ? discovery : JSON.stringify(discovery) };
  };
  const issuerKeys: IssuerKeys = createIssuerKeys({
    allowLoopbackHttp: false,
    refusePrivateAddresses: false,
    localIssuers: new Map(),
    get,
    nowMs: () => clock.nowMs,
  });
  return { key, fetched, clock, issuerKeys };
}
