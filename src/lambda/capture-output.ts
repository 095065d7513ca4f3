import { format } from "node:util";
import type { LogLevel } from "./environment.ts";
import { MAX_LOG_CHARACTERS, MAX_LOG_LINE_CHARACTERS, MAX_LOG_LINES } from "./limits.ts";

/** Sends one line of the function's log. */
export type SendLine = (level: LogLevel | "", text: string) => void;

export interface CapturedOutput {
  log(level: LogLevel, text: string): void;
  /** Sends what was written without a line end. */
  flush(): void;
  /** The bounds count anew, for the next invocation. */
  reset(): void;
}

/** The line that stands for what was left out. */
export const LOG_DROPPED_TEXT = "[gatewarden] further log lines of this invocation were dropped";

/**
 * Takes over `console` and the two output streams inside an environment, so that lines reach the gateway in order and
 * before the answer. Bounded here already: a function that logs in a loop must not fill the gateway's memory.
 */
export function captureOutput(send: SendLine): CapturedOutput {
  let lines = 0;
  let characters = 0;

  function log(level: LogLevel | "", text: string): void {
    if (lines >= MAX_LOG_LINES || characters >= MAX_LOG_CHARACTERS) {
      if (lines !== Number.POSITIVE_INFINITY) send("", LOG_DROPPED_TEXT);
      lines = Number.POSITIVE_INFINITY;
      return;
    }
    const cut = text.length > MAX_LOG_LINE_CHARACTERS ? text.slice(0, MAX_LOG_LINE_CHARACTERS) : text;
    lines += 1;
    characters += cut.length;
    send(level, cut);
  }

  const levels = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" } as const;
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, LogLevel][]) {
    console[method] = (...parts: unknown[]) => log(level, format(...parts));
  }

  const flushOut = captureStream(process.stdout, (text) => log("", text));
  const flushError = captureStream(process.stderr, (text) => log("", text));
  return {
    log,
    flush: () => {
      flushOut();
      flushError();
    },
    reset: () => {
      lines = 0;
      characters = 0;
    },
  };
}

/** Replaces `write` and returns what sends an unfinished line. */
function captureStream(stream: NodeJS.WriteStream, onLine: (text: string) => void): () => void {
  let unfinished = "";
  const flush = (): void => {
    if (unfinished === "") return;
    const text = unfinished;
    unfinished = "";
    onLine(text);
  };
  stream.write = (chunk: Uint8Array | string, second?: unknown, third?: unknown): boolean => {
    const encoding = typeof second === "string" && Buffer.isEncoding(second) ? second : "utf8";
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString(encoding);
    if (text.includes("\n")) {
      const lines = (unfinished + text).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    } else unfinished += text;
    // Cut, never split: the second half of a token would not be recognised as one.
    unfinished = unfinished.slice(0, MAX_LOG_LINE_CHARACTERS);
    const done = typeof second === "function" ? second : third;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  return flush;
}
