import { randomFillSync, randomUUID } from "node:crypto";

/** Bytes of an extended request id before its Base64 text, so that the text ends in one `=` as AWS's do (R). */
const EXTENDED_ID_BYTES = 11;
const IDS_PER_FILL = 256;

const pool = Buffer.allocUnsafeSlow(EXTENDED_ID_BYTES * IDS_PER_FILL);
let used = pool.length;

/** `$context.requestId`: a UUID. */
export const newRequestId: () => string = randomUUID;

/** `$context.extendedRequestId`. Random bytes are drawn for many at once: drawing costs more than the rest of a request's decision. */
export function newExtendedRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString("base64url", used, used + EXTENDED_ID_BYTES);
  used += EXTENDED_ID_BYTES;
  return `${text}=`;
}
