import { hash } from "node:crypto";
import { RECORDED_CLAIMS, type TokenSummary } from "../decision-record.ts";

/** Longer identity values are summarised by digest only. */
const MAX_SUMMARISED_CHARACTERS = 16_384;
const MAX_CLAIM_CHARACTERS = 512;

/**
 * What a record may keep of an identity value: a digest, and when it looks like a JWT its kid, alg and allow-listed
 * claims. Nothing is verified here; the value itself is not kept.
 */
export function summarizeToken(identityValue: string): TokenSummary {
  const digest = hash("sha256", identityValue, "hex").slice(0, 16);
  const token = identityValue.replace(/^Bearer +/i, "");
  if (token.length > MAX_SUMMARISED_CHARACTERS) return { digest };
  const [header, payload, signature, ...more] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return { digest };
  const parsedHeader = parseSegment(header);
  const parsedPayload = parseSegment(payload);
  if (parsedHeader === undefined || parsedPayload === undefined) return { digest };
  const claims: Record<string, unknown> = {};
  for (const name of RECORDED_CLAIMS) {
    const value = parsedPayload[name];
    if (value !== undefined && JSON.stringify(value).length <= MAX_CLAIM_CHARACTERS) claims[name] = value;
  }
  const { kid, alg } = parsedHeader;
  return {
    digest,
    claims,
    ...(typeof kid === "string" ? { kid: kid.slice(0, 128) } : {}),
    ...(typeof alg === "string" ? { alg: alg.slice(0, 16) } : {}),
  };
}

function parseSegment(segment: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
