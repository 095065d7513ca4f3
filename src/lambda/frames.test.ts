import { expect, test } from "vitest";
import type { EnvironmentEvents, Invocation } from "./environment.ts";
import {
  answerFrame,
  bootFrame,
  createFrameReader,
  initFailedFrame,
  invokeFrame,
  logFrame,
  packFrame,
  READY_FRAME,
  readFrameIn,
  tellFrame,
} from "./frames.ts";

const invocation: Invocation = {
  requestId: "11111111-2222-3333-4444-555555555555",
  deadlineMs: 1_790_000_000_000,
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:000000000000:function:pets:live",
  clientContext: '{"custom":\n{"a":"b"}}',
  payload: '{"text":"line\\nfeed é €",\n"n":1}',
};

test("an invocation reads back as it was written, line feeds included", () => {
  expect(readFrameIn(invokeFrame(invocation))).toEqual({ kind: "invoke", invocation });
  const plain = { ...invocation, clientContext: "" };
  expect(readFrameIn(invokeFrame(plain))).toEqual({ kind: "invoke", invocation: plain });
});

test("boot settings read back as they were written", () => {
  const boot = {
    codeFile: "/a",
    handlerFile: "/a",
    handlerExport: "h",
    runtime: "nodejs22.x",
    inspectPort: 0,
    nodeOptions: "--x",
  };
  expect(readFrameIn(bootFrame(boot))).toEqual({ kind: "boot", boot });
});

test("what an environment says reaches the matching event, and nonsense reaches none", () => {
  const told: unknown[] = [];
  const events: EnvironmentEvents = {
    onReady: () => told.push("ready"),
    onInitFailed: (payload) => told.push(["init", payload]),
    onLog: (line) => told.push(line),
    onAnswer: (answer) => told.push(answer),
    onExit: () => told.push("exit"),
  };
  const sent = [
    READY_FRAME,
    initFailedFrame("{}"),
    logFrame("id", "WARN", "a\nb"),
    logFrame("", "", "raw"),
    answerFrame("success", "id", '{"a":\n1}'),
    answerFrame("error", "id", "{}"),
    answerFrame("fatal", "id", "{}"),
    "",
    "?",
    "S",
    "L",
    "Lid\nNOLEVEL\ntext",
  ];
  for (const frame of sent) tellFrame(frame, events);
  expect(told).toEqual([
    "ready",
    ["init", "{}"],
    { requestId: "id", level: "WARN", text: "a\nb" },
    { requestId: "", level: undefined, text: "raw" },
    { kind: "success", requestId: "id", payload: '{"a":\n1}' },
    { kind: "error", requestId: "id", payload: "{}" },
    { kind: "fatal", requestId: "id", payload: "{}" },
    { requestId: "id", level: undefined, text: "text" },
  ]);
});

test.each([1, 3, 7, 10_000])("frames survive a pipe that delivers %i bytes at a time", (size) => {
  const frames = ["R", "", "é€😀", "x".repeat(500), "last"];
  const bytes = Buffer.concat(frames.map(packFrame));
  const read: string[] = [];
  const take = createFrameReader(
    1_000,
    (frame) => read.push(frame),
    () => expect.unreachable(),
  );
  for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
  expect(read).toEqual(frames);
});

test("a frame over the limit ends the reading", () => {
  const read: string[] = [];
  let tooLong = 0;
  const take = createFrameReader(
    10,
    (frame) => read.push(frame),
    () => {
      tooLong += 1;
    },
  );
  take(Buffer.concat([packFrame("ok"), packFrame("x".repeat(11)), packFrame("no")]));
  take(packFrame("no"));
  expect(read).toEqual(["ok"]);
  expect(tooLong).toBe(1);
});
