import type { Identity } from "../../aws/iam/identity.ts";
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
  const event = base2("2.0", request, matched);
  event.requestContext = requestContext2(request, matched, deployment, authorizer2(caller));
  if (body !== undefined) event.body = body.body;
  addParameters2(event, matched, deployment);
  event.isBase64Encoded = body?.isBase64Encoded ?? false;
  return event;
}

/** From the version to the query: what proxy and authorizer events have in common. */
export function base2(version: "2.0", request: HttpApiRequest, { route }: MatchedRoute): Record<string, unknown> {
  const { routeKey } = route;
  const event: Record<string, unknown> = {
    version,
    routeKey,
    rawPath: request.rawPath,
    rawQueryString: request.rawQuery,
  };
  const cookies = cookiesOf(request);
  if (cookies.length > 0) event.cookies = cookies;
  event.headers = headers2(request);
  const queryStringParameters = queryStringParameters2(request);
  if (queryStringParameters !== undefined) event.queryStringParameters = queryStringParameters;
  return event;
}

/** Path parameters and stage variables, where there are any. */
export function addParameters2(
  event: Record<string, unknown>,
  { pathParameters }: MatchedRoute,
  { stageVariables }: HttpApiDeployment,
): void {
  if (!isEmpty(pathParameters)) event.pathParameters = pathParameters;
  if (!isEmpty(stageVariables)) event.stageVariables = stageVariables;
}

function isEmpty(texts: Readonly<Record<string, string>>): boolean {
  for (const _ in texts) return false;
  return true;
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

function authorizer2({ jwt, lambda, iam }: Caller): Readonly<Record<string, unknown>> | undefined {
  if (iam !== undefined) return { iam: iamAuthorizer(iam) };
  if (jwt !== undefined) return { jwt: { claims: jwt.claims, scopes: jwt.scopes } };
  return lambda === undefined ? undefined : { lambda };
}

/** In the key order of captured events; cognitoIdentity and principalOrgId stay as null (R). */
function iamAuthorizer(signer: Identity): Readonly<Record<string, unknown>> {
  const { credential, accountId, userId, arn, principalOrgId = null, cognito } = signer;
  return {
    accessKey: credential.accessKeyId,
    accountId,
    callerId: userId,
    cognitoIdentity:
      cognito === undefined
        ? null
        : { amr: cognito.amr, identityId: cognito.identityId, identityPoolId: cognito.identityPoolId },
    principalOrgId,
    userArn: arn,
    userId,
  };
}

/** Names in lower case, repeated fields joined by a comma, cookies apart (D, R); the gateway's own fields among them. */
export function headers2(request: HttpApiRequest): Texts {
  // A plain object: JSON.stringify takes half as long on it as on one without a prototype.
  const headers: Texts = {};
  const { raw } = request.headers;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (name === "cookie") continue;
    const value = raw[at + 1] as string;
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const text = before === undefined ? value : `${before},${value}`;
    // Set as a member like any other, and never as the object's prototype.
    if (name === "__proto__")
      Object.defineProperty(headers, name, { value: text, enumerable: true, configurable: true });
    else headers[name] = text;
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
