import { randomFillSync, randomUUID } from "node:crypto";

/** Bytes of an extended request id before its Base64 text, so that the text ends in one `=` as AWS's do (R). */
const EXTENDED_ID_BYTES = 11;
/** With one more byte, a zero, an id takes 16 characters of a longer Base64 text and nothing of its neighbour's. */
const GROUP_BYTES = EXTENDED_ID_BYTES + 1;
const GROUP_CHARACTERS = 16;
const ID_CHARACTERS = 15;
const IDS_PER_FILL = 256;

const pool = Buffer.allocUnsafeSlow(GROUP_BYTES * IDS_PER_FILL);
let text = "";
let next = 0;

/** `$context.requestId`: a UUID. */
export const newRequestId: () => string = randomUUID;

/** `$context.extendedRequestId`. Made for many at once: random bytes and their text cost more than a request's decision. */
export function newExtendedRequestId(): string {
  if (next === text.length) {
    randomFillSync(pool);
    for (let at = 0; at < pool.length; at += GROUP_BYTES) {
      // One bit less, so that it begins with a letter: "-…" on a command line would be read as a flag.
      pool[at] = (pool[at] as number) & 0x7f;
      pool[at + EXTENDED_ID_BYTES] = 0;
    }
    text = pool.toString("base64url");
    next = 0;
  }
  const id = text.slice(next, next + ID_CHARACTERS);
  next += GROUP_CHARACTERS;
  return `${id}=`;
}

const TRACE_ID_BYTES = 12;
const TRACE_ID_CHARACTERS = TRACE_ID_BYTES * 2;

const tracePool = Buffer.allocUnsafeSlow(TRACE_ID_BYTES * IDS_PER_FILL);
let traceText = "";
let nextTrace = 0;

/** `Root=1-{seconds}-{24 hexadecimal digits}`, as AWS X-Ray writes them (D: "Tracing header"); made for many at once, too. */
export function newTraceId(epochMs: number): string {
  if (nextTrace === traceText.length) {
    traceText = randomFillSync(tracePool).toString("hex");
    nextTrace = 0;
  }
  const id = traceText.slice(nextTrace, nextTrace + TRACE_ID_CHARACTERS);
  nextTrace += TRACE_ID_CHARACTERS;
  const seconds = Math.floor(epochMs / 1000).toString(16);
  return `Root=1-${seconds.padStart(8, "0")}-${id}`;
}
