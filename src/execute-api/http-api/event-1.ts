import type { Identity } from "../../aws/iam/identity.ts";
import { identityFields } from "../authorizers/identity-fields.ts";
import { formatRequestTime } from "../request-time.ts";
import { encodeBody } from "./body-encoding.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { gatewayHeaders } from "./gateway-headers.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";

/**
 * The event of payload format 1.0: a REST API's in most, with the stage in `path` (R), the route key as resource id (R)
 * and explicit nulls (R). conformance/http-api/event-1
 */
export function proxyEvent1(
  request: HttpApiRequest,
  matched: MatchedRoute,
  caller: Caller,
  deployment: HttpApiDeployment,
): Record<string, unknown> {
  const body = encodeBody(request.body, request.headers.last("content-type"));
  return {
    version: "1.0",
    ...base1(request, matched),
    requestContext: requestContext1(request, matched, deployment, authorizer1(caller), caller.iam),
    ...parameters1(matched, deployment),
    body: body?.body ?? null,
    isBase64Encoded: body?.isBase64Encoded ?? false,
  };
}

/** From resource to query: what proxy and authorizer events have in common. */
export function base1(request: HttpApiRequest, { route }: MatchedRoute): Record<string, unknown> {
  const headers = headers1(request);
  const single: Record<string, string> = Object.create(null);
  for (const name of Object.keys(headers)) single[name] = headers[name]?.at(-1) ?? "";
  const query = request.query.size === 0 ? undefined : queryMaps(request);
  return {
    resource: route.path,
    path: path1(request),
    httpMethod: request.method,
    headers: single,
    multiValueHeaders: headers,
    queryStringParameters: query?.single ?? null,
    multiValueQueryStringParameters: query?.multi ?? null,
  };
}

/** Through a custom domain the client's whole path, the mapping's key in it (D) and no stage (C: serverless-wsgi). */
function path1({ mapping, rawPath }: HttpApiRequest): string {
  return mapping === undefined ? rawPath : mapping.path;
}

/** Path parameters and stage variables, null when there are none (R). */
export function parameters1(
  { pathParameters }: MatchedRoute,
  { stageVariables }: HttpApiDeployment,
): Record<string, unknown> {
  return {
    pathParameters: Object.keys(pathParameters).length > 0 ? pathParameters : null,
    stageVariables: Object.keys(stageVariables).length > 0 ? stageVariables : null,
  };
}

export function requestContext1(
  request: HttpApiRequest,
  { route }: MatchedRoute,
  { accountId, apiId, stageName }: HttpApiDeployment,
  authorizer?: Readonly<Record<string, unknown>>,
  signer?: Identity,
): Record<string, unknown> {
  const { accessKey, accountId: signerAccountId, user, userArn, ...fields } = identityFields(signer);
  const { domainName, requestId, requestTimeEpoch, sourceIp, userAgent } = request;
  return {
    accountId,
    apiId,
    ...(authorizer && { authorizer }),
    domainName,
    domainPrefix: domainName.split(".", 1)[0] ?? "",
    extendedRequestId: requestId,
    httpMethod: request.method,
    identity: {
      accessKey,
      accountId: signerAccountId,
      // caller, the Cognito identity, principalOrgId
      ...fields,
      sourceIp,
      user,
      userAgent,
      userArn,
    },
    path: path1(request),
    protocol: "HTTP/1.1",
    requestId,
    requestTime: formatRequestTime(requestTimeEpoch),
    requestTimeEpoch,
    resourceId: route.routeKey,
    resourcePath: route.path,
    stage: stageName,
  };
}

/** Context keys stand beside principalId, as in a REST API's event (?); claims under `claims` (D). Open routes have none (R). */
function authorizer1({ jwt, lambda, principalId }: Caller): Readonly<Record<string, unknown>> | undefined {
  if (jwt !== undefined) return { claims: jwt.claims, scopes: jwt.scopes };
  if (lambda === undefined && principalId === undefined) return undefined;
  return { ...lambda, ...(principalId !== undefined && { principalId }) };
}

/** The names that are written with capitals; every other is lower case (R: three clients). */
const CAPITALISED: ReadonlyMap<string, string> = new Map(
  [
    "Content-Length",
    "Host",
    "User-Agent",
    "X-Amzn-Trace-Id",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
  ].map((name) => [name.toLowerCase(), name]),
);

function headers1(request: HttpApiRequest): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null);
  const { raw } = request.headers;
  for (let at = 0; at < raw.length; at += 2) {
    const lower = (raw[at] as string).toLowerCase();
    const name = CAPITALISED.get(lower) ?? lower;
    const values = headers[name] ?? [];
    values.push(raw[at + 1] as string);
    headers[name] = values;
  }
  for (const [name, value] of Object.entries(gatewayHeaders(request))) headers[CAPITALISED.get(name) ?? name] = [value];
  return headers;
}

/** The last value of a repeated parameter in the single map (?, as REST), all in the other. */
function queryMaps({ query }: HttpApiRequest) {
  const single: Record<string, string> = Object.create(null);
  const multi: Record<string, readonly string[]> = Object.create(null);
  for (const [name, values] of query) {
    single[name] = values.at(-1) ?? "";
    multi[name] = values;
  }
  return { single, multi };
}
