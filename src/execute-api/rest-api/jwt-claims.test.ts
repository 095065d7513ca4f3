import { expect, test } from "vitest";
import { claimJson } from "./jwt-claims.ts";

test("claims are JSON texts, by the examples of the developer guide (D)", () => {
  const claims = {
    name: 'Doe, "Jane"',
    iat: 1516239022,
    version: "42",
    number: 42,
    roles: ["user", "editor"],
    address: { city: "Seattle" },
    given_name: "René",
    admin: true,
    nothing: null,
  };
  expect({ ...claimJson(claims) }).toEqual({
    name: '"Doe, \\"Jane\\""',
    iat: "1516239022",
    version: '"42"',
    number: "42",
    roles: '["user","editor"]',
    address: '{"city":"Seattle"}',
    given_name: '"Ren\\u00E9"',
    admin: "true",
    nothing: "null",
  });
});

test("text beyond the basic plane is two escapes, and reads back as it was", () => {
  const { mood } = claimJson({ mood: "\u{1f600}\u007f\u2028" });
  expect(mood).toBe('"\\uD83D\\uDE00\\u007F\\u2028"');
  expect(JSON.parse(mood as string)).toBe("\u{1f600}\u007f\u2028");
});

test("a claim may be called as anything", () => {
  const claims = JSON.parse('{"__proto__": 1, "constructor": "x"}');
  const texts = claimJson(claims);
  expect(Object.entries(texts)).toEqual([
    ["__proto__", "1"],
    ["constructor", '"x"'],
  ]);
});
