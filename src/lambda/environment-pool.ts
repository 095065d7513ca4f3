import type { LambdaFunction } from "../model/lambda-function.ts";
import type { Bundle } from "./bundle-typescript.ts";
import type { Environment, EnvironmentAnswer, EnvironmentBoot, StartEnvironment } from "./environment.ts";
import { environmentVariables, newLogStreamName } from "./environment-variables.ts";
import {
  type EnvironmentExit,
  type ErrorPayload,
  exited,
  responseTooLarge,
  timedOut,
  timedOutText,
} from "./error-shapes.ts";
import { type EndedInvocation, functionError, readErrorPayload } from "./function-error.ts";
import type { FunctionStats } from "./function-stats.ts";
import { createInvocationLog, type FunctionLogLine, type InvocationLog } from "./invocation-log.ts";
import type { InvokeResult } from "./invoke.ts";
import { INIT_TIMEOUT_MS, RESPONSE_LIMIT_BYTES } from "./limits.ts";
import { exceedsBytes } from "./payload-size.ts";
import { Caller, type PoolCall, WaitingLine } from "./waiting-line.ts";

export interface PoolOptions {
  readonly startEnvironment: StartEnvironment;
  readonly region: string;
  /** Translates the code if it has to be; called once per version of the code. */
  prepareCode(lambda: LambdaFunction): Promise<Bundle>;
  /** Asked at every start: the port if this environment is the one to debug. The environment then has no timeout. */
  takeInspector(): number | undefined;
  releaseInspector(): void;
  readonly log: ((line: FunctionLogLine) => void) | undefined;
  /** Epoch milliseconds. */
  now(): number;
}

/** One environment and what it is doing. */
interface Slot {
  readonly generation: number;
  readonly environment: Environment;
  readonly aboutLog: Pick<FunctionLogLine, "functionArn" | "functionName" | "logStreamName">;
  readonly isInspected: boolean;
  state: "starting" | "idle" | "busy" | "gone";
  /** What is logged outside an invocation. */
  log: InvocationLog;
  running: Running | undefined;
  served: number;
  idleSinceMs: number;
  initTimer: NodeJS.Timeout | undefined;
}

interface Running {
  readonly caller: Caller;
  readonly log: InvocationLog;
  readonly startedAt: number;
  readonly isCold: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The environments of one function, as Lambda keeps them: one invocation at a time in each, up to `concurrency` of
 * them, the one used last first, so that the others can grow old and close. When all are busy, callers wait in line.
 */
export class EnvironmentPool {
  #lambda: LambdaFunction;
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  /** Used last on top. */
  readonly #idle: Slot[] = [];
  readonly #line = new WaitingLine();
  /** Kills under way. */
  readonly #ending = new Set<Promise<void>>();
  #starting = 0;
  #generation = 0;
  #code: Promise<Bundle> | undefined;
  #isClosed = false;
  #whenEmpty: (() => void) | undefined;
  readonly #counts = { invocations: 0, coldStarts: 0, errors: 0, timeouts: 0, throttles: 0 };

  constructor(lambda: LambdaFunction, options: PoolOptions) {
    this.#lambda = lambda;
    this.#options = options;
  }

  get lambda(): LambdaFunction {
    return this.#lambda;
  }

  invoke(call: PoolCall): Promise<InvokeResult> {
    return new Promise((resolve) => {
      const caller = new Caller(call, resolve);
      const slot = this.#idle.pop();
      if (slot !== undefined) this.#run(slot, caller);
      else if (this.#isClosed || this.#line.isFull) {
        this.#counts.throttles += 1;
        caller.refuse();
      } else {
        caller.startWaiting();
        this.#line.push(caller);
        this.#grow();
      }
    });
  }

  /** New code or settings: every environment is replaced when it is next free; what runs now runs to its end. */
  renew(lambda: LambdaFunction = this.#lambda): void {
    this.#lambda = lambda;
    this.#generation += 1;
    this.#code = undefined;
    for (const slot of this.#idle.splice(0)) this.#retire(slot);
    this.#grow();
  }

  /** Closes environments that have been idle since before this time. */
  closeIdle(sinceMs: number): void {
    while (this.#idle[0] !== undefined && this.#idle[0].idleSinceMs <= sinceMs) {
      const slot = this.#idle.shift();
      if (slot !== undefined) this.#retire(slot);
    }
  }

  /** Takes no more calls, refuses those that wait, lets the running ones finish for `graceMs`, then kills. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    for (let caller = this.#line.next(); caller !== undefined; caller = this.#line.next()) caller.refuse();
    for (const slot of this.#idle.splice(0)) this.#retire(slot);
    for (const slot of this.#slots) if (slot.state === "starting") this.#retire(slot);
    if (this.#slots.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
    }
    for (const slot of this.#slots) this.#end(slot, { kind: "signal", signal: "SIGKILL" });
    await Promise.allSettled(this.#ending);
  }

  stats(): FunctionStats {
    let busy = 0;
    for (const slot of this.#slots) if (slot.state === "busy") busy += 1;
    return {
      functionArn: this.#lambda.arn,
      environments: this.#slots.size,
      busy,
      idle: this.#idle.length,
      waiting: this.#line.length,
      ...this.#counts,
    };
  }

  #grow(): void {
    while (!this.#isClosed && this.#starting < this.#line.length && this.#size() < this.#lambda.concurrency) {
      this.#starting += 1;
      void this.#start();
    }
  }

  /** Environments and those whose code is still being prepared. */
  #size(): number {
    let starting = 0;
    for (const slot of this.#slots) if (slot.state === "starting") starting += 1;
    return this.#slots.size + this.#starting - starting;
  }

  async #start(): Promise<void> {
    const generation = this.#generation;
    this.#code ??= this.#options.prepareCode(this.#lambda).catch((error: unknown) => ({
      ok: false as const,
      error: { errorType: "Runtime.ImportModuleError", errorMessage: String(error), trace: [] },
    }));
    const code = await this.#code;
    if (this.#isClosed || generation !== this.#generation) {
      this.#starting -= 1;
      this.#grow();
      return;
    }
    if (!code.ok) {
      this.#starting -= 1;
      this.#code = undefined; // tried again by the next call: the file may be mended by then
      this.#failNext(code.error);
      return;
    }
    this.#startWith(code.file);
  }

  #startWith(codeFile: string): void {
    const lambda = this.#lambda;
    const { now, log } = this.#options;
    const logStreamName = newLogStreamName(now());
    const inspectPort = this.#options.takeInspector();
    const boot: EnvironmentBoot = {
      codeFile,
      handlerFile: lambda.handlerFile,
      handlerExport: lambda.handlerExport,
      runtime: lambda.runtime,
      inspectPort,
      nodeOptions: undefined,
    };
    const aboutLog = { functionArn: lambda.arn, functionName: lambda.name, logStreamName };
    const environment = this.#options.startEnvironment(
      {
        boot,
        environmentVariables: environmentVariables(lambda, { region: this.#options.region, logStreamName }),
        memoryMb: lambda.memoryMb,
      },
      {
        onReady: () => this.#onReady(slot),
        onInitFailed: (payload) => this.#onInitFailed(slot, payload),
        onLog: (line) => {
          // A line without an id, e.g. of native code, belongs to what runs: there is only one at a time.
          const { running } = slot;
          const isOfRunning = line.requestId === "" || line.requestId === running?.caller.call.requestId;
          (isOfRunning && running !== undefined ? running.log : slot.log).add(line);
        },
        onAnswer: (answer) => this.#onAnswer(slot, answer),
        onExit: (exit) => this.#onExit(slot, exit),
      },
    );
    const slot: Slot = {
      generation: this.#generation,
      environment,
      aboutLog,
      isInspected: inspectPort !== undefined,
      state: "starting",
      log: createInvocationLog(aboutLog, now, log),
      running: undefined,
      served: 0,
      idleSinceMs: 0,
      initTimer: undefined,
    };
    if (!slot.isInspected) slot.initTimer = setTimeout(() => this.#onInitTimeout(slot), INIT_TIMEOUT_MS);
    this.#slots.add(slot);
    this.#counts.coldStarts += 1;
  }

  #onReady(slot: Slot): void {
    if (slot.state !== "starting") return;
    clearTimeout(slot.initTimer);
    this.#starting -= 1;
    this.#free(slot);
  }

  /** Gives a slot that has nothing to do its next work. */
  #free(slot: Slot): void {
    if (slot.generation !== this.#generation) {
      this.#retire(slot);
      this.#grow();
      return;
    }
    const caller = this.#line.next();
    if (caller !== undefined) {
      this.#run(slot, caller);
      return;
    }
    if (this.#isClosed) {
      this.#retire(slot);
      return;
    }
    slot.state = "idle";
    slot.idleSinceMs = this.#options.now();
    this.#idle.push(slot);
  }

  #run(slot: Slot, caller: Caller): void {
    const { now, log } = this.#options;
    const timeoutMs = this.#timeoutMs();
    const running: Running = {
      caller,
      log: createInvocationLog(slot.aboutLog, now, log),
      startedAt: performance.now(),
      isCold: slot.served === 0,
      timer: slot.isInspected ? undefined : setTimeout(() => this.#onTimeout(slot, running), timeoutMs),
    };
    caller.log = running.log;
    // Else the function's own timeout comes first, and one timer is enough.
    if (slot.isInspected || caller.call.waitMs <= timeoutMs) caller.startWaiting();
    // The bounds of a log count anew for the time after this invocation.
    if (slot.log.lines.length > 0) slot.log = createInvocationLog(slot.aboutLog, now, log);
    slot.running = running;
    slot.state = "busy";
    slot.served += 1;
    this.#counts.invocations += 1;
    const { requestId, invokedFunctionArn, clientContext, payload } = caller.call;
    slot.environment.run({
      requestId,
      deadlineMs: now() + timeoutMs,
      invokedFunctionArn,
      clientContext,
      payload,
    });
  }

  #timeoutMs(): number {
    return Math.round(this.#lambda.timeoutSeconds * 1000);
  }

  #onAnswer(slot: Slot, { requestId, kind, payload }: EnvironmentAnswer): void {
    const running = slot.running;
    // The environment is handler code too: what does not fit is not an answer.
    if (slot.state !== "busy" || running === undefined || running.caller.call.requestId !== requestId) return;
    slot.running = undefined;
    if (kind !== "success") this.#failed(running, readErrorPayload(payload), payload);
    else if (exceedsBytes(payload, RESPONSE_LIMIT_BYTES)) {
      this.#failed(running, responseTooLarge(RESPONSE_LIMIT_BYTES));
    } else running.caller.hear({ outcome: "success", payload, ...endOf(running) });
    if (kind === "fatal") {
      this.#retire(slot);
      this.#grow();
    } else this.#free(slot);
  }

  #onTimeout(slot: Slot, running: Running): void {
    if (slot.running !== running) return;
    const { requestId } = running.caller.call;
    const timeoutMs = this.#timeoutMs();
    this.#counts.timeouts += 1;
    const time = new Date(this.#options.now()).toISOString();
    running.log.add({ requestId, level: undefined, text: `${time} ${requestId} ${timedOutText(timeoutMs)}` });
    slot.running = undefined;
    this.#retire(slot);
    this.#failed(running, timedOut(requestId, timeoutMs));
    this.#grow();
  }

  /** Lambda starts the load again within the invocation and its timeout; the caller sees that timeout (?). */
  #onInitTimeout(slot: Slot): void {
    if (slot.state !== "starting") return;
    this.#counts.timeouts += 1;
    this.#starting -= 1;
    this.#retire(slot);
    const caller = this.#line.next();
    if (caller !== undefined) this.#failCaller(caller, timedOut(caller.call.requestId, this.#timeoutMs()), slot.log);
    this.#grow();
  }

  #onInitFailed(slot: Slot, payload: string): void {
    if (slot.state !== "starting") return;
    this.#starting -= 1;
    this.#retire(slot);
    this.#failNext(readErrorPayload(payload), slot.log, payload);
  }

  /** The environment ended by itself: while starting, while running, or while idle. */
  #onExit(slot: Slot, exit: EnvironmentExit): void {
    const { state, running } = slot;
    if (state === "gone") return;
    this.#forget(slot);
    if (slot.isInspected) this.#options.releaseInspector();
    if (state === "starting") {
      this.#starting -= 1;
      const caller = this.#line.next();
      if (caller !== undefined) this.#failCaller(caller, exited(caller.call.requestId, exit), slot.log);
    } else if (running !== undefined) {
      const error = exited(running.caller.call.requestId, exit);
      running.log.add({
        requestId: running.caller.call.requestId,
        level: undefined,
        text: `${error.errorMessage}\n${error.errorType}`,
      });
      this.#failed(running, error);
    }
    this.#grow();
  }

  /** A start has failed: its error goes to the caller that has waited longest. */
  #failNext(error: ErrorPayload, log?: InvocationLog, payload?: string): void {
    const caller = this.#line.next();
    if (caller !== undefined) this.#failCaller(caller, error, log, payload);
    this.#grow();
  }

  #failCaller(caller: Caller, error: ErrorPayload, log?: InvocationLog, payload?: string): void {
    this.#counts.errors += 1;
    const { requestId } = caller.call;
    caller.hear(functionError(error, payload, { requestId, durationMs: 0, cold: true, logs: log?.lines ?? [] }));
  }

  #failed(running: Running, error: ErrorPayload, payload?: string): void {
    this.#counts.errors += 1;
    running.caller.hear(functionError(error, payload, endOf(running)));
  }

  #retire(slot: Slot): void {
    if (slot.state === "gone") return;
    this.#forget(slot);
    const ending = slot.environment.kill().finally(() => {
      this.#ending.delete(ending);
      if (slot.isInspected) this.#options.releaseInspector(); // not before: its port is taken as long as it lives
    });
    this.#ending.add(ending);
  }

  /** Ends a slot that still runs something; its caller hears how. */
  #end(slot: Slot, exit: EnvironmentExit): void {
    const { running } = slot;
    this.#retire(slot);
    if (running !== undefined) this.#failed(running, exited(running.caller.call.requestId, exit));
  }

  #forget(slot: Slot): void {
    slot.state = "gone";
    slot.running = undefined;
    clearTimeout(slot.initTimer);
    const at = this.#idle.indexOf(slot);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#slots.delete(slot);
    if (this.#slots.size === 0) this.#whenEmpty?.();
  }
}

/** Stops the clock of an invocation and says how it went. */
function endOf({ caller, log, startedAt, isCold, timer }: Running): EndedInvocation {
  clearTimeout(timer);
  return { requestId: caller.call.requestId, durationMs: performance.now() - startedAt, cold: isCold, logs: log.lines };
}
