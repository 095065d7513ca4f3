import { expect, test } from "vitest";
import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { refusalLine } from "./refusal-line.ts";

function record(given: { status?: number; path?: string; message?: string }): DecisionRecord {
  const { status = 401, path = "/test/pets", message } = given;
  return {
    requestId: "0a4d39fb",
    request: { method: "GET", path },
    answer: { status },
    ...(message !== undefined && { refusal: { reason: "r", message, check: "c" } }),
  } as DecisionRecord;
}

test("a refusal is one line with status, route, reason and request id", () => {
  expect(refusalLine(record({ message: "no token" }))).toBe("401 GET /test/pets  no token  [0a4d39fb]");
});

test("a route that is not served is a refusal too", () => {
  expect(refusalLine(record({ status: 501, message: "api.yaml:3:5: error x" }))).toContain(
    "501 GET /test/pets  api.yaml",
  );
});

test("what went well has no line, nor has what a backend itself answered, 501 or not", () => {
  expect(refusalLine(record({ status: 200 }))).toBeUndefined();
  expect(refusalLine(record({ status: 501 }))).toBeUndefined();
});

test.each(["\n2", "\r2", "\u001b[31m", "\u009b31m", "\u007f", "\u202e", "\u2028"])(
  "%j in path or reason does not reach the terminal",
  (text) => {
    const line = refusalLine(record({ path: `/a${text}b`, message: `c${text}d` })) ?? "";
    for (const character of text) if (!/[ -~]/.test(character)) expect(line).not.toContain(character);
    expect(line.split("\n")).toHaveLength(1);
  },
);
