import type { Invocation } from "./environment.ts";
import {
  errorPayload,
  NEVER_SETTLED_MESSAGE,
  RuntimeError,
  responseTooLarge,
  UNSERIALISABLE_MESSAGE,
} from "./error-shapes.ts";
import { RESPONSE_LIMIT_BYTES } from "./limits.ts";
import type { LoadedHandler } from "./load-handler.ts";
import { exceedsBytes } from "./payload-size.ts";

/** What the handler is told about its function; the same for every invocation. */
export interface FunctionIdentity {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** What running a handler needs from its environment. */
export interface RunnerPorts {
  /** The answer; called at most once per `run`. */
  reply(kind: "success" | "error", payload: string): void;
  /** Writes the error to the function's log, as the runtime does before it reports it. */
  logError(error: unknown): void;
}

export interface HandlerRunner {
  run(invocation: Invocation): void;
  /** To be called when nothing is left in the event loop (`beforeExit`): that is what some answers wait for. */
  onEmptyEventLoop(): void;
}

/**
 * Calls the handler in its own style and finds the moment to answer, as Lambda's Node.js runtime does:
 * - a returned promise answers when it settles, whatever is left in the event loop;
 * - `callback(null, result)` answers when the event loop is empty, or at once with
 *   `context.callbackWaitsForEmptyEventLoop = false`; `callback(error)` answers at once;
 * - `context.succeed/fail/done` answer at once;
 * - whichever comes first counts, the others are ignored;
 * - an empty event loop without any of these is `null`, or an error if the handler was declared `async`;
 * - from nodejs24.x on there are no callbacks: what the handler returns is the result, promise or not.
 *
 * Lambda freezes an environment between invocations. Here it goes on running, so work left behind continues earlier.
 */
export function createHandlerRunner(
  { handler, isAsync }: LoadedHandler,
  callbacks: boolean,
  identity: FunctionIdentity,
  ports: RunnerPorts,
): HandlerRunner {
  const nothing = (): void => {};
  let onEmpty: () => void = nothing;

  function answer(kind: "success" | "error", payload: string): void {
    onEmpty = nothing;
    if (exceedsBytes(payload, RESPONSE_LIMIT_BYTES)) {
      ports.reply("error", JSON.stringify(responseTooLarge(RESPONSE_LIMIT_BYTES)));
    } else ports.reply(kind, payload);
  }

  function fail(error: unknown): void {
    ports.logError(error);
    answer("error", JSON.stringify(errorPayload(error)));
  }

  function succeed(result: unknown): void {
    let payload: string | undefined;
    try {
      payload = JSON.stringify(result === undefined ? null : result);
    } catch {
      fail(
        callbacks ? new Error(UNSERIALISABLE_MESSAGE) : new RuntimeError("JSONStringifyError", UNSERIALISABLE_MESSAGE),
      );
      return;
    }
    // A function or symbol has no JSON at all; Lambda's answer to that is not documented (?).
    answer("success", payload ?? "null");
  }

  function run(invocation: Invocation): void {
    let finished = false;
    const once =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A): void => {
        if (finished) return;
        finished = true;
        act(...args);
      };
    const settle = once((error: unknown, result?: unknown) => {
      if (error !== undefined && error !== null) fail(error);
      else succeed(result);
    });
    onEmpty = () => {
      finished = true;
      if (isAsync) fail(new RuntimeError("NodeJsExit", NEVER_SETTLED_MESSAGE));
      else succeed(null);
    };

    let event: unknown;
    let clientContext: unknown;
    try {
      event = JSON.parse(invocation.payload);
      if (invocation.clientContext !== "") clientContext = parseClientContext(invocation.clientContext);
    } catch (error) {
      settle(error);
      return;
    }
    const context: Record<string, unknown> = {
      ...identity,
      clientContext,
      identity: undefined,
      invokedFunctionArn: invocation.invokedFunctionArn,
      awsRequestId: invocation.requestId,
      getRemainingTimeInMillis: () => invocation.deadlineMs - Date.now(),
    };

    if (!callbacks) {
      try {
        const result = handler(event, context);
        if (isThenable(result)) result.then((value: unknown) => settle(null, value), settleError(settle));
        else settle(null, result);
      } catch (error) {
        settleError(settle)(error);
      }
      return;
    }

    let waits = true;
    const callback = once((error: unknown, result?: unknown) => {
      if (error !== undefined && error !== null) fail(error);
      else if (!waits) succeed(result);
      else onEmpty = () => succeed(result);
    });
    Object.defineProperty(context, "callbackWaitsForEmptyEventLoop", {
      enumerable: true,
      get: () => waits,
      set: (value: unknown) => {
        waits = Boolean(value);
      },
    });
    context.succeed = (result: unknown) => settle(null, result);
    context.fail = (error: unknown) => settle(error ?? "handled");
    context.done = settle;
    try {
      const result = handler(event, context, callback);
      if (isThenable(result)) result.then((value: unknown) => settle(null, value), settleError(settle));
    } catch (error) {
      settleError(settle)(error);
    }
  }

  return { run, onEmptyEventLoop: () => onEmpty() };
}

/** `throw undefined` is a failure too, named as `context.fail()` names it. */
function settleError(settle: (error: unknown) => void): (error: unknown) => void {
  return (error) => settle(error ?? "handled");
}

function parseClientContext(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse ClientContext as json: ${String(error)}`);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "then" in value &&
    typeof value.then === "function"
  );
}
