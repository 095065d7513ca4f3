import { describe, expect, test } from "vitest";
import { judgeRequiredClaims } from "./judge-required-claims.ts";

describe("a claim rule with values", () => {
  const rule = [{ claim: "token_use", values: ["access", 1, true] }] as const;

  test.each([["access"], [1], [true], [["id", "access"]]])("is satisfied by %j", (value) => {
    expect(judgeRequiredClaims({ token_use: value }, rule)).toBeUndefined();
  });

  test.each([["id"], ["Access"], ["access "], ["1"], ["true"], [0], [false], [[]], [[["access"]]], [{ access: true }]])(
    "is not satisfied by %j",
    (value) => {
      expect(judgeRequiredClaims({ token_use: value }, rule)).toEqual({
        claim: "token_use",
        expected: ["access", 1, true],
        actual: value,
      });
    },
  );

  test.each([[{}], [{ token_use: null }], [{ other: "access" }]])("needs the claim: %j", (claims) => {
    expect(judgeRequiredClaims(claims, rule)).toEqual({
      claim: "token_use",
      expected: ["access", 1, true],
      actual: undefined,
    });
  });
});

test("a claim rule without values wants the claim, whatever it says", () => {
  const rule = [{ claim: "email" }];
  for (const email of ["", 0, false, [], {}]) expect(judgeRequiredClaims({ email }, rule)).toBeUndefined();
  expect(judgeRequiredClaims({ email: null }, rule)).toEqual({ claim: "email", actual: undefined });
  expect(judgeRequiredClaims({}, [{ claim: "toString" }])).toEqual({ claim: "toString", actual: undefined });
});

test("all rules must hold, and the first that does not is named", () => {
  const rules = [{ claim: "a" }, { claim: "b", values: ["1"] }, { claim: "c" }];
  expect(judgeRequiredClaims({ a: 1, b: "1", c: 1 }, rules)).toBeUndefined();
  expect(judgeRequiredClaims({ a: 1, b: "2" }, rules)).toMatchObject({ claim: "b" });
  expect(judgeRequiredClaims({ a: 1, b: "1" }, rules)).toMatchObject({ claim: "c" });
  expect(judgeRequiredClaims({}, [])).toBeUndefined();
});
