import { expect, test } from "vitest";
import { NEVER_SETTLED_MESSAGE, UNSERIALISABLE_MESSAGE } from "./error-shapes.ts";
import { RESPONSE_LIMIT_BYTES } from "./limits.ts";
import type { Handler } from "./load-handler.ts";
import { createHandlerRunner } from "./run-handler.ts";

const identity = {
  functionName: "pets",
  functionVersion: "$LATEST",
  memoryLimitInMB: "128",
  logGroupName: "/aws/lambda/pets",
  logStreamName: "2026/01/01/[$LATEST]0",
};
const invocation = {
  requestId: "id",
  deadlineMs: 0,
  invokedFunctionArn: "arn",
  clientContext: "",
  payload: '{"name":"Rex"}',
};

interface Context {
  callbackWaitsForEmptyEventLoop: boolean;
  succeed(result: unknown): void;
  fail(error?: unknown): void;
  done(error: unknown, result?: unknown): void;
}
type Styled = (
  event: { name: string },
  context: Context,
  callback: (error: unknown, result?: unknown) => void,
) => unknown;

/** Runs a handler once and empties the event loop as the environment would. */
async function outcomeOf(handler: Styled, { callbacks = true, isAsync = false, empties = true } = {}) {
  const replies: [string, unknown][] = [];
  const runner = createHandlerRunner({ handler: handler as unknown as Handler, isAsync }, callbacks, identity, {
    reply: (kind, payload) => replies.push([kind, JSON.parse(payload)]),
    logError: () => {},
  });
  runner.run(invocation);
  await new Promise((resolve) => setImmediate(resolve));
  if (empties) runner.onEmptyEventLoop();
  return replies;
}

const error = (errorType: string, errorMessage: string) => [
  "error",
  expect.objectContaining({ errorType, errorMessage }),
];

test("a promise answers with its value, and undefined is null", async () => {
  expect(await outcomeOf(async (event) => event.name, { empties: false })).toEqual([["success", "Rex"]]);
  expect(await outcomeOf(async () => {}, { empties: false })).toEqual([["success", null]]);
});

test("a callback answers when the event loop is empty, not before", async () => {
  const handler: Styled = (event, _context, callback) => callback(null, event.name);
  expect(await outcomeOf(handler, { empties: false })).toEqual([]);
  expect(await outcomeOf(handler)).toEqual([["success", "Rex"]]);
});

test("a callback answers at once when the handler says not to wait", async () => {
  const handler: Styled = (event, context, callback) => {
    context.callbackWaitsForEmptyEventLoop = false;
    callback(null, event.name);
  };
  expect(await outcomeOf(handler, { empties: false })).toEqual([["success", "Rex"]]);
});

test("a callback with an error answers at once", async () => {
  expect(await outcomeOf((_event, _context, callback) => callback(new TypeError("no")), { empties: false })).toEqual([
    error("TypeError", "no"),
  ]);
});

test("a string error is exactly that string, by callback, context.fail and throw", async () => {
  const expected = [["error", { errorType: "string", errorMessage: "Unauthorized", trace: [] }]];
  expect(await outcomeOf((_event, _context, callback) => callback("Unauthorized"))).toEqual(expected);
  expect(await outcomeOf((_event, context) => context.fail("Unauthorized"))).toEqual(expected);
  expect(
    await outcomeOf(() => {
      throw "Unauthorized";
    }),
  ).toEqual(expected);
  expect(await outcomeOf(() => Promise.reject("Unauthorized"))).toEqual(expected);
});

test("context.succeed, fail and done answer at once", async () => {
  expect(await outcomeOf((_event, context) => context.succeed(1), { empties: false })).toEqual([["success", 1]]);
  expect(await outcomeOf((_event, context) => context.done(null, 2), { empties: false })).toEqual([["success", 2]]);
  expect(await outcomeOf((_event, context) => context.done(new Error("d")), { empties: false })).toEqual([
    error("Error", "d"),
  ]);
  expect(await outcomeOf((_event, context) => context.fail(), { empties: false })).toEqual([
    error("string", "handled"),
  ]);
});

test("only the first answer counts", async () => {
  const handler: Styled = (_event, context, callback) => {
    context.succeed("first");
    context.fail("second");
    callback("third");
  };
  expect(await outcomeOf(handler)).toEqual([["success", "first"]]);
});

test("an async handler that calls back later answers with what it returned", async () => {
  const handler: Styled = async (_event, _context, callback) => {
    setImmediate(() => callback(null, "late"));
  };
  expect(await outcomeOf(handler, { isAsync: true })).toEqual([["success", null]]);
});

test("a value returned by a handler that is not async is lost: null when the event loop is empty", async () => {
  expect(await outcomeOf((event) => event.name, { empties: false })).toEqual([]);
  expect(await outcomeOf((event) => event.name)).toEqual([["success", null]]);
});

test("an async handler whose promise can never settle is an error", async () => {
  expect(await outcomeOf(async () => new Promise(() => {}), { isAsync: true })).toEqual([
    error("Runtime.NodeJsExit", NEVER_SETTLED_MESSAGE),
  ]);
});

test("from nodejs24.x on a returned value is the result and there are no callbacks", async () => {
  expect(await outcomeOf((event) => event.name, { callbacks: false, empties: false })).toEqual([["success", "Rex"]]);
  expect(await outcomeOf((_event, context) => context.fail("x"), { callbacks: false })).toEqual([
    error("TypeError", "context.fail is not a function"),
  ]);
});

test("a result without JSON is an error", async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(await outcomeOf(async () => circular)).toEqual([error("Error", UNSERIALISABLE_MESSAGE)]);
  expect(await outcomeOf(async () => 1n)).toEqual([error("Error", UNSERIALISABLE_MESSAGE)]);
  expect(await outcomeOf(async () => circular, { callbacks: false })).toEqual([
    error("Runtime.JSONStringifyError", UNSERIALISABLE_MESSAGE),
  ]);
});

test("a result may be as long as Lambda allows and not a byte longer", async () => {
  const quotes = 2;
  const fits = "é".repeat((RESPONSE_LIMIT_BYTES - quotes) / 2);
  expect((await outcomeOf(async () => fits))[0]?.[0]).toBe("success");
  expect(await outcomeOf(async () => `${fits}x`)).toEqual([
    error(
      "Function.ResponseSizeTooLarge",
      "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    ),
  ]);
});

test("an event that is not JSON is the function's error", async () => {
  const replies: string[] = [];
  const runner = createHandlerRunner({ handler: () => 1, isAsync: false }, true, identity, {
    reply: (_kind, payload) => replies.push(JSON.parse(payload).errorType),
    logError: () => {},
  });
  runner.run({ ...invocation, payload: "{" });
  runner.run({ ...invocation, clientContext: "{" });
  expect(replies).toEqual(["SyntaxError", "Error"]);
});
