/** The JSON that Lambda gives a caller for a failed invocation, and the texts in it. */

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
export interface ErrorPayload {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** (C) "…Error: Task timed out after 3.00 seconds", payload `{"errorType":"Sandbox.Timedout",…}`, pasted by many since 2023. */
export function timedOut(requestId: string, timeoutMs: number): ErrorPayload {
  return { errorType: "Sandbox.Timedout", errorMessage: `RequestId: ${requestId} Error: ${timedOutText(timeoutMs)}` };
}

/** (C) The log line is `{time} {requestId} Task timed out after 3.00 seconds`. */
export function timedOutText(timeoutMs: number): string {
  return `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
}

/** How an environment came to its end. */
export type EnvironmentExit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "out_of_memory" };

/**
 * (C) `Runtime.ExitError` with "exit status N", "signal: killed" or, for exit code 0, "exited without providing a
 * reason"; `Runtime.OutOfMemory` with "signal: killed" when the memory was used up (adobe/helix-html2md-service#1001).
 */
export function exited(requestId: string, exit: EnvironmentExit): ErrorPayload {
  return {
    errorType: exit.kind === "out_of_memory" ? "Runtime.OutOfMemory" : "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: ${exitText(exit)}`,
  };
}

function exitText(exit: EnvironmentExit): string {
  if (exit.kind === "out_of_memory") return "Runtime exited with error: signal: killed";
  if (exit.kind === "signal") return `Runtime exited with error: signal: ${SIGNAL_NAMES[exit.signal] ?? exit.signal}`;
  if (exit.code === 0) return "Runtime exited without providing a reason";
  return `Runtime exited with error: exit status ${exit.code}`;
}

/** Go's names for signals, since Lambda's sandbox is written in it; some pastes add "(core dumped)" (?). */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

/** (C) aws-sdk users' pastes; moto's test of the same name. */
export function responseTooLarge(limitBytes: number): ErrorPayload {
  return {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`,
  };
}

/** (C) TooManyRequestsException's text. */
export const THROTTLED_MESSAGE = "Rate Exceeded.";

/** (C) ResourceNotFoundException's text. */
export function notFoundMessage(functionArn: string): string {
  return `Function not found: ${functionArn}`;
}

// What follows is said by Lambda's Node.js runtime inside the environment. Source for all of it:
// https://github.com/aws/aws-lambda-nodejs-runtime-interface-client (D: AWS's own code).

/** A nodejs24.x function whose handler declares a third parameter does not start. */
export const CALLBACK_REMOVED_MESSAGE =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

/** An async handler whose promise can no longer settle, because nothing is left in the event loop. */
export const NEVER_SETTLED_MESSAGE =
  "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes";

/** A result that `JSON.stringify` refuses. */
export const UNSERIALISABLE_MESSAGE = "Unable to stringify response body";

/** An error object that cannot even be read. */
export const UNREADABLE_ERROR: ErrorPayload = {
  errorType: "handled",
  errorMessage:
    "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
};

/** An error of the runtime, named as AWS names it: `Runtime.HandlerNotFound` and so on. */
export class RuntimeError extends Error {
  constructor(name: string, message: string, stack?: string) {
    super(message);
    this.name = `Runtime.${name}`;
    if (stack !== undefined) this.stack = stack;
    else this.stack = `${this.name}: ${message}`;
  }
}

/**
 * What the caller sees of a thrown or passed value. A string stays exactly that string as `errorMessage`, which is what
 * API Gateway compares with "Unauthorized". Stack frames of the runner itself are left out.
 */
export function errorPayload(error: unknown): ErrorPayload {
  try {
    if (looksLikeError(error)) {
      const trace = escapeDelete(error.stack ?? "").split("\n");
      return {
        errorType: escapeDelete(error.name),
        errorMessage: escapeDelete(error.message),
        trace: trace.filter((line) => !line.includes(OWN_FOLDER)),
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return UNREADABLE_ERROR;
  }
}

/** The error as the runtime logs it: with its own properties, tab first, as in CloudWatch. */
export function errorLogText(error: unknown): string {
  try {
    return `\t${JSON.stringify(error instanceof Error ? error : new Error(String(error)), (_key, value: unknown) =>
      value instanceof Error
        ? {
            errorType: value.name,
            errorMessage: value.message,
            ...value,
            stack: String(value.stack)
              .split("\n")
              .filter((line) => !line.includes(OWN_FOLDER)),
          }
        : value,
    )}`;
  } catch {
    return `\t${JSON.stringify(errorPayload(error))}`;
  }
}

const OWN_FOLDER = new URL(".", import.meta.url).href;

function looksLikeError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  if (typeof value !== "object" || value === null) return false;
  const { name, message, stack } = value as Partial<Error>; // read only: each is checked on the next line
  return [name, message, stack].every((part) => typeof part === "string" && part !== "");
}

function escapeDelete(text: string): string {
  return text.replaceAll("\x7F", "%7F");
}
