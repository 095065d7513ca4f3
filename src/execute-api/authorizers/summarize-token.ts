import { hash } from "node:crypto";
import { RECORDED_CLAIMS, type TokenSummary } from "../decision-record.ts";

/** Longer identity values are summarised by digest only. */
const MAX_SUMMARISED_CHARACTERS = 16_384;
const MAX_CLAIM_CHARACTERS = 512;
/** `\u001f` for one character. */
const LONGEST_ESCAPE = 6;

/** A token's header and payload. */
export interface TokenContent {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * What a record may keep of an identity value: a digest, and when it looks like a JWT its kid, alg and allow-listed
 * claims. Nothing is verified here; the value itself is not kept. `content` spares reading a JWT again.
 */
export function summarizeToken(identityValue: string, content = contentOf(identityValue)): TokenSummary {
  const digest = hash("sha256", identityValue, "hex").slice(0, 16);
  if (content === undefined) return { digest };
  const claims: Record<string, unknown> = {};
  for (const name of RECORDED_CLAIMS) {
    const value = content.claims[name];
    if (value !== undefined && isShort(value)) claims[name] = value;
  }
  const { kid, alg } = content.header;
  return {
    digest,
    claims,
    ...(typeof kid === "string" ? { kid: kid.slice(0, 128) } : {}),
    ...(typeof alg === "string" ? { alg: alg.slice(0, 16) } : {}),
  };
}

function isShort(value: unknown): boolean {
  // As JSON a text has two quotation marks more, or several.
  if (typeof value === "string" && value.length * LONGEST_ESCAPE + 2 <= MAX_CLAIM_CHARACTERS) return true;
  return typeof value === "number" || JSON.stringify(value).length <= MAX_CLAIM_CHARACTERS;
}

function contentOf(identityValue: string): TokenContent | undefined {
  const token = identityValue.replace(/^Bearer +/i, "");
  if (token.length > MAX_SUMMARISED_CHARACTERS) return undefined;
  const [header, payload, signature, ...more] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return undefined;
  const parsedHeader = parseSegment(header);
  const claims = parseSegment(payload);
  return parsedHeader && claims && { header: parsedHeader, claims };
}

function parseSegment(segment: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
