import type { RawHeaders } from "../transport.ts";
import type { CompiledIntegration } from "./deployment.ts";
import type { RestRequest } from "./request.ts";

/*
 * Which header fields an integration gets and gives. Lists (R) from recordings of a REST API with every field mapped,
 * one per integration type; the (D) table is
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
 * conformance/rest-api/headers
 */

type IntegrationType = CompiledIntegration["type"];

/** A mapping to one of these fails the request with 500, log `{header} header already present` (R). */
const FORBIDDEN_TARGETS: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "x-amzn-trace-id",
  "x-amzn-apigateway-api-id",
]);

/** The same, for Lambda functions only (R). */
const FORBIDDEN_LAMBDA_TARGETS: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "expect",
  "proxy-authenticate",
  "te",
]);

/** Whether an integration of this type may not be given a header of this name by a mapping or an override. */
export function isForbiddenTarget(type: IntegrationType, headerName: string): boolean {
  const lower = headerName.toLowerCase();
  if (FORBIDDEN_TARGETS.has(lower)) return true;
  return (type === "AWS" || type === "AWS_PROXY") && FORBIDDEN_LAMBDA_TARGETS.has(lower);
}

/** Silently dropped on the way to an HTTP endpoint, even when mapped (R: Expect, Proxy-Authenticate, TE, Via). */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "proxy-authenticate",
  "te",
  "via",
  // Ours: hop-by-hop fields that our client does not speak. AWS forwards a mapped Upgrade (R).
  "keep-alive",
  "proxy-connection",
  "upgrade",
]);

/** Not passed on from the client to an HTTP_PROXY endpoint; mapped values are (R). */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(["content-encoding", "host"]);

/** Methods without a request body. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export function takesBody(httpMethod: string): boolean {
  return !WITHOUT_BODY.has(httpMethod);
}

/** What an HTTP endpoint's header is made of, besides what the client sent. */
export interface EndpointHeaderParts {
  readonly type: "HTTP" | "HTTP_PROXY";
  readonly apiId: string;
  readonly request: RestRequest;
  /** Values of mappings and overrides, one pair per value; they win over what the client sent. */
  readonly mapped: RawHeaders;
}

/**
 * The header fields that go to an HTTP endpoint: those of the client (HTTP_PROXY only), then the mapped ones, then the
 * gateway's defaults for what is missing (R).
 */
export function endpointHeaders({ type, apiId, request, mapped }: EndpointHeaderParts): string[] {
  const headers: string[] = [];
  const taken = new Set<string>();
  const mappedNames = new Set<string>();
  for (let at = 0; at < mapped.length; at += 2) mappedNames.add((mapped[at] as string).toLowerCase());

  if (type === "HTTP_PROXY") {
    const { raw } = request.headers;
    // Authorizers judge the last of several (?), many servers read the first: only what was judged is passed on.
    const authorization = request.headers.last("authorization");
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at] as string;
      const lower = name.toLowerCase();
      if (mappedNames.has(lower) || NEVER_SENT.has(lower) || NOT_PASSED_ON.has(lower)) continue;
      if (lower === "x-amzn-trace-id" || lower === "x-amzn-apigateway-api-id") continue;
      const value = raw[at + 1] as string;
      // A SigV4 signature is meant for the gateway and removed (D); a Bearer token passes.
      if (lower === "authorization" && (isSignature(value) || value !== authorization)) continue;
      headers.push(name, value);
      taken.add(lower);
    }
  }
  for (let at = 0; at < mapped.length; at += 2) {
    const name = mapped[at] as string;
    const lower = name.toLowerCase();
    const value = mapped[at + 1] as string;
    if (NEVER_SENT.has(lower) || (lower === "authorization" && isSignature(value))) continue;
    headers.push(name, value);
    taken.add(lower);
  }
  if (!taken.has("accept")) headers.push("Accept", "application/json");
  if (!taken.has("user-agent")) headers.push("User-Agent", `AmazonAPIGateway_${apiId}`);
  // Goes by the client's verb: a GET that goes to the endpoint as POST has none (R). application/json is (?).
  if (takesBody(request.method) && !taken.has("content-type")) {
    headers.push("Content-Type", request.headers.last("content-type") ?? "application/json");
  }
  headers.push("X-Amzn-Apigateway-Api-Id", apiId, "X-Amzn-Trace-Id", traceId(request));
  return headers;
}

/**
 * `Authorization: AWS4-HMAC-SHA256 …` and its multi-region sibling. A signature in the query is passed on with the rest of
 * the query: nothing says that it is not (?).
 */
export function isSignature(authorization: string): boolean {
  return authorization.startsWith("AWS4-");
}

const TRACE_PART = /(?:^|;)\s*(Root|Parent|Sampled)=([^;]+)/g;

/**
 * `X-Amzn-Trace-Id` of a request: parts the client sent are kept, missing ones are added (C). The new parts are digits
 * of the request id, which is unique, so that the same request always has the same trace id.
 */
export function traceId(request: RestRequest): string {
  let root: string | undefined;
  let parent: string | undefined;
  let sampled: string | undefined;
  const sent = request.headers.last("x-amzn-trace-id");
  if (sent !== undefined) {
    for (const [, key, value] of sent.matchAll(TRACE_PART)) {
      if (key === "Root") root = value;
      else if (key === "Parent") parent = value;
      else sampled = value;
    }
  }
  const digits = request.requestId.replaceAll("-", "").padEnd(32, "0");
  root ??= `1-${Math.floor(request.requestTimeEpoch / 1000)
    .toString(16)
    .padStart(8, "0")}-${digits.slice(8, 32)}`;
  parent ??= digits.slice(0, 16);
  return `Root=${root};Parent=${parent};Sampled=${sampled ?? "0"}`;
}

/** Reaches the client as `x-amzn-Remapped-{Name}` from every integration type (R; x-amzn-RequestId also C). */
const REMAPPED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "server",
  // Recorded for HTTP and AWS; Lambda proxy answers by the (D) table and two captures (C). A Basic or Bearer challenge
  // of a backend therefore never reaches a browser.
  "www-authenticate",
  "x-amzn-requestid",
]);

/** The same, from HTTP and AWS only (R). */
const REMAPPED_WHEN_MAPPED: ReadonlySet<string> = new Set([
  "authorization",
  "content-md5",
  "expect",
  "host",
  "max-forwards",
  "proxy-authenticate",
  "trailer",
  "upgrade",
  "user-agent",
]);

/** A MOCK's own headers are remapped by this list only (R). */
const REMAPPED_OF_MOCK: ReadonlySet<string> = new Set(["connection", "content-length", "date", "server"]);

/** Hop-by-hop fields of an endpoint's answer that never travel further. */
const NEVER_RETURNED: ReadonlySet<string> = new Set(["transfer-encoding", "keep-alive", "proxy-connection"]);

/** Dropped from an HTTP_PROXY answer (R). */
const DROPPED_FROM_PROXY_ANSWER: ReadonlySet<string> = new Set(["content-encoding", "via"]);

/** Set by the gateway itself on every answer; an integration's own value gives way. */
const GATEWAY_OWN: ReadonlySet<string> = new Set(["x-amz-apigw-id"]);

/** The name a field of an integration's answer has for the client, or undefined when it does not get there. */
export function responseHeaderName(type: IntegrationType, name: string): string | undefined {
  const lower = name.toLowerCase();
  if (NEVER_RETURNED.has(lower) || GATEWAY_OWN.has(lower)) return undefined;
  if (lower === "x-amzn-trace-id" && hasTraceHeader(type)) return undefined;
  if (type === "HTTP_PROXY" && DROPPED_FROM_PROXY_ANSWER.has(lower)) return undefined;
  const isRemapped =
    type === "MOCK"
      ? REMAPPED_OF_MOCK.has(lower)
      : REMAPPED.has(lower) || ((type === "HTTP" || type === "AWS") && REMAPPED_WHEN_MAPPED.has(lower));
  if (isRemapped) return `x-amzn-Remapped-${name}`;
  return lower === "x-amzn-requestid" ? undefined : name;
}

/** `X-Amzn-Trace-Id` stands on answers of AWS, AWS_PROXY and HTTP integrations, not on HTTP_PROXY and MOCK (R). */
export function hasTraceHeader(type: IntegrationType): boolean {
  return type === "AWS" || type === "AWS_PROXY" || type === "HTTP";
}
