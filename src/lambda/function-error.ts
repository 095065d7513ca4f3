import type { ErrorPayload } from "./error-shapes.ts";
import type { InvokeResult } from "./invoke.ts";

/** What is known about an invocation when it is over. */
export interface EndedInvocation {
  readonly requestId: string;
  readonly durationMs: number;
  readonly cold: boolean;
  readonly logs: readonly string[];
}

/** Always `Unhandled`: current Node runtimes never say `Handled` (C: floci-io/floci#3314). */
export function functionError(error: ErrorPayload, payload: string | undefined, ended: EndedInvocation): InvokeResult {
  return {
    outcome: "function_error",
    functionError: "Unhandled",
    payload: payload ?? JSON.stringify(error),
    errorType: error.errorType,
    errorMessage: error.errorMessage,
    ...ended,
  };
}

/** Type and message of an error's JSON; empty for what an environment should not have sent. */
export function readErrorPayload(payload: string): ErrorPayload {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as Partial<ErrorPayload>; // read only, defaults below
    return { errorType: String(errorType ?? ""), errorMessage: String(errorMessage ?? "") };
  } catch {
    return { errorType: "", errorMessage: "" };
  }
}
