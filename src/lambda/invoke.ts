/**
 * What the planes ask of whatever runs functions: Node workers, child processes, a Runtime API for other languages, or
 * a remote endpoint. The shapes are those of Lambda's Invoke API
 * (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
 */
export interface LambdaInvoker {
  /** Never rejects for anything the function or its configuration does: every outcome is an `InvokeResult`. */
  invoke(functionArn: string, payload: string, options?: InvokeOptions): Promise<InvokeResult>;
  /** Whether code for this ARN (version or alias ignored) is known. */
  has(functionArn: string): boolean;
}

export interface InvokeOptions {
  /** `Event` answers 202 at once and runs the function behind it. Default `RequestResponse`. */
  readonly invocationType?: "RequestResponse" | "Event";
  /** The caller stops waiting after this many milliseconds (`outcome: "caller_timeout"`); the function goes on. */
  readonly waitMs?: number;
  readonly clientContext?: string;
}

export type InvokeResult =
  /** The handler answered; `payload` is its JSON text (`null` for undefined). */
  | {
      readonly outcome: "success";
      readonly payload: string;
      readonly requestId: string;
      readonly durationMs: number;
      readonly cold: boolean;
      readonly logs: readonly string[];
    }
  /** The handler failed, or the environment did; `payload` is Lambda's `{errorType, errorMessage, trace?}` JSON. */
  | {
      readonly outcome: "function_error";
      readonly functionError: "Handled" | "Unhandled";
      readonly payload: string;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly requestId: string;
      readonly durationMs: number;
      readonly cold: boolean;
      readonly logs: readonly string[];
    }
  | {
      readonly outcome: "caller_timeout";
      readonly waitedMs: number;
      readonly requestId: string;
      readonly logs: readonly string[];
    }
  /** No such function, or no code for it on this machine. */
  | { readonly outcome: "not_found"; readonly functionArn: string; readonly message: string }
  /** All environments busy and the queue full: Lambda's 429 TooManyRequestsException. */
  | { readonly outcome: "throttled"; readonly functionArn: string; readonly message: string }
  /** The payload exceeds Lambda's 6 MB for synchronous calls (1 MB for Event since October 2025): 413 RequestTooLargeException. */
  | { readonly outcome: "request_too_large"; readonly sizeBytes: number; readonly limitBytes: number };
