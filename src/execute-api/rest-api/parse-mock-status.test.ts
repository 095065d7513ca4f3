import { describe, expect, it } from "vitest";
import { MOCK_DEPTH_LIMIT, MOCK_TEXT_LIMIT_CHARS, parseMockStatus } from "./parse-mock-status.ts";

describe("the status of a MOCK", () => {
  it.each([
    ['{"statusCode": 200}', 200],
    ["{statusCode: 200}", 200],
    ["{'statusCode': 201}", 201],
    ['{"statusCode": "404"}', 404],
    ['{ "a": [1, {b: "}"}], "statusCode": 302, }', 302],
    ['{"message": "a \\"quoted\\" \\u0041 text", "statusCode": 500}', 500],
    ["{statusCode: 200 /* fine */}", 200],
    ["// first\n{statusCode: 200} // last", 200],
  ])("%s", (text, status) => {
    expect(parseMockStatus(text)).toEqual({ ok: true, status });
  });

  it.each([
    "",
    "   ",
    "{}",
    "[]",
    "200",
    "{statusCode}",
    "{statusCode: }",
    '{"statusCode": 200.5}',
    '{"statusCode": null}',
    '{"statusCode": "two"}',
    '{"statusCode": 200',
    '{"statusCode": 200} trailing',
    '{"a": "unterminated',
    '{"a": "\\u00zz", "statusCode": 200}',
  ])("is not found in %j", (text) => {
    expect(parseMockStatus(text).ok).toBe(false);
  });

  it("is bounded in length and depth", () => {
    expect(parseMockStatus(`{statusCode: 200}${" ".repeat(MOCK_TEXT_LIMIT_CHARS)}`).ok).toBe(false);
    const nested = (depth: number) => `{a: ${"[".repeat(depth)}${"]".repeat(depth)}, statusCode: 200}`;
    expect(parseMockStatus(nested(MOCK_DEPTH_LIMIT - 1)).ok).toBe(true);
    expect(parseMockStatus(nested(MOCK_DEPTH_LIMIT)).ok).toBe(false);
    expect(parseMockStatus("[".repeat(1_000_000)).ok).toBe(false);
    expect(parseMockStatus(`{${"a:/* ,".repeat(100_000)}`).ok).toBe(false);
    expect(parseMockStatus(`${" ".repeat(900_000)}{statusCode: 200}`).ok).toBe(true);
  });
});
