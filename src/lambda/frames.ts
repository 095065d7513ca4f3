import type { EnvironmentBoot, EnvironmentEvents, Invocation, LogLevel } from "./environment.ts";

/**
 * The messages between a pool and the code inside an environment. Each is one string: a letter, fields that end in a
 * line feed, and the payload as it is. A string is the cheapest thing a worker thread can be sent, needs no structured
 * clone, and travels over a pipe unchanged behind a four-byte length.
 */

/** File descriptors of a child process: one per direction, so that writing can be synchronous and reading not. */
export const CHANNEL_IN_FD = 3;
export const CHANNEL_OUT_FD = 4;

/** To the environment. */
export type FrameIn =
  | { readonly kind: "boot"; readonly boot: EnvironmentBoot }
  | { readonly kind: "invoke"; readonly invocation: Invocation };

export function bootFrame(boot: EnvironmentBoot): string {
  return `B${JSON.stringify(boot)}`;
}

export function invokeFrame({ requestId, deadlineMs, invokedFunctionArn, clientContext, payload }: Invocation): string {
  // The client context is the caller's text: quoted as JSON it cannot contain a line feed.
  const context = clientContext === "" ? "" : JSON.stringify(clientContext);
  return `I${requestId}\n${deadlineMs}\n${invokedFunctionArn}\n${context}\n${payload}`;
}

export function readFrameIn(frame: string): FrameIn {
  if (frame.startsWith("B")) return { kind: "boot", boot: JSON.parse(frame.slice(1)) as EnvironmentBoot };
  const a = frame.indexOf("\n");
  const b = frame.indexOf("\n", a + 1);
  const c = frame.indexOf("\n", b + 1);
  const d = frame.indexOf("\n", c + 1);
  const context = frame.slice(c + 1, d);
  return {
    kind: "invoke",
    invocation: {
      requestId: frame.slice(1, a),
      deadlineMs: Number(frame.slice(a + 1, b)),
      invokedFunctionArn: frame.slice(b + 1, c),
      clientContext: context === "" ? "" : String(JSON.parse(context)),
      payload: frame.slice(d + 1),
    },
  };
}

export const READY_FRAME = "R";

export function initFailedFrame(payload: string): string {
  return `F${payload}`;
}

export function logFrame(requestId: string, level: LogLevel | "", text: string): string {
  return `L${requestId}\n${level}\n${text}`;
}

export function answerFrame(kind: "success" | "error" | "fatal", requestId: string, payload: string): string {
  return `${kind === "success" ? "S" : kind === "error" ? "E" : "X"}${requestId}\n${payload}`;
}

const ANSWER_KINDS: Readonly<Record<string, "success" | "error" | "fatal">> = { S: "success", E: "error", X: "fatal" };
const LEVELS = new Set<string>(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]);

/** Reads a frame from an environment and tells it. What cannot be read is ignored: handler code may write there too. */
export function tellFrame(frame: string, events: EnvironmentEvents): void {
  const letter = frame.charAt(0);
  const kind = ANSWER_KINDS[letter];
  if (kind !== undefined) {
    const end = frame.indexOf("\n");
    if (end > 0) events.onAnswer({ kind, requestId: frame.slice(1, end), payload: frame.slice(end + 1) });
  } else if (letter === "L") {
    const a = frame.indexOf("\n");
    const b = frame.indexOf("\n", a + 1);
    if (b < 0) return;
    const level = frame.slice(a + 1, b);
    events.onLog({
      requestId: frame.slice(1, a),
      level: LEVELS.has(level) ? (level as LogLevel) : undefined, // checked against the same list
      text: frame.slice(b + 1),
    });
  } else if (letter === "R") {
    events.onReady();
  } else if (letter === "F") {
    events.onInitFailed(frame.slice(1));
  }
}

const LENGTH_BYTES = 4;

/** A frame as it goes over a pipe. */
export function packFrame(frame: string): Buffer {
  const length = Buffer.byteLength(frame);
  const packed = Buffer.allocUnsafe(LENGTH_BYTES + length);
  packed.writeUInt32LE(length, 0);
  packed.write(frame, LENGTH_BYTES);
  return packed;
}

/** Takes bytes from a pipe and gives whole frames. A frame over the limit calls `onTooLong` and nothing more is read. */
export function createFrameReader(
  limitBytes: number,
  onFrame: (frame: string) => void,
  onTooLong: () => void,
): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let wanted = LENGTH_BYTES;
  let broken = false;
  return (chunk) => {
    if (broken) return;
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes < wanted) return;
    let bytes = pending.length === 1 ? chunk : Buffer.concat(pending, pendingBytes);
    for (;;) {
      wanted = LENGTH_BYTES;
      if (bytes.length < wanted) break;
      const length = bytes.readUInt32LE(0);
      if (length > limitBytes) {
        broken = true;
        pending = [];
        onTooLong();
        return;
      }
      wanted = LENGTH_BYTES + length;
      if (bytes.length < wanted) break;
      const frame = bytes.toString("utf8", LENGTH_BYTES, wanted);
      bytes = bytes.subarray(wanted);
      onFrame(frame);
    }
    pending = bytes.length === 0 ? [] : [bytes];
    pendingBytes = bytes.length;
  };
}
