import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LambdaFunction } from "../model/lambda-function.ts";
import { type Bundle, bundleTypeScript, isTypeScript, stopBundling } from "./bundle-typescript.ts";
import { EnvironmentPool, type PoolOptions } from "./environment-pool.ts";
import { notFoundMessage } from "./error-shapes.ts";
import type { FunctionStats } from "./function-stats.ts";
import type { FunctionLogLine } from "./invocation-log.ts";
import type { InvokeOptions, InvokeResult, LambdaInvoker } from "./invoke.ts";
import {
  EVENT_PAYLOAD_LIMIT_BYTES,
  IDLE_ENVIRONMENT_MS,
  KILL_WAIT_MS,
  STOP_GRACE_MS,
  SYNC_PAYLOAD_LIMIT_BYTES,
} from "./limits.ts";
import { exceedsBytes } from "./payload-size.ts";
import { createProcessEnvironments } from "./process-environment.ts";
import { watchHandler } from "./watch-handler.ts";
import { startWorkerEnvironment } from "./worker-environment.ts";

export interface NodeFunctionsOptions {
  readonly functions: readonly LambdaFunction[];
  /** `worker` is faster, `process` contains more; see the two files of that name. */
  readonly isolation: "worker" | "process";
  readonly region: string;
  readonly accountId: string;
  /** Every log line of every function, tokens masked, as it is written. */
  readonly log?: (line: FunctionLogLine) => void;
  /** Replaces environments when the function's files change. */
  readonly watch?: boolean;
  /** The first environment opens Node's inspector on this port of 127.0.0.1 and has no timeout. */
  readonly inspectPort?: number;
  /** Epoch milliseconds; default `Date.now`. Timers do not follow it. */
  readonly clock?: () => number;
  /** An environment without work for this long is closed; default `IDLE_ENVIRONMENT_MS`. */
  readonly idleMs?: number;
  /** How long `stop` lets running invocations finish; default `STOP_GRACE_MS`. */
  readonly stopGraceMs?: number;
}

export interface NodeFunctions extends LambdaInvoker {
  /** Functions with the same ARN and the same settings keep their environments; running invocations finish. */
  replaceFunctions(functions: readonly LambdaFunction[]): void;
  stats(): readonly FunctionStats[];
  /** Ends every environment within `stopGraceMs` and `KILL_WAIT_MS`. Further calls are throttled. */
  stop(): Promise<void>;
}

/**
 * Runs Node.js functions as Lambda would run them, in worker threads or child processes.
 *
 * @example
 * const functions = createNodeFunctions({ functions: [pets], isolation: "worker", region, accountId });
 * const result = await functions.invoke(pets.arn, JSON.stringify(event));
 */
export function createNodeFunctions(options: NodeFunctionsOptions): NodeFunctions {
  const { region, accountId, clock = Date.now, idleMs = IDLE_ENVIRONMENT_MS, stopGraceMs = STOP_GRACE_MS } = options;
  const pools = new Map<string, EnvironmentPool>();
  const watches = new Map<string, { readonly file: string; end(): void }>();
  let closing: Promise<void>[] = [];
  let folder: Promise<string> | undefined;
  const bundling = new Set<Promise<Bundle>>();
  let bundles = 0;
  let isInspectorTaken = false;
  let stopping: Promise<void> | undefined;

  function prepareCode(lambda: LambdaFunction): Promise<Bundle> {
    if (!isTypeScript(lambda.handlerFile)) return Promise.resolve({ ok: true, file: lambda.handlerFile });
    bundles += 1;
    const bundle = bundleInto(`${lambda.name.replace(/[^\w-]/g, "_")}-${bundles}`, lambda.handlerFile);
    bundling.add(bundle);
    return bundle.finally(() => bundling.delete(bundle));
  }

  async function bundleInto(name: string, handlerFile: string): Promise<Bundle> {
    folder ??= mkdtemp(join(tmpdir(), "gatewarden-functions-"));
    return bundleTypeScript(handlerFile, join(await folder, name));
  }

  const poolOptions: PoolOptions = {
    startEnvironment: options.isolation === "worker" ? startWorkerEnvironment : createProcessEnvironments(),
    region,
    prepareCode,
    takeInspector: () => {
      if (options.inspectPort === undefined || isInspectorTaken) return undefined;
      isInspectorTaken = true;
      return options.inspectPort;
    },
    releaseInspector: () => {
      isInspectorTaken = false;
    },
    log: options.log,
    now: clock,
  };

  function watchFunction(lambda: LambdaFunction): void {
    if (options.watch !== true || watches.get(lambda.arn)?.file === lambda.handlerFile) return;
    watches.get(lambda.arn)?.end();
    const end = watchHandler(lambda.handlerFile, () => pools.get(lambda.arn)?.renew());
    watches.set(lambda.arn, { file: lambda.handlerFile, end });
  }

  function replaceFunctions(functions: readonly LambdaFunction[]): void {
    if (stopping !== undefined) return;
    const kept = new Set(functions.map((lambda) => lambda.arn));
    for (const [arn, pool] of pools) {
      if (kept.has(arn)) continue;
      pools.delete(arn);
      watches.get(arn)?.end();
      watches.delete(arn);
      const closed = pool.close(pool.lambda.timeoutSeconds * 1000).finally(() => {
        closing = closing.filter((each) => each !== closed);
      });
      closing.push(closed);
    }
    for (const lambda of functions) {
      const pool = pools.get(lambda.arn);
      if (pool === undefined) pools.set(lambda.arn, new EnvironmentPool(lambda, poolOptions));
      else if (!isSameFunction(pool.lambda, lambda)) pool.renew(lambda);
      watchFunction(lambda);
    }
  }

  /** By ARN, with or without version or alias, or by bare name in this account and region. */
  function findPool(functionArn: string): EnvironmentPool | undefined {
    return pools.get(functionArn) ?? pools.get(unqualifiedArn(functionArn, region, accountId) ?? "");
  }

  function invoke(functionArn: string, payload: string, call: InvokeOptions = {}): Promise<InvokeResult> {
    const pool = findPool(functionArn);
    if (pool === undefined) {
      return Promise.resolve({ outcome: "not_found", functionArn, message: notFoundMessage(functionArn) });
    }
    const isEvent = call.invocationType === "Event";
    const limitBytes = isEvent ? EVENT_PAYLOAD_LIMIT_BYTES : SYNC_PAYLOAD_LIMIT_BYTES;
    if (exceedsBytes(payload, limitBytes)) {
      return Promise.resolve({
        outcome: "request_too_large",
        sizeBytes: Buffer.byteLength(payload),
        limitBytes,
      });
    }
    const requestId = randomUUID();
    const result = pool.invoke({
      requestId,
      invokedFunctionArn: functionArn.startsWith("arn:") ? functionArn : pool.lambda.arn,
      payload: payload === "" ? "{}" : payload,
      clientContext: call.clientContext ?? "",
      waitMs: isEvent ? 0 : (call.waitMs ?? 0),
    });
    return isEvent ? queued(result, requestId) : result;
  }

  /** Lambda takes the event into its queue and answers; here the pool's queue is that queue, without retries. */
  async function queued(result: Promise<InvokeResult>, requestId: string): Promise<InvokeResult> {
    const refused = await Promise.race([result, Promise.resolve(undefined)]);
    if (refused?.outcome === "throttled") return refused;
    return { outcome: "success", payload: "", requestId, durationMs: 0, cold: false, logs: [] };
  }

  const idleTimer = setInterval(
    () => {
      for (const pool of pools.values()) pool.closeIdle(clock() - idleMs);
    },
    Math.max(10, Math.min(idleMs / 2, 30_000)),
  ).unref();

  async function stop(): Promise<void> {
    clearInterval(idleTimer);
    for (const each of watches.values()) each.end();
    watches.clear();
    const closed = Promise.allSettled([
      ...[...pools.values()].map((pool) => pool.close(stopGraceMs)),
      ...closing,
      ...bundling, // else it would write into the folder that is removed below
    ]);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      closed,
      new Promise((resolve) => {
        timer = setTimeout(resolve, stopGraceMs + KILL_WAIT_MS);
      }),
    ]);
    clearTimeout(timer);
    if (folder !== undefined) {
      await stopBundling();
      await rm(await folder, { recursive: true, force: true });
    }
  }

  replaceFunctions(options.functions);
  return {
    invoke,
    has: (functionArn) => findPool(functionArn) !== undefined,
    replaceFunctions,
    stats: () => [...pools.values()].map((pool) => pool.stats()),
    stop: () => (stopping ??= stop()),
  };
}

/** `undefined` for what is neither an ARN of a function nor a name. */
function unqualifiedArn(functionArn: string, region: string, accountId: string): string | undefined {
  const name = /^[\w-]{1,140}$/.exec(functionArn)?.[0];
  if (name !== undefined) return `arn:aws:lambda:${region}:${accountId}:function:${name}`;
  return /^(arn:[\w-]+:lambda:[\w-]+:\d+:function:[\w-]+):[\w$-]+$/.exec(functionArn)?.[1];
}

function isSameFunction(a: LambdaFunction, b: LambdaFunction): boolean {
  const { at: _a, ...first } = a;
  const { at: _b, ...second } = b;
  return JSON.stringify(first) === JSON.stringify(second);
}
