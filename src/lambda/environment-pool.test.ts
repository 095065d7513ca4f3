import { afterEach, expect, test, vi } from "vitest";
import type { EnvironmentEvents, EnvironmentSpec, Invocation } from "./environment.ts";
import { EnvironmentPool, type PoolOptions } from "./environment-pool.ts";
import type { InvokeResult } from "./invoke.ts";
import { INIT_TIMEOUT_MS, MAX_WAITING_INVOCATIONS, RESPONSE_LIMIT_BYTES } from "./limits.ts";

/** An environment that does what the test tells it to. */
class FakeEnvironment {
  readonly invocations: Invocation[] = [];
  isKilled = false;
  readonly spec: EnvironmentSpec;
  readonly events: EnvironmentEvents;

  constructor(spec: EnvironmentSpec, events: EnvironmentEvents) {
    this.spec = spec;
    this.events = events;
  }
  run = (invocation: Invocation) => {
    this.invocations.push(invocation);
  };
  kill = async () => {
    this.isKilled = true;
    this.events.onExit({ kind: "signal", signal: "SIGKILL" });
  };
  answer(payload: string, kind: "success" | "error" | "fatal" = "success") {
    const requestId = this.invocations.at(-1)?.requestId ?? "";
    this.events.onAnswer({ requestId, kind, payload });
  }
}

const lambda = {
  arn: "arn:aws:lambda:us-east-1:000000000000:function:pets",
  name: "pets",
  handlerFile: "/task/index.js",
  handlerExport: "handler",
  runtime: "nodejs22.x",
  environment: {},
  timeoutSeconds: 3,
  memoryMb: 128,
  concurrency: 2,
};

function startPool(change: Partial<PoolOptions> = {}, settings: Partial<typeof lambda> = {}) {
  const started: FakeEnvironment[] = [];
  let ids = 0;
  const pool = new EnvironmentPool(
    { ...lambda, ...settings },
    {
      startEnvironment: (spec, events) => {
        const environment = new FakeEnvironment(spec, events);
        started.push(environment);
        return environment;
      },
      region: "us-east-1",
      prepareCode: async (each) => ({ ok: true, file: each.handlerFile }),
      takeInspector: () => undefined,
      releaseInspector: () => {},
      log: undefined,
      now: () => 1_000,
      ...change,
    },
  );
  const call = (payload = "{}", waitMs = 0): Promise<InvokeResult> =>
    pool.invoke({ requestId: `id-${++ids}`, invokedFunctionArn: lambda.arn, payload, clientContext: "", waitMs });
  return { pool, started, call };
}

/** Lets what was started by promises happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  vi.useRealTimers();
});

test("an environment takes one invocation at a time, and the next call starts another one", async () => {
  const { started, call, pool } = startPool();
  const first = call("1");
  await settle();
  started[0]?.events.onReady();
  const second = call("2");
  await settle();
  expect(started[0]?.invocations.map((each) => each.payload)).toEqual(["1"]);
  started[1]?.events.onReady();
  expect(started[1]?.invocations.map((each) => each.payload)).toEqual(["2"]);
  started[0]?.answer('"one"');
  started[1]?.answer('"two"');
  expect(await first).toMatchObject({ outcome: "success", payload: '"one"', cold: true });
  expect(await second).toMatchObject({ outcome: "success", payload: '"two"', cold: true });
  await pool.close(0);
});

test("the environment used last is used first, so that the others grow old", async () => {
  const { started, call, pool } = startPool();
  const calls = [call(), call()];
  await settle();
  for (const each of started) each.events.onReady();
  started[1]?.answer("1");
  started[0]?.answer("1");
  await Promise.all(calls);
  const third = call();
  expect(started.map((each) => each.invocations.length)).toEqual([2, 1]);
  started[0]?.answer("1");
  expect(await third).toMatchObject({ cold: false });
  await pool.close(0);
});

test("calls beyond the concurrency wait in order and are then throttled", async () => {
  const { started, call, pool } = startPool({}, { concurrency: 1 });
  const running = call("running");
  await settle();
  started[0]?.events.onReady();
  const waiting = Array.from({ length: MAX_WAITING_INVOCATIONS }, (_, index) => call(String(index)));
  expect(await call("too many")).toEqual({ outcome: "throttled", functionArn: lambda.arn, message: "Rate Exceeded." });
  expect(pool.stats()).toMatchObject({ environments: 1, busy: 1, waiting: MAX_WAITING_INVOCATIONS, throttles: 1 });
  for (let index = 0; index <= waiting.length; index += 1) started[0]?.answer("1");
  await Promise.all([running, ...waiting]);
  expect(started[0]?.invocations.slice(0, 3).map((each) => each.payload)).toEqual(["running", "0", "1"]);
  expect(started).toHaveLength(1);
  await pool.close(0);
});

test("a free environment takes the call for which another one is still starting", async () => {
  const { started, call, pool } = startPool();
  const first = call("1");
  await settle();
  started[0]?.events.onReady();
  const second = call("2");
  await settle();
  started[0]?.answer("1");
  expect(started[0]?.invocations.map((each) => each.payload)).toEqual(["1", "2"]);
  started[1]?.events.onReady();
  expect(pool.stats()).toMatchObject({ environments: 2, idle: 1, busy: 1 });
  started[0]?.answer("1");
  await Promise.all([first, second]);
  await pool.close(0);
});

test("environments idle for too long are closed, the oldest only", async () => {
  let now = 1_000;
  const { started, call, pool } = startPool({ now: () => now });
  const calls = [call(), call()];
  await settle();
  for (const each of started) each.events.onReady();
  started[0]?.answer("1");
  now = 2_000;
  started[1]?.answer("1");
  await Promise.all(calls);
  pool.closeIdle(1_500);
  expect(started.map((each) => each.isKilled)).toEqual([true, false]);
  expect(pool.stats()).toMatchObject({ environments: 1, idle: 1 });
  await pool.close(0);
});

test("new code replaces idle environments at once and busy ones after their answer", async () => {
  const { started, call, pool } = startPool();
  const calls = [call("1"), call("2")];
  await settle();
  for (const each of started) each.events.onReady();
  started[0]?.answer("1");
  pool.renew({ ...lambda, environment: { NEW: "1" } });
  expect(started.map((each) => each.isKilled)).toEqual([true, false]);
  started[1]?.answer('"old"');
  expect(await calls[1]).toMatchObject({ payload: '"old"' });
  expect(started[1]?.isKilled).toBe(true);
  const next = call("3");
  await settle();
  expect(started[2]?.spec.environmentVariables.NEW).toBe("1");
  started[2]?.events.onReady();
  started[2]?.answer("1");
  expect(await next).toMatchObject({ cold: true });
  await pool.close(0);
});

test("a handler that does not load within Lambda's bound is a timeout", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { started, call, pool } = startPool();
  const result = call();
  await settle();
  vi.advanceTimersByTime(INIT_TIMEOUT_MS - 1);
  expect(started[0]?.isKilled).toBe(false);
  vi.advanceTimersByTime(1);
  expect(started[0]?.isKilled).toBe(true);
  expect(await result).toMatchObject({ outcome: "function_error", errorType: "Sandbox.Timedout" });
  await pool.close(0);
});

test("an environment under the debugger has no timeout, neither for loading nor for running", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let isFree = true;
  const takeInspector = () => {
    const port = isFree ? 9229 : undefined;
    isFree = false;
    return port;
  };
  const { started, call, pool } = startPool({
    takeInspector,
    releaseInspector: () => {
      isFree = true;
    },
  });
  const calls = [call(), call()];
  await settle();
  expect(started.map((each) => each.spec.boot.inspectPort)).toEqual([9229, undefined]);
  vi.advanceTimersByTime(INIT_TIMEOUT_MS);
  expect(started.map((each) => each.isKilled)).toEqual([false, true]);
  started[0]?.events.onReady();
  vi.advanceTimersByTime(900_000);
  started[0]?.answer("1");
  await Promise.all(calls);
  expect(isFree).toBe(false);
  await pool.close(0);
  expect(isFree).toBe(true);
});

test("a caller that stops waiting is answered, and the function goes on", async () => {
  const { started, call, pool } = startPool({}, { concurrency: 1 });
  const result = call("1", 20);
  await settle();
  started[0]?.events.onReady();
  const { requestId = "" } = started[0]?.invocations[0] ?? {};
  started[0]?.events.onLog({ requestId, level: undefined, text: "so far" });
  expect(await result).toEqual({ outcome: "caller_timeout", waitedMs: 20, requestId, logs: ["so far"] });
  expect(pool.stats()).toMatchObject({ busy: 1 });
  const dropped = call("never run", 10);
  expect((await dropped).outcome).toBe("caller_timeout");
  started[0]?.answer("1");
  expect(started[0]?.invocations).toHaveLength(1);
  expect(pool.stats()).toMatchObject({ busy: 0, idle: 1 });
  await pool.close(0);
});

test("answers that do not belong to the running invocation are ignored", async () => {
  const { started, call, pool } = startPool();
  const result = call();
  await settle();
  const environment = started[0];
  environment?.events.onReady();
  environment?.events.onReady();
  environment?.events.onAnswer({ requestId: "other", kind: "success", payload: '"forged"' });
  environment?.answer('"right"');
  environment?.answer('"again"');
  expect(await result).toMatchObject({ payload: '"right"' });
  expect(pool.stats()).toMatchObject({ idle: 1, invocations: 1 });
  await pool.close(0);
});

test("a result over the limit is refused even if the environment let it through", async () => {
  const { started, call, pool } = startPool();
  const result = call();
  await settle();
  started[0]?.events.onReady();
  started[0]?.answer("x".repeat(RESPONSE_LIMIT_BYTES + 1));
  expect(await result).toMatchObject({ outcome: "function_error", errorType: "Function.ResponseSizeTooLarge" });
  await pool.close(0);
});

test("an environment that dies while idle is forgotten", async () => {
  const { started, call, pool } = startPool();
  const first = call();
  await settle();
  started[0]?.events.onReady();
  started[0]?.answer("1");
  await first;
  started[0]?.events.onExit({ kind: "code", code: 129 });
  expect(pool.stats()).toMatchObject({ environments: 0, idle: 0 });
  const second = call();
  await settle();
  started[1]?.events.onReady();
  started[1]?.answer("1");
  expect(await second).toMatchObject({ cold: true });
  await pool.close(0);
});

test("code that cannot be prepared fails every waiting call and is tried again", async () => {
  let attempts = 0;
  const { call, pool } = startPool({
    prepareCode: async () => {
      attempts += 1;
      throw new Error("disk full");
    },
  });
  const results = await Promise.all([call(), call(), call()]);
  for (const result of results)
    expect(result).toMatchObject({ outcome: "function_error", errorMessage: "Error: disk full" });
  expect(attempts).toBeGreaterThan(0);
  expect(pool.stats()).toMatchObject({ environments: 0, waiting: 0 });
  await pool.close(0);
});

test("closing refuses what waits, lets what runs finish, and kills what does not", async () => {
  const { started, call, pool } = startPool();
  const calls = [call("1"), call("2")];
  await settle();
  for (const each of started) each.events.onReady();
  const waiting = call("3");
  const closed = pool.close(50);
  expect((await waiting).outcome).toBe("throttled");
  started[0]?.answer('"finished"');
  expect(await calls[0]).toMatchObject({ outcome: "success", payload: '"finished"' });
  await closed;
  expect(await calls[1]).toMatchObject({ outcome: "function_error", errorType: "Runtime.ExitError" });
  expect(started.map((each) => each.isKilled)).toEqual([true, true]);
  expect((await call("4")).outcome).toBe("throttled");
});

test("closing takes no longer than what runs", async () => {
  const { started, call, pool } = startPool();
  const result = call();
  await settle();
  started[0]?.events.onReady();
  const closed = pool.close(60_000);
  started[0]?.answer("1");
  await Promise.all([closed, result]);
  expect(started[0]?.isKilled).toBe(true);
});
