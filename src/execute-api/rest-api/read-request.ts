import type { MatchedMapping } from "../custom-domains.ts";
import { HeaderFields, HeaderNames } from "../header-fields.ts";
import type { Ports } from "../ports.ts";
import { parseQueryString } from "../query-string.ts";
import type { IncomingRequest } from "../transport.ts";
import type { RestRequest } from "./request.ts";

/** A request target whose API and stage are known: what is left for the API itself, raw as on the wire. */
export interface StageTarget {
  /** `/{stage}` and the raw rest; of a custom domain the client's whole path, with the key and without the stage (C). */
  readonly requestPath: string;
  /** The raw rest, at least `/`. */
  readonly path: string;
  readonly rawQuery: string;
  readonly mapping?: MatchedMapping;
}

/** Never reach mapping or any integration (R). conformance/rest-api/headers/dropped-at-parse */
const DROPPED_AT_PARSE = new HeaderNames([
  "connection",
  "content-length",
  "content-md5",
  "expect",
  "max-forwards",
  "proxy-authenticate",
  "server",
  "te",
  "transfer-encoding",
  "trailer",
  "upgrade",
  "www-authenticate",
]);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads what every step needs of a request to a known stage. */
export function readRequest(incoming: IncomingRequest, target: StageTarget, ports: Ports): RestRequest {
  const headers = new HeaderFields(incoming.headers).without(DROPPED_AT_PARSE);
  // A client's own request id is taken over when it is a UUID (D).
  const sentRequestId = headers.last("x-amzn-requestid");
  const host = headers.last("host") ?? "";
  return {
    incoming,
    method: methodOf(headers) ?? incoming.method,
    path: collapseLeadingSlashes(target.path),
    requestPath: target.requestPath,
    rawQuery: target.rawQuery,
    query: parseQueryString(target.rawQuery),
    headers,
    body: incoming.body,
    requestId: sentRequestId !== undefined && UUID.test(sentRequestId) ? sentRequestId : ports.newRequestId(),
    extendedRequestId: ports.newExtendedRequestId(),
    requestTimeEpoch: incoming.receivedAtMs,
    sourceIp: incoming.sourceIp,
    userAgent: headers.last("user-agent") ?? null,
    domainName: host.replace(/:\d+$/, ""),
    scheme: incoming.scheme,
    mapping: target.mapping,
  };
}

/**
 * The override header replaces the verb (D). Overrides that contradict each other are no verb at all: the header goes on
 * to the backend, which may believe another one than was authorised here.
 */
function methodOf(headers: HeaderFields): string | undefined {
  const overrides = headers.all("x-http-method-override");
  return overrides.length < 2 ? overrides[0] : [...new Set(overrides)].join(", ");
}

/** `/{stage}//x` routes as `/x` while `requestContext.path` keeps both slashes (R). */
function collapseLeadingSlashes(path: string): string {
  if (path.charCodeAt(1) !== 47) return path;
  return path.replace(/^\/+/, "/");
}
