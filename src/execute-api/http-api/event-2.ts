import { formatRequestTime } from "../request-time.ts";
import { encodeBody } from "./body-encoding.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { gatewayHeaders } from "./gateway-headers.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";

type Texts = Record<string, string>;

/**
 * The event of payload format 2.0. Optional members are absent rather than null (R).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * conformance/http-api/event-2
 */
export function proxyEvent2(
  request: HttpApiRequest,
  matched: MatchedRoute,
  caller: Caller,
  deployment: HttpApiDeployment,
): Record<string, unknown> {
  const body = encodeBody(request.body, request.headers.last("content-type"));
  return {
    ...base2("2.0", request, matched),
    requestContext: requestContext2(request, matched, deployment, authorizer2(caller)),
    ...(body && { body: body.body }),
    ...parameters2(matched, deployment),
    isBase64Encoded: body?.isBase64Encoded ?? false,
  };
}

/** From the version to the query: what proxy and authorizer events have in common. */
export function base2(version: "2.0", request: HttpApiRequest, { route }: MatchedRoute): Record<string, unknown> {
  const cookies = cookiesOf(request);
  const queryStringParameters = queryStringParameters2(request);
  return {
    version,
    routeKey: route.routeKey,
    rawPath: request.rawPath,
    rawQueryString: request.rawQuery,
    ...(cookies.length > 0 && { cookies }),
    headers: headers2(request),
    ...(queryStringParameters && { queryStringParameters }),
  };
}

/** Path parameters and stage variables, where there are any. */
export function parameters2(
  { pathParameters }: MatchedRoute,
  { stageVariables }: HttpApiDeployment,
): Record<string, unknown> {
  return {
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    ...(Object.keys(stageVariables).length > 0 && { stageVariables }),
  };
}

export function requestContext2(
  request: HttpApiRequest,
  { route }: MatchedRoute,
  { accountId, apiId, stageName }: HttpApiDeployment,
  authorizer?: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { domainName, requestId, requestTimeEpoch, sourceIp, userAgent } = request;
  return {
    accountId,
    apiId,
    ...(authorizer && { authorizer }),
    domainName,
    domainPrefix: domainName.split(".", 1)[0] ?? "",
    http: { method: request.method, path: request.rawPath, protocol: "HTTP/1.1", sourceIp, userAgent },
    requestId,
    routeKey: route.routeKey,
    stage: stageName,
    time: formatRequestTime(requestTimeEpoch),
    timeEpoch: requestTimeEpoch,
  };
}

function authorizer2({ jwt, lambda }: Caller): Readonly<Record<string, unknown>> | undefined {
  if (jwt !== undefined) return { jwt };
  return lambda === undefined ? undefined : { lambda };
}

/** Names in lower case, repeated fields joined by a comma, cookies apart (D, R); the gateway's own fields among them. */
export function headers2(request: HttpApiRequest): Texts {
  const headers: Texts = Object.create(null);
  const { raw } = request.headers;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const value = raw[at + 1] as string;
    if (name === "cookie") continue;
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
  }
  return Object.assign(headers, gatewayHeaders(request));
}

/** The Cookie header, split (D). */
export function cookiesOf({ headers }: HttpApiRequest): readonly string[] {
  return headers.all("cookie").flatMap((value) => value.split(/; ?/).filter((each) => each !== ""));
}

/** Decoded, repeated ones joined by a comma (D); undefined when there are none. */
export function queryStringParameters2({ query }: HttpApiRequest): Texts | undefined {
  if (query.size === 0) return undefined;
  const parameters: Texts = Object.create(null);
  for (const [name, values] of query) parameters[name] = values.join(",");
  return parameters;
}
