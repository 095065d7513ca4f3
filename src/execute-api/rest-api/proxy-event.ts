import { identityFields } from "../authorizers/identity-fields.ts";
import type { IdentifiedApiKey } from "../limits/limits.ts";
import { formatRequestTime } from "../request-time.ts";
import type { RawHeaders } from "../transport.ts";
import { isBinaryMediaType } from "./binary-media.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { isSignature, traceId } from "./header-rules.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/*
 * Lambda proxy event, payload format 1.0, and the REQUEST authorizer's event, which is the same minus the body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
 * conformance/rest-api/proxy-event, conformance/authorizers/request
 */

/** AWS is always reached over TLS (R), so handlers may rely on these; a plain listener here must not make them redirect. */
const FORWARDED_PORT = "443";
const FORWARDED_PROTO = "https";

/** The payload of an AWS_PROXY invocation. Empty maps and an absent body are `null` (R). */
export function proxyEvent(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  caller: Caller,
  deployment: RestDeployment,
): Record<string, unknown> {
  const headers = eventHeaders(request, true);
  const query = queryMaps(request);
  const isBinary =
    request.body.length > 0 && isBinaryMediaType(request.headers.last("content-type"), deployment.binaryMediaTypes);
  return {
    resource: matched.method.resourcePath,
    path: eventPath(request),
    httpMethod: request.method,
    headers: headers.single,
    multiValueHeaders: headers.multi,
    queryStringParameters: query?.single ?? null,
    multiValueQueryStringParameters: query?.multi ?? null,
    pathParameters: isEmpty(matched.pathParameters) ? null : matched.pathParameters,
    stageVariables: isEmpty(deployment.stageVariables) ? null : deployment.stageVariables,
    requestContext: requestContext(request, matched, deployment, caller),
    body: request.body.length === 0 ? null : request.body.toString(isBinary ? "base64" : "utf8"),
    isBase64Encoded: isBinary,
  };
}

/** The event of a REQUEST authorizer: empty maps are `{}` here, there is no body, no authorizer (D, C capture). */
export function authorizerRequestEvent(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  deployment: RestDeployment,
  apiKey?: IdentifiedApiKey,
): Record<string, unknown> {
  // A signature is kept: the method has no AWS_IAM authorization, so the header is whatever the client meant it to be.
  const headers = eventHeaders(request, false);
  const query = queryMaps(request);
  return {
    type: "REQUEST",
    methodArn: matched.methodArn,
    resource: matched.method.resourcePath,
    path: eventPath(request),
    httpMethod: request.method,
    headers: headers.single,
    multiValueHeaders: headers.multi,
    queryStringParameters: query?.single ?? {},
    multiValueQueryStringParameters: query?.multi ?? {},
    pathParameters: matched.pathParameters,
    stageVariables: deployment.stageVariables,
    requestContext: requestContext(request, matched, deployment, apiKey && { apiKey }),
  };
}

/** Through a custom domain a function sees the client's whole path, the mapping's key in it (C: LocalStack 12296). */
function eventPath({ mapping, path }: RestRequest): string {
  return mapping === undefined ? path : mapping.path;
}

interface ValueMaps {
  /** Name → last value. */
  readonly single: Record<string, string>;
  /** Name → all values, in order. */
  readonly multi: Record<string, string[]>;
}

/** Header fields in the client's casing; the last value of a repeated field in the single map, all in the other (R). */
function eventHeaders(request: RestRequest, dropsSignature: boolean): ValueMaps {
  const { raw } = request.headers;
  const single: Record<string, string> = newMap(raw);
  const multi: Record<string, string[]> = newMap(raw);
  const casing = new Map<string, string>();
  let forwardedFor = "";
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    const lower = name.toLowerCase();
    switch (lower) {
      case "authorization":
        if (dropsSignature && isSignature(value)) continue;
        break;
      case "x-forwarded-for":
        forwardedFor = forwardedFor === "" ? value : `${forwardedFor}, ${value}`;
        continue;
      case "x-amzn-trace-id":
      case "x-forwarded-port":
      case "x-forwarded-proto":
        continue;
    }
    const seen = casing.get(lower);
    if (seen === undefined) {
      casing.set(lower, name);
      single[name] = value;
      multi[name] = [value];
    } else {
      single[seen] = value;
      multi[seen]?.push(value);
    }
  }
  const added: readonly (readonly [string, string])[] = [
    ["X-Amzn-Trace-Id", traceId(request)],
    ["X-Forwarded-For", forwardedFor === "" ? request.sourceIp : `${forwardedFor}, ${request.sourceIp}`],
    ["X-Forwarded-Port", FORWARDED_PORT],
    ["X-Forwarded-Proto", FORWARDED_PROTO],
  ];
  for (const [name, value] of added) {
    single[name] = value;
    multi[name] = [value];
  }
  return { single, multi };
}

/**
 * Objects with a prototype take JSON.stringify half the time of those without one. Only for a header that would set that
 * prototype instead of a member is the other kind needed.
 */
function newMap<Value>(raw: RawHeaders): Record<string, Value> {
  return raw.includes("__proto__") ? Object.create(null) : {};
}

function queryMaps(request: RestRequest): ValueMaps | undefined {
  if (request.query.size === 0) return undefined;
  const single: Record<string, string> = Object.create(null);
  const multi: Record<string, string[]> = Object.create(null);
  for (const [name, values] of request.query) {
    single[name] = values.at(-1) ?? "";
    multi[name] = values as string[];
  }
  return { single, multi };
}

/** In the key order of captured events (C); `authorizer` only when a Lambda or JWT authorizer spoke. */
function requestContext(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  deployment: RestDeployment,
  caller: Caller | undefined,
): Record<string, unknown> {
  const signer = identityFields(caller?.iam);
  return {
    resourceId: matched.method.resourceId,
    ...(caller?.authorizer && { authorizer: caller.eventAuthorizer ?? caller.authorizer }),
    resourcePath: matched.method.resourcePath,
    httpMethod: request.method,
    extendedRequestId: request.extendedRequestId,
    requestTime: formatRequestTime(request.requestTimeEpoch),
    path: request.requestPath,
    accountId: deployment.accountId,
    protocol: "HTTP/1.1",
    stage: deployment.stageName,
    domainPrefix: request.domainName.split(".", 1)[0] ?? "",
    requestTimeEpoch: request.requestTimeEpoch,
    requestId: request.requestId,
    identity: {
      cognitoIdentityPoolId: signer.cognitoIdentityPoolId,
      cognitoIdentityId: signer.cognitoIdentityId,
      ...(caller?.apiKey && { apiKey: caller.apiKey.value, apiKeyId: caller.apiKey.id }),
      principalOrgId: signer.principalOrgId,
      cognitoAuthenticationType: signer.cognitoAuthenticationType,
      userArn: signer.userArn,
      userAgent: request.userAgent,
      accountId: signer.accountId,
      caller: signer.caller,
      sourceIp: request.sourceIp,
      accessKey: signer.accessKey,
      cognitoAuthenticationProvider: signer.cognitoAuthenticationProvider,
      user: signer.user,
    },
    domainName: request.domainName,
    deploymentId: deployment.deploymentId,
    apiId: deployment.apiId,
  };
}

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  for (const _ in map) return false;
  return true;
}
