/**
 * Content types whose bodies reach a function as text; everything else is Base64, a missing type and form posts included
 * (R, measured 2026-06). Parameters are ignored. `application/*+json` and `*+xml` were not measured: Base64 (?).
 * conformance/http-api/event-2
 */
const TEXT_TYPES: ReadonlySet<string> = new Set(["application/json", "application/xml", "application/javascript"]);

export interface EncodedBody {
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** A payload as events carry it; undefined when there is none. */
export function encodeBody(body: Buffer, contentType: string | undefined): EncodedBody | undefined {
  if (body.length === 0) return undefined;
  const type = (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
  const isText = type.startsWith("text/") || TEXT_TYPES.has(type);
  return { body: body.toString(isText ? "utf8" : "base64"), isBase64Encoded: !isText };
}
