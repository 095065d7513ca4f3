import { type DecodedObject, decodeHeader } from "./decode-jwt.ts";
import type { DecodeFailure } from "./token-verdict.ts";

/*
 * Tokens signed with one key share their header segment, so a process that verifies many decodes it once. A module of
 * its own, since the shipped authorizer sees too few tokens for it.
 */

/** How many header segments are remembered, and how long one may be. */
export const MAX_REMEMBERED_HEADERS = 16;
export const MAX_REMEMBERED_HEADER_CHARS = 512;

const headers = new Map<string, DecodedObject>();

/** decodeHeader, faster: for decodeJwt's `readHeader`. */
export function readRememberedHeader(segment: string): DecodedObject | DecodeFailure {
  return headers.get(segment) ?? remember(segment);
}

function remember(segment: string): DecodedObject | DecodeFailure {
  const header = decodeHeader(segment);
  // Remembered headers are shared, hence frozen and flat.
  const isFlat = header.ok && Object.values(header.value).every((value) => typeof value !== "object");
  if (isFlat && segment.length <= MAX_REMEMBERED_HEADER_CHARS) {
    if (headers.size >= MAX_REMEMBERED_HEADERS) headers.clear();
    Object.freeze(header.value);
    // A new string: a slice would keep the whole token alive.
    headers.set(Buffer.from(segment).toString(), header);
  }
  return header;
}
