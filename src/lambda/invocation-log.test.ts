import { expect, test } from "vitest";
import { createInvocationLog, type FunctionLogLine } from "./invocation-log.ts";
import { MAX_LOG_CHARACTERS, MAX_LOG_LINE_CHARACTERS, MAX_LOG_LINES } from "./limits.ts";

const about = { functionArn: "arn", functionName: "pets", logStreamName: "stream" };
const line = (text: string) => ({ requestId: "id", level: undefined, text });

test("a console line reads as in CloudWatch, a written one as it is", () => {
  const passed: FunctionLogLine[] = [];
  const log = createInvocationLog(
    about,
    () => Date.UTC(2026, 0, 2),
    (each) => passed.push(each),
  );
  log.add({ requestId: "id", level: "WARN", text: "two\nlines" });
  log.add({ requestId: "", level: "INFO", text: "at init" });
  log.add({ requestId: "", level: undefined, text: "raw" });
  expect(log.lines).toEqual([
    "2026-01-02T00:00:00.000Z\tid\tWARN\ttwo\nlines",
    "2026-01-02T00:00:00.000Z\tundefined\tINFO\tat init",
    "raw",
  ]);
  expect(passed.map(({ requestId, level }) => [requestId, level])).toEqual([
    ["id", "WARN"],
    [undefined, "INFO"],
    [undefined, undefined],
  ]);
});

test("lines, characters and the length of a line are bounded", () => {
  const many = createInvocationLog(about, Date.now, undefined);
  for (let index = 0; index < MAX_LOG_LINES * 2; index += 1) many.add(line("x"));
  expect(many.lines).toHaveLength(MAX_LOG_LINES + 1);

  const long = createInvocationLog(about, Date.now, undefined);
  for (let index = 0; index < 100; index += 1) long.add(line("x".repeat(MAX_LOG_LINE_CHARACTERS * 2)));
  expect(long.lines[0]).toHaveLength(MAX_LOG_LINE_CHARACTERS);
  expect(long.lines).toHaveLength(MAX_LOG_CHARACTERS / MAX_LOG_LINE_CHARACTERS + 1);
});

test("a token is masked before the line is cut, so that no half of it stays", () => {
  const log = createInvocationLog(about, Date.now, undefined);
  const token = `eyJ${"a".repeat(100)}.eyJ${"b".repeat(100)}.sig`;
  log.add(line("x".repeat(MAX_LOG_LINE_CHARACTERS - 50) + token));
  expect(log.lines[0]).not.toContain("aaa");
});

test("a reader that throws does not harm the function", () => {
  const log = createInvocationLog(about, Date.now, () => {
    throw new Error("reader");
  });
  log.add(line("x"));
  expect(log.lines).toEqual(["x"]);
});
