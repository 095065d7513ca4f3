import { isUtf8 } from "node:buffer";
import type { ContentHandling } from "../../model/rest-api.ts";

/*
 * Binary payloads of REST APIs: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
 * and its two tables of content type conversions (D, recorded with S3 integrations). conformance/rest-api/binary
 */

/** A payload after conversion; `decode_failed` is AWS's 500. */
export type Converted =
  | { readonly ok: true; readonly body: Buffer | string }
  | { readonly ok: false; readonly detail: string };

/**
 * Whether a Content-Type or Accept value names one of an API's binary media types. Only the first media type of a list
 * counts (D), without parameters, in any case; `type/*` and the all-covering wildcard match as one expects, a wildcard on
 * the left alone matches nothing (R).
 */
export function isBinaryMediaType(headerValue: string | undefined, binaryMediaTypes: readonly string[]): boolean {
  if (binaryMediaTypes.length === 0) return false;
  const wanted = firstMediaType(headerValue);
  for (const each of binaryMediaTypes) {
    // The wildcard covers a payload that names no type as well: it means everything (D).
    if (each === "*/*") return true;
    if (wanted === undefined || each.startsWith("*/")) continue;
    const listed = each.toLowerCase();
    if (listed === wanted) return true;
    if (listed.endsWith("/*") && wanted.startsWith(listed.slice(0, -1))) return true;
  }
  return false;
}

/** `image/png` of `image/png;q=1, text/html`, in lower case; undefined when there is none. */
export function firstMediaType(headerValue: string | undefined): string | undefined {
  if (headerValue === undefined) return undefined;
  let end = headerValue.length;
  for (let at = 0; at < headerValue.length; at++) {
    const code = headerValue.charCodeAt(at);
    if (code === 44 || code === 59) {
      end = at;
      break;
    }
  }
  const type = headerValue.slice(0, end).trim().toLowerCase();
  return type === "" ? undefined : type;
}

/** The request body as the integration request sees it. Text is a string, raw binary stays a buffer. */
export function convertRequestBody(body: Buffer, isBinary: boolean, handling: ContentHandling | undefined): Converted {
  if (isBinary) {
    return { ok: true, body: handling === "CONVERT_TO_TEXT" ? body.toString("base64") : body };
  }
  return handling === "CONVERT_TO_BINARY"
    ? decodeBase64(body.toString("latin1"))
    : { ok: true, body: body.toString("utf8") };
}

export interface ResponseConversion {
  /** Whether the API has binary media types at all. */
  readonly hasBinaryTypes: boolean;
  /** Whether the payload's own Content-Type is one of them. */
  readonly isBinary: boolean;
  /** Whether the first media type of the client's Accept is one of them. */
  readonly acceptsBinary: boolean;
  readonly handling: ContentHandling | undefined;
}

/** The integration's payload as the client gets it (or as the response template sees it). */
export function convertResponseBody(body: Buffer | string, conversion: ResponseConversion): Converted {
  const { isBinary, acceptsBinary, handling } = conversion;
  if (!isBinary) {
    // Bytes that are no UTF-8 are mangled by a text conversion, on AWS too: binary needs a binary media type.
    if (!decodesText(conversion)) return { ok: true, body: typeof body === "string" ? body : body.toString("utf8") };
    return decodeBase64(typeof body === "string" ? body : body.toString("latin1"));
  }
  const encodes = handling === "CONVERT_TO_TEXT" || (handling === undefined && !acceptsBinary);
  return { ok: true, body: encodes ? Buffer.from(body as string).toString("base64") : body };
}

/** Whether a payload is text that conversion leaves as it is: no need to decode it and encode it again. */
export function passesAsText(body: Buffer, conversion: ResponseConversion): boolean {
  return !conversion.isBinary && !decodesText(conversion) && isUtf8(body);
}

function decodesText({ handling, hasBinaryTypes, acceptsBinary }: ResponseConversion): boolean {
  return handling === "CONVERT_TO_BINARY" || (handling === undefined && hasBinaryTypes && acceptsBinary);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Strict but for line breaks (?): anything else fails the request with 500 (D), text with blanks too (R). */
export function decodeBase64(text: string): Converted {
  const compact = /[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, "") : text;
  if (!BASE64.test(compact) || compact.replace(/=+$/, "").length % 4 === 1) {
    return { ok: false, detail: `the payload of ${text.length} characters is not base64` };
  }
  return { ok: true, body: Buffer.from(compact, "base64") };
}
