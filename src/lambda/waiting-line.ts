import { THROTTLED_MESSAGE } from "./error-shapes.ts";
import type { InvocationLog } from "./invocation-log.ts";
import type { InvokeResult } from "./invoke.ts";
import { MAX_WAITING_INVOCATIONS } from "./limits.ts";

/** One call as a pool takes it. */
export interface PoolCall {
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly payload: string;
  readonly clientContext: string;
  /** How long the caller waits; 0 for as long as the function takes. */
  readonly waitMs: number;
}

/** A caller and what it will hear, exactly once. */
export class Caller {
  readonly call: PoolCall;
  /** The log of its invocation once that has begun. */
  log: InvocationLog | undefined;
  #resolve: ((result: InvokeResult) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(call: PoolCall, resolve: (result: InvokeResult) => void) {
    this.call = call;
    this.#resolve = resolve;
  }

  /** From now on, unless it runs already. */
  startWaiting(): void {
    const { waitMs } = this.call;
    if (waitMs > 0) this.#timer ??= setTimeout(() => this.#stopWaiting(), waitMs);
  }

  get isGone(): boolean {
    return this.#resolve === undefined;
  }

  hear(result: InvokeResult): void {
    clearTimeout(this.#timer);
    this.#resolve?.(result);
    this.#resolve = undefined;
  }

  refuse(): void {
    this.hear({ outcome: "throttled", functionArn: this.call.invokedFunctionArn, message: THROTTLED_MESSAGE });
  }

  #stopWaiting(): void {
    const { requestId, waitMs } = this.call;
    this.hear({ outcome: "caller_timeout", waitedMs: waitMs, requestId, logs: [...(this.log?.lines ?? [])] });
  }
}

/** Callers for whom no environment is free, in order. Bounded; Lambda itself would refuse them at once. */
export class WaitingLine {
  #callers: Caller[] = [];
  /** Taken from by index: `shift` would move the whole line each time. */
  #head = 0;

  get length(): number {
    return this.#callers.length - this.#head;
  }

  get isFull(): boolean {
    return this.length >= MAX_WAITING_INVOCATIONS;
  }

  push(caller: Caller): void {
    this.#callers.push(caller);
  }

  /** The first who is still there: a call that has not begun when its caller goes away is never run. */
  next(): Caller | undefined {
    while (this.#head < this.#callers.length) {
      const caller = this.#callers[this.#head++];
      if (this.#head === this.#callers.length) {
        this.#callers = [];
        this.#head = 0;
      }
      if (caller !== undefined && !caller.isGone) return caller;
    }
    return undefined;
  }
}
