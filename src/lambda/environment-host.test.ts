import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { waitFor } from "../../test/support/wait-for.ts";
import type { LambdaFunction } from "../model/lambda-function.ts";
import { LOG_DROPPED_TEXT } from "./capture-output.ts";
import { CALLBACK_REMOVED_MESSAGE } from "./error-shapes.ts";
import type { FunctionLogLine } from "./invocation-log.ts";
import { MAX_LOG_LINE_CHARACTERS, MAX_LOG_LINES } from "./limits.ts";
import { createNodeFunctions, type NodeFunctions, type NodeFunctionsOptions } from "./node-functions.ts";

const STOP_GRACE_MS = 50;

let folder = "";
let running: NodeFunctions[] = [];

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "gatewarden-test-")));
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  running = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function lambda(source: string, settings: Partial<LambdaFunction> & { extension?: string } = {}): LambdaFunction {
  const { extension = "js", ...rest } = settings;
  const name = `fn${++files}`;
  const handlerFile = join(folder, `${name}.${extension}`);
  if (source !== "") writeFileSync(handlerFile, source);
  return {
    arn: `arn:aws:lambda:eu-west-1:123456789012:function:${name}`,
    name,
    handlerFile,
    handlerExport: "handler",
    runtime: "nodejs22.x",
    environment: {},
    timeoutSeconds: 30,
    memoryMb: 128,
    concurrency: 2,
    ...rest,
  };
}

function start(functions: readonly LambdaFunction[], options: Partial<NodeFunctionsOptions> = {}): NodeFunctions {
  const started = createNodeFunctions({
    functions,
    isolation: "worker",
    region: "eu-west-1",
    accountId: "123456789012",
    stopGraceMs: STOP_GRACE_MS,
    ...options,
  });
  running.push(started);
  return started;
}

/** Runs a source once. */
async function outcomeOf(
  source: string,
  settings: Partial<LambdaFunction> & { extension?: string } = {},
  options: Partial<NodeFunctionsOptions> = {},
  event = "{}",
) {
  const made = lambda(source, settings);
  return start([made], options).invoke(made.arn, event);
}

describe.each(["worker", "process"] as const)("in a %s", (isolation) => {
  const run = (source: string, settings: Partial<LambdaFunction> & { extension?: string } = {}, event = "{}") =>
    outcomeOf(source, settings, { isolation }, event);

  test("CommonJS, ES modules, nested exports and TypeScript all answer", async () => {
    const results = await Promise.all([
      run("exports.handler = async (event) => ({ got: event.n })", {}, '{"n":1}'),
      run("exports.api = { v1: { get: async () => 'nested' } }", { extension: "cjs", handlerExport: "api.v1.get" }),
      run("export const handler = async () => import.meta.url.slice(0, 8)", { extension: "mjs" }),
      run("enum A { One = 1 }; export const handler = async (): Promise<number> => A.One", { extension: "ts" }),
      run("const value = await Promise.resolve(7); export const handler = async () => value", { extension: "mts" }),
    ]);
    expect(results.map((each) => each.outcome === "success" && each.payload)).toEqual([
      '{"got":1}',
      '"nested"',
      '"file:///"',
      "1",
      "7",
    ]);
  });

  test("a callback answer waits for the event loop, unless the handler says otherwise", async () => {
    const source = (wait: boolean) => `
      exports.handler = (event, context, callback) => {
        context.callbackWaitsForEmptyEventLoop = ${wait};
        const result = { timerRan: false };
        setTimeout(() => { result.timerRan = true }, 30);
        callback(null, result);
      }`;
    expect(await run(source(true))).toMatchObject({ payload: '{"timerRan":true}' });
    expect(await run(source(false))).toMatchObject({ payload: '{"timerRan":false}' });
  });

  test("an environment goes on after its event loop was empty", async () => {
    const made = lambda("let n = 0; exports.handler = (event, context, callback) => { n += 1; callback(null, n) }");
    const functions = start([made], { isolation });
    const answers = [];
    for (let index = 0; index < 3; index += 1) answers.push(await functions.invoke(made.arn, "{}"));
    expect(answers).toMatchObject([
      { payload: "1", cold: true },
      { payload: "2", cold: false },
      { payload: "3", cold: false },
    ]);
  });

  test("a handler that never answers is null if it is not async and an error if it is", async () => {
    expect(await run("exports.handler = () => 'lost'")).toMatchObject({ outcome: "success", payload: "null" });
    expect(await run("exports.handler = async () => new Promise(() => {})")).toMatchObject({
      outcome: "function_error",
      errorType: "Runtime.NodeJsExit",
    });
  });

  test("the context says what Lambda's says", async () => {
    const source = `exports.handler = async (event, context) => ({
      ...context, remaining: context.getRemainingTimeInMillis(), has: "identity" in context && "clientContext" in context })`;
    const made = lambda(source, { memoryMb: 256 });
    const functions = start([made], { isolation });
    const result = await functions.invoke(`${made.arn}:live`, "{}");
    if (result.outcome !== "success") expect.unreachable(JSON.stringify(result));
    const context = JSON.parse(result.payload);
    expect(context).toMatchObject({
      functionName: made.name,
      functionVersion: "$LATEST",
      invokedFunctionArn: `${made.arn}:live`,
      memoryLimitInMB: "256",
      awsRequestId: result.requestId,
      logGroupName: `/aws/lambda/${made.name}`,
      callbackWaitsForEmptyEventLoop: true,
      has: true,
    });
    expect(context.logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(context.remaining).toBeGreaterThan(0);
    expect(context.remaining).toBeLessThanOrEqual(30_000);
  });

  test("a thrown error is Lambda's error payload, without frames of the runner", async () => {
    const result = await run("exports.handler = async () => { throw new TypeError('boom') }");
    if (result.outcome !== "function_error") expect.unreachable(JSON.stringify(result));
    expect(result).toMatchObject({ functionError: "Unhandled", errorType: "TypeError", errorMessage: "boom" });
    const { trace } = JSON.parse(result.payload);
    expect(trace[0]).toBe("TypeError: boom");
    expect(trace[1]).toMatch(/^ {4}at .*fn\d+\.js:1:/);
    expect(result.payload).not.toContain("run-handler");
    expect(result.logs).toEqual([expect.stringMatching(/\tERROR\tInvoke Error \t\{"errorType":"TypeError"/)]);
  });

  test.each([
    ["throw new Error('Unauthorized')", "Error"],
    ["callback('Unauthorized')", "string"],
    ["context.fail('Unauthorized')", "string"],
    ["return Promise.reject('Unauthorized')", "string"],
  ])("%s gives the message that API Gateway looks for", async (statement, errorType) => {
    expect(await run(`exports.handler = (event, context, callback) => { ${statement} }`)).toMatchObject({
      outcome: "function_error",
      errorType,
      errorMessage: "Unauthorized",
    });
  });

  test("what keeps a handler from loading is Lambda's error, and the runner goes on", async () => {
    const missing = await run("");
    expect(missing).toMatchObject({ outcome: "function_error", errorType: "Runtime.ImportModuleError" });
    expect(missing).toMatchObject({
      errorMessage: expect.stringMatching(/^Error: Cannot find module 'fn\d+'\nRequire stack:\n- /),
    });
    const cases = [
      [
        "require('not-installed')",
        "Runtime.ImportModuleError",
        /^Error: Cannot find module 'not-installed'\nRequire stack:\n- .*fn\d+\.js$/,
      ],
      ["exports.other = 1", "Runtime.HandlerNotFound", /^fn\d+\.handler is undefined or not exported$/],
      ["exports.handler = 1", "Runtime.HandlerNotFound", /^fn\d+\.handler is not a function$/],
      ["exports.handler = async () => {", "Runtime.UserCodeSyntaxError", /^SyntaxError: Unexpected end of input$/],
      ["throw new RangeError('at init')", "RangeError", /^at init$/],
      [
        "process.exit(3)",
        "Runtime.ExitError",
        /^RequestId: [\w-]{36} Error: Runtime exited with error: exit status 3$/,
      ],
    ] as const;
    const results = await Promise.all(cases.map(([source]) => run(source)));
    results.forEach((result, index) => {
      expect(result).toMatchObject({
        outcome: "function_error",
        errorType: cases[index]?.[1],
        errorMessage: expect.stringMatching(cases[index]?.[2] ?? ""),
      });
    });
  });

  test("nodejs24.x refuses a handler with a callback parameter and returns what others return", async () => {
    expect(
      await run("exports.handler = (event, context, callback) => callback()", { runtime: "nodejs24.x" }),
    ).toMatchObject({
      outcome: "function_error",
      errorType: "Runtime.CallbackHandlerDeprecated",
      errorMessage: CALLBACK_REMOVED_MESSAGE,
    });
    expect(await run("exports.handler = () => 'kept'", { runtime: "nodejs24.x" })).toMatchObject({ payload: '"kept"' });
  });

  test("require of an ES module fails on nodejs22.x as on Lambda and works on nodejs24.x", async () => {
    const library = lambda("export const value = 5", { extension: "mjs" });
    const source = `const { value } = require(${JSON.stringify(library.handlerFile)}); exports.handler = async () => value`;
    expect(await run(source)).toMatchObject({ errorMessage: expect.stringContaining("require() of ES Module") });
    expect(await run(source, { runtime: "nodejs24.x" })).toMatchObject({ payload: "5" });
  });

  test("a function that takes too long times out, also in an endless loop, and is replaced", async () => {
    const source = `let calls = 0;
      exports.handler = async (event) => { calls += 1; if (event.loop) for (;;); if (event.hang) await new Promise((r) => setTimeout(r, 60000)); return calls }`;
    const made = lambda(source, { timeoutSeconds: 0.25 });
    const functions = start([made], { isolation });
    // A busy machine may take longer than that for an answer, too, in an environment that is then replaced.
    const answers = () =>
      waitFor(async () => expect(await functions.invoke(made.arn, "{}")).toMatchObject({ payload: "1", cold: true }));
    await answers();
    for (const event of ['{"loop":true}', '{"hang":true}']) {
      const result = await functions.invoke(made.arn, event);
      if (result.outcome !== "function_error") expect.unreachable(JSON.stringify(result));
      expect(result.errorType).toBe("Sandbox.Timedout");
      expect(result.errorMessage).toBe(`RequestId: ${result.requestId} Error: Task timed out after 0.25 seconds`);
      expect(result.logs.at(-1)).toMatch(/^\S+Z [\w-]{36} Task timed out after 0\.25 seconds$/);
    }
    await answers();
  });

  test("exit, an uncaught exception and an unhandled rejection end the environment and nothing else", async () => {
    const source = `exports.handler = (event, context, callback) => {
      if (event.exit !== undefined) { process.stdout.write("leaving"); process.exit(event.exit); }
      if (event.uncaught) setTimeout(() => { throw new RangeError("later") }, 1);
      else if (event.rejection) Promise.reject(new Error("nobody caught this"));
      else callback(null, "alive");
      setTimeout(() => {}, 50);
    }`;
    const made = lambda(source, { concurrency: 1 });
    const functions = start([made], { isolation });
    const one = await functions.invoke(made.arn, '{"exit":1}');
    expect(one).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/^RequestId: [\w-]{36} Error: Runtime exited with error: exit status 1$/),
      logs: ["leaving", expect.stringContaining("exit status 1\nRuntime.ExitError")],
    });
    expect(await functions.invoke(made.arn, '{"exit":0}')).toMatchObject({
      errorMessage: expect.stringMatching(/Runtime exited without providing a reason$/),
    });
    expect(await functions.invoke(made.arn, '{"uncaught":true}')).toMatchObject({
      errorType: "RangeError",
      errorMessage: "later",
    });
    expect(await functions.invoke(made.arn, '{"rejection":true}')).toMatchObject({
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "Error: nobody caught this",
    });
    expect(await functions.invoke(made.arn, "{}")).toMatchObject({
      outcome: "success",
      payload: '"alive"',
      cold: true,
    });
  });

  test("using up the heap is out of memory for this environment only", async () => {
    const source =
      "exports.handler = async (event) => { const all = []; while (event.hog) all.push(new Array(100000).fill(all.length)); return 1 }";
    const made = lambda(source, { timeoutSeconds: 50 });
    const functions = start([made], { isolation });
    const result = await functions.invoke(made.arn, '{"hog":true}');
    expect(result).toMatchObject({ outcome: "function_error" });
    expect(result).toMatchObject({ errorType: expect.stringMatching(/^Runtime\.(OutOfMemory|ExitError)$/) });
    expect(await functions.invoke(made.arn, "{}")).toMatchObject({ payload: "1" });
  });

  test("a handler sees its own variables and Lambda's, and nothing of the gateway's", async () => {
    process.env.GATEWARDEN_TEST_SECRET = "do not leak";
    const result = await run(
      "exports.handler = async () => ({ env: process.env, argv: process.argv, execArgv: process.execArgv })",
      {
        environment: { TABLE: "pets", NODE_OPTIONS: "--enable-source-maps" },
      },
    );
    delete process.env.GATEWARDEN_TEST_SECRET;
    if (result.outcome !== "success") expect.unreachable(JSON.stringify(result));
    const { env, argv, execArgv } = JSON.parse(result.payload);
    expect(Object.keys(env).sort()).toEqual([
      "AWS_DEFAULT_REGION",
      "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE",
      "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_REGION",
      "LAMBDA_TASK_ROOT",
      "LANG",
      "NODE_OPTIONS",
      "PATH",
      "TABLE",
      "TZ",
      "_HANDLER",
    ]);
    expect(env).toMatchObject({ AWS_REGION: "eu-west-1", TABLE: "pets", LAMBDA_TASK_ROOT: folder });
    expect(argv).toHaveLength(2);
    expect(execArgv).toEqual([]);
  });

  test("every way of logging is captured in order, for its own invocation, with tokens masked", async () => {
    const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
    const source = `exports.handler = async (event, context) => {
      console.log("hello", { n: 1 }); console.error("bad"); console.debug("token %s", event.token);
      process.stdout.write("half "); process.stdout.write("a line\\nnext\\n"); process.stderr.write("Authorization: Bearer opaque-1\\n");
      process.stdout.write(event.token.slice(0, 30)); process.stdout.write(event.token.slice(30)); }`;
    const made = lambda(source, { concurrency: 1 });
    const passed: FunctionLogLine[] = [];
    const functions = start([made], { isolation, log: (line) => passed.push(line) });
    const result = await functions.invoke(made.arn, JSON.stringify({ token }));
    if (result.outcome !== "success") expect.unreachable(JSON.stringify(result));
    const [, ...rest] = result.logs[0]?.split("\t") ?? [];
    expect(rest).toEqual([result.requestId, "INFO", "hello { n: 1 }"]);
    expect(result.logs.slice(1)).toEqual([
      expect.stringMatching(/\tERROR\tbad$/),
      expect.stringMatching(/\tDEBUG\ttoken eyJ…\[masked\]$/),
      "half a line",
      "next",
      "Authorization: Bearer …[masked]",
      "eyJ…[masked]",
    ]);
    expect(passed.map((line) => line.text)).toEqual(result.logs);
    expect(passed[1]).toMatchObject({
      functionName: made.name,
      functionArn: made.arn,
      requestId: result.requestId,
      level: "ERROR",
    });
    expect(await functions.invoke(made.arn, JSON.stringify({ token }))).toMatchObject({ logs: { length: 7 } });
  });

  test("a flood of log lines is cut", async () => {
    const result = await run("exports.handler = async () => { for (let i = 0; i < 50000; i += 1) console.log(i) }");
    if (result.outcome !== "success") expect.unreachable(JSON.stringify(result));
    expect(result.logs).toHaveLength(MAX_LOG_LINES + 1);
    expect(result.logs.at(-1)).toBe(LOG_DROPPED_TEXT);
  });

  test("a line without an end is cut, not split, so that no half of a token shows", async () => {
    const result = await run(`exports.handler = async () => {
      process.stdout.write("x".repeat(${MAX_LOG_LINE_CHARACTERS - 20}) + " eyJhZGVy.");
      for (const part of ["eyJwYXlsb2Fk", "cGF5bG9hZA.", "c2lnbmF0dXJl", "c2lnbmF0dXJl"]) process.stdout.write(part);
    }`);
    if (result.outcome !== "success") expect.unreachable(JSON.stringify(result));
    expect(result.logs).toHaveLength(1);
    expect(result.logs[0]?.replace(/^x+/, "")).toBe(" eyJ…[masked]");
  });

  test("stop ends a running endless loop, long before its own time is up", async () => {
    const made = lambda("exports.handler = async () => { console.log('on'); for (;;); }", { timeoutSeconds: 900 });
    let isOn: () => void = () => {};
    const on = new Promise<void>((resolve) => {
      isOn = resolve;
    });
    const functions = start([made], { isolation, log: () => isOn() });
    const result = functions.invoke(made.arn, "{}");
    await on;
    // Stopping would give up after a while on what does not end: no time passes here but the loop's grace.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const stopped = functions.stop();
    vi.advanceTimersByTime(STOP_GRACE_MS);
    await stopped;
    expect(await result).toMatchObject({ outcome: "function_error", errorType: "Runtime.ExitError" });
    expect(functions.stats()[0]).toMatchObject({ environments: 0 });
    expect((await functions.invoke(made.arn, "{}")).outcome).toBe("throttled");
  });
});
