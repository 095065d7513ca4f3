import { type EndpointUri, parseEndpointUri } from "../integrations/endpoint-uri.ts";
import type { HttpOrigin } from "../integrations/http-client/http-exchange.ts";
import { fillStageVariables } from "../stage-variables.ts";
import type { MappingVerdict } from "./parameter-mapping.ts";
import type { HttpApiRequest, MatchedRoute } from "./request.ts";

/** The address of an HTTP_PROXY integration: which host is called never depends on a request. */
export interface ProxyEndpoint {
  readonly uri: EndpointUri;
  /** Of the default route: the whole request path is appended (D). */
  readonly appendsPath: boolean;
  /** Its value may have slashes. */
  readonly greedyName: string | undefined;
}

/** `{param}`, `{proxy}` and `${stageVariables.x}` may stand in the URI (D); each name must be one of the route's path. */
export function compileProxyEndpoint(
  uri: string,
  routePath: string,
  stageVariables: Readonly<Record<string, string>>,
): MappingVerdict<ProxyEndpoint> {
  const invalid = (message: string): MappingVerdict<never> => ({
    ok: false,
    problem: { rule: "integration-uri-invalid", message, fix: "Correct integrationUri." },
  });
  const parsed = parseEndpointUri(fillStageVariables(uri, stageVariables));
  if (!parsed.ok) return invalid(`integrationUri is not usable: ${parsed.message}.`);
  const known = [...routePath.matchAll(/\{(.+?)\+?\}/g)].map(([, name]) => name);
  for (const piece of parsed.uri.pieces) {
    if (typeof piece !== "string" && !known.includes(piece.placeholder)) {
      return invalid(
        `integrationUri has {${piece.placeholder}}, and the route's path ${routePath} has no such variable.`,
      );
    }
  }
  const greedyName = /\{(.+?)\+\}/.exec(routePath)?.[1];
  return { ok: true, value: { uri: parsed.uri, appendsPath: routePath === "$default", greedyName } };
}

/** Where a request goes: `target` is path and query as they go on the wire. */
export interface ResolvedEndpoint {
  readonly origin: HttpOrigin;
  /** Without the query, for records. */
  readonly shown: string;
  readonly target: string;
}

/** `path` when a parameter mapping replaced it: then of the URI only the host counts (?). */
export function resolveEndpoint(
  { uri, appendsPath, greedyName }: ProxyEndpoint,
  request: HttpApiRequest,
  { pathParameters }: MatchedRoute,
  path: string | undefined,
): ResolvedEndpoint {
  let target = "";
  if (path !== undefined) target = path.split("/").map(encodeSegment).join("/");
  else {
    for (const piece of uri.pieces) {
      if (typeof piece === "string") {
        target += piece;
        continue;
      }
      const value = pathParameters[piece.placeholder] ?? "";
      const isPath = piece.placeholder === greedyName && !piece.isInQuery;
      target += isPath ? value.split("/").map(encodeSegment).join("/") : encodeSegment(value);
    }
    if (appendsPath) target = appended(target, request.path);
  }
  const hasQuery = target.includes("?");
  const { rawQuery } = request;
  const query = rawQuery === "" ? "" : `${hasQuery ? "&" : "?"}${safeQuery(rawQuery)}`;
  return { origin: uri.origin, shown: `${uri.originText}${target.split("?", 1)[0]}`, target: target + query };
}

/** A decoded value as one segment; a dot segment would lead out of the integration's own path at many servers. */
function encodeSegment(text: string): string {
  return /^\.\.?$/.test(text) ? text.replaceAll(".", "%2E") : encodeURIComponent(text.toWellFormed());
}

/** The client's path behind the URI's own, before its query. */
function appended(target: string, path: string): string {
  const question = target.indexOf("?");
  const base = question < 0 ? target : target.slice(0, question);
  const encoded = path.replace(/[^\x21\x22\x24-\x3e\x40-\x7e]/g, (sign) => encodeURIComponent(sign.toWellFormed()));
  return `${base.endsWith("/") ? base.slice(0, -1) : base}${encoded}${question < 0 ? "" : target.slice(question)}`;
}

/** As sent; octets that no request line may hold are encoded. */
function safeQuery(rawQuery: string): string {
  return rawQuery.replace(/[^\x21\x22\x24-\x7e]/g, (sign) => encodeURIComponent(sign.toWellFormed()));
}
