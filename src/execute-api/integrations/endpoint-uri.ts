import type { HttpOrigin } from "./http-client/http-exchange.ts";

/** The address of an HTTP integration, split at deployment: which host is called never depends on a request. */
export interface EndpointUri {
  readonly origin: HttpOrigin;
  /** `https://example.com:8443`, for records. */
  readonly originText: string;
  /** Path and query in pieces, beginning with `/`; placeholders stand for `integration.request.path.{name}`. */
  readonly pieces: readonly EndpointPiece[];
  readonly hasQuery: boolean;
}

export type EndpointPiece = string | { readonly placeholder: string; readonly isInQuery: boolean };

export type EndpointUriVerdict =
  | { readonly ok: true; readonly uri: EndpointUri }
  /** `placeholder_in_host` could let a request choose the host; `invalid` is AWS's "Invalid endpoint address". */
  | {
      readonly ok: false;
      readonly reason: "placeholder_in_host" | "credentials" | "invalid";
      readonly message: string;
    };

const URI = /^(https?):\/\/([^/?#]*)([^#]*)/i;
const PLACEHOLDER = /\{([^{}]*)\}/g;
/** What may stand in a path or query as it is (RFC 3986), placeholders aside. */
const LITERAL = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*$/;

/** Splits a URI whose stage variables are filled in already. */
export function parseEndpointUri(uri: string): EndpointUriVerdict {
  const parts = URI.exec(uri);
  if (parts === null)
    return { ok: false, reason: "invalid", message: `${JSON.stringify(uri)} is no http or https address` };
  const scheme = (parts[1] as string).toLowerCase() as "http" | "https"; // the expression takes no other
  const authority = parts[2] as string;
  if (/[{}]/.test(authority)) {
    return {
      ok: false,
      reason: "placeholder_in_host",
      message: `${JSON.stringify(uri)} has a path parameter in its host: begin the path with "/" first`,
    };
  }
  if (authority.includes("@")) {
    return {
      ok: false,
      reason: "credentials",
      message: "the address holds a user name or password: send an Authorization header instead",
    };
  }
  if (authority === "" || !/^[A-Za-z0-9.\-_:[\]]+$/.test(authority) || !URL.canParse(`${scheme}://${authority}/`)) {
    return { ok: false, reason: "invalid", message: `${JSON.stringify(uri)} names no host` };
  }
  const parsed = new URL(`${scheme}://${authority}/`);
  const port = parsed.port === "" ? (scheme === "https" ? 443 : 80) : Number(parsed.port);
  const rest = parts[3] as string;
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  const pieces: EndpointPiece[] = [];
  let from = 0;
  let isInQuery = false;
  const literal = (text: string): boolean => {
    if (text !== "") pieces.push(text);
    isInQuery ||= text.includes("?");
    return LITERAL.test(text);
  };
  for (const match of target.matchAll(PLACEHOLDER)) {
    if (!literal(target.slice(from, match.index))) return illegal(uri);
    pieces.push({ placeholder: match[1] as string, isInQuery });
    from = match.index + match[0].length;
  }
  if (!literal(target.slice(from))) return illegal(uri);
  return {
    ok: true,
    uri: {
      origin: { scheme, hostname: parsed.hostname, port },
      originText: parsed.origin,
      pieces,
      hasQuery: isInQuery,
    },
  };
}

function illegal(uri: string): EndpointUriVerdict {
  return { ok: false, reason: "invalid", message: `${JSON.stringify(uri)} holds characters that no address may hold` };
}

/** A value for a placeholder; `isEncoded` when it comes from the request's path, which is passed on as it was sent (R). */
export interface PlaceholderValue {
  readonly text: string;
  readonly isEncoded: boolean;
}

/** The path and query with every placeholder filled, or the name of one that has no value. */
export function fillEndpointUri(
  uri: EndpointUri,
  value: (name: string) => PlaceholderValue | undefined,
): { readonly ok: true; readonly target: string } | { readonly ok: false; readonly missing: string } {
  let target = "";
  for (const piece of uri.pieces) {
    if (typeof piece === "string") {
      target += piece;
      continue;
    }
    const filled = value(piece.placeholder);
    if (filled === undefined) return { ok: false, missing: piece.placeholder };
    target += piece.isInQuery
      ? encodeQueryText(filled.isEncoded ? decodeText(filled.text) : filled.text)
      : filled.isEncoded
        ? keepEncodedPath(filled.text)
        : encodeURIComponent(wellFormed(filled.text));
  }
  return { ok: true, target };
}

const PATH_AS_SENT = /%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@/]|[\s\S]/gu;
const PATH_SAFE = /^(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@/])*$/;

/** A path as the client sent it; whatever could begin a query or fragment, or is no path character, is encoded. */
function keepEncodedPath(text: string): string {
  if (PATH_SAFE.test(text)) return text;
  return text.replace(PATH_AS_SENT, (piece) =>
    piece.length === 3 || PATH_SAFE.test(piece) ? piece : percentEncode(piece),
  );
}

/** Octets of a raw path stay octets (the transport reads them as latin1). */
function percentEncode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const bytes = code <= 0xff ? [code] : [...Buffer.from(character, "utf8")];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** A query name or value: everything but unreserved characters is encoded, a blank as `%20`. */
export function encodeQueryText(text: string): string {
  return encodeURIComponent(wellFormed(text)).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A lone surrogate has no UTF-8 form. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}
