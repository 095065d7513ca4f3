import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { LambdaFunction } from "../model/lambda-function.ts";
import { EVENT_PAYLOAD_LIMIT_BYTES, SYNC_PAYLOAD_LIMIT_BYTES } from "./limits.ts";
import { createNodeFunctions, type NodeFunctions, type NodeFunctionsOptions } from "./node-functions.ts";

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
    stopGraceMs: 50,
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

test("functions are found by ARN, by qualified ARN and by name; others are not", async () => {
  const made = lambda("exports.handler = async (event, context) => context.invokedFunctionArn");
  const functions = start([made]);
  for (const known of [made.arn, `${made.arn}:$LATEST`, `${made.arn}:7`, made.name])
    expect(functions.has(known)).toBe(true);
  expect(await functions.invoke(made.name, "{}")).toMatchObject({ payload: JSON.stringify(made.arn) });
  for (const unknown of ["", "nope", `${made.arn}x`, `${made.arn}:a\nb`, made.arn.replace("eu-west-1", "eu-west-2")]) {
    expect(functions.has(unknown)).toBe(false);
    expect(await functions.invoke(unknown, "{}")).toMatchObject({ outcome: "not_found", functionArn: unknown });
  }
});

test("payloads over Lambda's limits are refused before the function sees them", async () => {
  const made = lambda("exports.handler = async (event) => event.length");
  const functions = start([made]);
  const ofBytes = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
  expect(await functions.invoke(made.arn, ofBytes(SYNC_PAYLOAD_LIMIT_BYTES))).toMatchObject({ outcome: "success" });
  expect(await functions.invoke(made.arn, ofBytes(SYNC_PAYLOAD_LIMIT_BYTES + 1))).toEqual({
    outcome: "request_too_large",
    sizeBytes: SYNC_PAYLOAD_LIMIT_BYTES + 1,
    limitBytes: SYNC_PAYLOAD_LIMIT_BYTES,
  });
  expect(
    await functions.invoke(made.arn, ofBytes(EVENT_PAYLOAD_LIMIT_BYTES + 1), { invocationType: "Event" }),
  ).toMatchObject({ outcome: "request_too_large", limitBytes: EVENT_PAYLOAD_LIMIT_BYTES });
});

test("an Event call answers at once and runs behind its answer", async () => {
  const made = lambda("exports.handler = async (event) => { console.log('ran', event.n) }");
  let ran: (text: string) => void = () => {};
  const line = new Promise<string>((resolve) => {
    ran = resolve;
  });
  const functions = start([made], { log: ({ text }) => ran(text) });
  expect(await functions.invoke(made.arn, '{"n":5}', { invocationType: "Event" })).toMatchObject({
    outcome: "success",
    payload: "",
  });
  expect(await line).toMatch(/\tran 5$/);
});

test("a client context arrives parsed", async () => {
  const made = lambda("exports.handler = async (event, context) => context.clientContext.custom");
  expect(await start([made]).invoke(made.arn, "{}", { clientContext: '{"custom":\n"yes"}' })).toMatchObject({
    payload: '"yes"',
  });
});

test("TypeScript that does not compile or resolve is Lambda's error with the place", async () => {
  expect(await outcomeOf("export const handler = async () => {", { extension: "ts" })).toMatchObject({
    outcome: "function_error",
    errorType: "Runtime.UserCodeSyntaxError",
    payload: expect.stringMatching(/fn\d+\.ts:1:\d+/),
  });
  expect(
    await outcomeOf("import x from './nowhere'; export const handler = async () => x", { extension: "ts" }),
  ).toMatchObject({
    errorType: "Runtime.ImportModuleError",
    errorMessage: expect.stringMatching(/^Error: Cannot find module '\.\/nowhere'\nRequire stack:\n- .*fn\d+\.ts$/),
  });
});

test("errors in TypeScript point into the source file", async () => {
  const result = await outcomeOf(
    "interface A {\n  b: string\n}\n\nexport const handler = async () => {\n  throw new Error('here');\n};\n",
    {
      extension: "ts",
    },
  );
  expect(result).toMatchObject({ payload: expect.stringMatching(/fn\d+\.ts:6:9/) });
});

test("functions that stay the same keep their environments, changed ones get new ones, removed ones are gone", async () => {
  const same = lambda("let n = 0; exports.handler = async () => ++n");
  const changed = lambda("let n = 0; exports.handler = async () => process.env.V + ++n", {
    environment: { V: "a" },
  });
  const removed = lambda("exports.handler = async () => 1");
  const functions = start([same, changed, removed]);
  const ask = async ({ arn }: LambdaFunction) => {
    const result = await functions.invoke(arn, "{}");
    return result.outcome === "success" ? result.payload : result.outcome;
  };
  expect([await ask(same), await ask(changed), await ask(removed)]).toEqual(["1", '"a1"', "1"]);
  functions.replaceFunctions([
    { ...same, at: { file: "moved", line: 1, column: 1 } },
    { ...changed, environment: { V: "b" } },
  ]);
  expect([await ask(same), await ask(changed), await ask(removed)]).toEqual(["2", '"b1"', "not_found"]);
});

test("environments without work are closed after a while", async () => {
  const made = lambda("exports.handler = async () => 1");
  const functions = start([made], { idleMs: 30 });
  await functions.invoke(made.arn, "{}");
  await expect.poll(() => functions.stats()[0]?.environments).toBe(0);
  expect(await functions.invoke(made.arn, "{}")).toMatchObject({ cold: true });
});

test.each(["js", "ts"])(
  "with watch, a change of the handler or of what it imports is seen by the next call (%s)",
  async (extension) => {
    const part = lambda("export const value = 'part 1'", { extension: extension === "js" ? "mjs" : "ts" });
    const source = (version: number) =>
      `import { value } from "./${part.name}.${extension === "js" ? "mjs" : "ts"}"; export const handler = async () => "${version} " + value`;
    const made = lambda(source(1), { extension: extension === "js" ? "mjs" : "ts" });
    const functions = start([made], { watch: true });
    const ask = async () => {
      const result = await functions.invoke(made.arn, "{}");
      return result.outcome === "success" ? result.payload : JSON.stringify(result);
    };
    expect(await ask()).toBe('"1 part 1"');
    writeFileSync(made.handlerFile, source(2));
    await expect.poll(ask).toBe('"2 part 1"');
    writeFileSync(part.handlerFile, "export const value = 'part 2'");
    await expect.poll(ask).toBe('"2 part 2"');
  },
);

test.each(["worker", "process"] as const)(
  "with an inspector port, a debugger can attach to a %s",
  async (isolation) => {
    const made = lambda("const { url } = require('node:inspector'); exports.handler = async () => url()");
    const result = await start([made], { isolation, inspectPort: 0 }).invoke(made.arn, "{}");
    if (result.outcome !== "success") expect.unreachable(JSON.stringify(result));
    const url = new URL(JSON.parse(result.payload));
    const targets = await (await fetch(`http://${url.host}/json/list`)).json();
    expect(targets).toMatchObject([{ webSocketDebuggerUrl: url.href }]);
  },
);

test("an inspector that cannot be opened does not keep a function from running", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const inspectPort = typeof address === "object" && address !== null ? address.port : 0;
  const source = "const { url } = require('node:inspector'); exports.handler = async () => typeof url()";
  const made = lambda(source);
  const taken = (isolation: "worker" | "process") => start([made], { isolation, inspectPort }).invoke(made.arn, "{}");
  const results = [await taken("worker"), await taken("process")];
  server.close();
  expect(results).toMatchObject([{ payload: '"undefined"' }, { payload: '"undefined"' }]);
  const environment = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };
  const open = await outcomeOf(source, { environment }, { isolation: "process", inspectPort: 0 });
  expect(open).toMatchObject({ payload: '"string"' });
});
