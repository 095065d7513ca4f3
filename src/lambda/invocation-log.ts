import type { EnvironmentLogLine, LogLevel } from "./environment.ts";
import { MAX_LOG_CHARACTERS, MAX_LOG_LINE_CHARACTERS, MAX_LOG_LINES } from "./limits.ts";
import { maskTokens } from "./mask-tokens.ts";

/** One line of a function's log, tokens masked. */
export interface FunctionLogLine {
  readonly functionArn: string;
  readonly functionName: string;
  readonly logStreamName: string;
  /** Absent for what was written outside an invocation. */
  readonly requestId?: string;
  /** Only for `console.*` and the runner's own lines. */
  readonly level?: LogLevel;
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** As in CloudWatch: `{time}\t{requestId}\t{level}\t{message}` for `console.*`, else the line as written. */
  readonly text: string;
}

/** The log of one invocation, or of the time between two: bounded, masked, and passed on line by line. */
export interface InvocationLog {
  readonly lines: readonly string[];
  add(line: EnvironmentLogLine): void;
}

/** Every line of every function comes through here, so this is the one place where tokens are masked. */
export function createInvocationLog(
  about: Pick<FunctionLogLine, "functionArn" | "functionName" | "logStreamName">,
  now: () => number,
  pass: ((line: FunctionLogLine) => void) | undefined,
): InvocationLog {
  const lines: string[] = [];
  let count = 0;
  let characters = 0;
  return {
    lines,
    add: ({ requestId, level, text }) => {
      // One more than the environment sends, so that its line about the dropped ones still fits.
      if (count > MAX_LOG_LINES || characters > MAX_LOG_CHARACTERS) return;
      const cut = maskTokens(text).slice(0, MAX_LOG_LINE_CHARACTERS);
      count += 1;
      characters += cut.length;
      const atMs = now();
      const line =
        level === undefined ? cut : `${new Date(atMs).toISOString()}\t${requestId || "undefined"}\t${level}\t${cut}`;
      lines.push(line);
      if (pass === undefined) return;
      const told = { ...about, atMs, text: line };
      try {
        pass({ ...told, ...(requestId === "" ? {} : { requestId }), ...(level === undefined ? {} : { level }) });
      } catch {
        // A reader's fault is not the function's.
      }
    },
  };
}
