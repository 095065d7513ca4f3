import { HeaderNames } from "../header-fields.ts";
import type { HttpResult } from "../integrations/http-client/http-exchange.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import type { Answer } from "../transport.ts";
import { timedOut } from "./call-integration.ts";
import type { HttpProxyIntegration } from "./deployment.ts";
import type { MappedRequest } from "./parameter-mapping.ts";
import { resolveEndpoint } from "./proxy-endpoint.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { HttpApiRequest, MatchedRoute } from "./request.ts";

/** Of the client's fields, what does not go to a backend: its own framing, and what `Forwarded` says instead (D). */
const NOT_FORWARDED = new HeaderNames([
  "content-length",
  "forwarded",
  "host",
  "transfer-encoding",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
]);

/** Of a backend's fields, what belongs to its connection. */
const NOT_PASSED_BACK = new HeaderNames([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const VIA = "HTTP/1.1 AmazonAPIGateway";

/** An HTTP_PROXY integration: the whole request goes on, the whole response comes back (D). conformance/http-api/http-proxy */
export async function callEndpoint(
  { method, endpoint, timeoutMs }: HttpProxyIntegration,
  { request, path }: MappedRequest,
  matched: MatchedRoute,
  ports: Ports,
  trace: Trace,
): Promise<Answer> {
  const resolved = resolveEndpoint(endpoint, request, matched, path);
  const httpMethod = method === "ANY" ? request.method : method;
  const target = `${httpMethod} ${resolved.shown}`;
  const began = ports.monotonic();
  const result = await ports.http.request({
    method: httpMethod,
    url: resolved.origin,
    path: resolved.target,
    headers: forwardedHeaders(request),
    timeoutMs,
    ...(request.body.length > 0 && { body: request.body }),
  });
  trace.integration = {
    type: "HTTP_PROXY",
    target,
    latencyMs: Math.round(ports.monotonic() - began),
    ...(result.outcome === "response" && { status: result.status }),
  };
  if (result.outcome !== "response") throw refusalFor(result, target, timeoutMs);
  return { status: result.status, headers: passedBack(result.headers), body: result.body };
}

/** What proxies before us have said of the client. */
const SAID_BY_PROXIES = new HeaderNames(["forwarded", "via", "x-forwarded-for"]);

/** The gateway's own address among them, as the backend sees it in captures (R); here it is unknown to us. */
function forwardedHeaders(request: HttpApiRequest): string[] {
  const { raw } = request.headers;
  const headers: string[] = [];
  let isProxied = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    if (!NOT_FORWARDED.has(name)) headers.push(name.toLowerCase(), raw[at + 1] as string);
    else if (SAID_BY_PROXIES.has(name)) isProxied = true;
  }
  const own = ownElement(request.sourceIp, request.headers.last("host") ?? "", request.scheme);
  if (isProxied) headers.push("forwarded", [...elementsBefore(request), own].join(", "));
  else headers.push("forwarded", own);
  headers.push("via", isProxied ? [...request.headers.all("via"), VIA].join(", ") : VIA);
  // A content type is there even without a payload, if a length of 0 was sent (D).
  const isEmpty = request.headers.last("content-length") === "0";
  if (isEmpty && !request.headers.has("content-type")) headers.push("content-type", "application/octet-stream");
  return headers;
}

/** What `Forwarded` says already, and what X-Forwarded-For says instead of it (D). */
function elementsBefore({ headers }: HttpApiRequest): string[] {
  const chain = headers.all("x-forwarded-for").flatMap((value) => value.split(","));
  const hosts = chain.map((each) => each.trim()).filter((each) => each !== "");
  return [...headers.all("forwarded"), ...hosts.map((each) => `for=${quoted(each)}`)];
}

let lastElement = { sourceIp: "", host: "", scheme: "", text: "" };

/** Remembered for one client at a time: it says the same of itself in every request. */
function ownElement(sourceIp: string, host: string, scheme: string): string {
  if (lastElement.sourceIp !== sourceIp || lastElement.host !== host || lastElement.scheme !== scheme) {
    const text = `by=_gateway;for=${quoted(sourceIp)};host=${quoted(host)};proto=${scheme}`;
    lastElement = { sourceIp, host, scheme, text };
  }
  return lastElement.text;
}

/** RFC 7239 §4: anything but a token is a quoted string, an IPv6 address in brackets. */
function quoted(text: string): string {
  if (/^[\w.!#$%&'*+^`|~-]+$/.test(text)) return text;
  const bracketed = /^[0-9a-f:]+$/i.test(text) ? `[${text}]` : text;
  return `"${bracketed.replace(/[\\"]/g, "\\$&")}"`;
}

function passedBack(received: readonly string[]): string[] {
  const headers: string[] = [];
  for (let at = 0; at < received.length; at += 2) {
    const name = received[at] as string;
    if (!NOT_PASSED_BACK.has(name)) headers.push(name.toLowerCase(), received[at + 1] as string);
  }
  return headers;
}

/** What an unreachable backend answers is (?): 503. */
function refusalFor(
  result: Exclude<HttpResult, { outcome: "response" }>,
  target: string,
  timeoutMs: number,
): HttpApiRefusal {
  switch (result.outcome) {
    case "timeout":
      return timedOut(target, timeoutMs, result.phase);
    case "invalid_request":
      return new HttpApiRefusal(500, "Internal Server Error", {
        reason: "parameter_mapping_failed",
        message: `${target} was not called: ${result.detail}`,
      });
    default:
      return new HttpApiRefusal(503, "Service Unavailable", {
        reason: "integration_unreachable",
        message: `${target} gave no usable answer: ${result.detail}`,
        actual: "code" in result ? result.code : result.outcome,
      });
  }
}
