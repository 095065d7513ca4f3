import type { MatchedMapping } from "../custom-domains.ts";
import { HeaderFields, HeaderNames } from "../header-fields.ts";
import type { Ports } from "../ports.ts";
import { parseQueryString } from "../query-string.ts";
import type { IncomingRequest } from "../transport.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import type { HttpApiRequest } from "./request.ts";

/** A request target whose API and stage are known: what is left for the API itself, raw as on the wire. */
export interface StageTarget {
  /** At least `/`. */
  readonly path: string;
  readonly rawQuery: string;
  readonly mapping?: MatchedMapping;
}

/** Belong to the connection and reach no integration (?). */
const HOP_BY_HOP = new HeaderNames([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Reads what every step needs of a request to a known stage. */
export function readRequest(
  incoming: IncomingRequest,
  target: StageTarget,
  { stageName }: HttpApiDeployment,
  ports: Pick<Ports, "newExtendedRequestId">,
): HttpApiRequest {
  const headers = new HeaderFields(incoming.headers).without(HOP_BY_HOP);
  const { mapping } = target;
  return {
    incoming,
    method: incoming.method,
    path: target.path,
    rawPath: rawPathOf(target.path, stageName),
    rawQuery: target.rawQuery,
    query: parseQueryString(target.rawQuery),
    headers,
    body: incoming.body,
    // Of the same shape as a REST API's extended request id (R).
    requestId: ports.newExtendedRequestId(),
    requestTimeEpoch: incoming.receivedAtMs,
    sourceIp: incoming.sourceIp,
    userAgent: headers.last("user-agent") ?? "",
    domainName: (headers.last("host") ?? "").replace(/:\d+$/, ""),
    scheme: incoming.scheme,
    mapping: mapping && { ...mapping, path: visiblePath(mapping.path) },
  };
}

/** A decoded `?` ends the path before a function sees it (R, second-hand). */
const DECODED_QUESTION_MARK_ENDS_PATH = true;

/**
 * `rawPath` and `$context.path`: decoded in spite of the name, so that an encoded `/`, `?` or `#` is lost (R), and with
 * the stage in front unless that is `$default` (R), through a custom domain too and then without the mapping's key (C:
 * serverless-express 465). conformance/http-api/paths, conformance/http-api/custom-domain
 */
function rawPathOf(path: string, stageName: string): string {
  const visible = visiblePath(path);
  return stageName === "$default" ? visible : `/${stageName}${visible}`;
}

function visiblePath(path: string): string {
  const decoded = decodePercent(path);
  const question = DECODED_QUESTION_MARK_ENDS_PATH ? decoded.indexOf("?") : -1;
  return question < 0 ? decoded : decoded.slice(0, question);
}

/** Percent-decoded; as it is when it is malformed. `+` stays. */
export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
