import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchScopes, permissionsOf, scopeClaimOf, scopesOf } from "./scopes.ts";

describe("matchScopes", () => {
  test("one common scope is enough for anyOf, all are needed for allOf", () => {
    const claims = { scope: "openid read:pets" };
    expect(matchScopes(claims, { anyOf: ["write:pets", "read:pets"] })).toEqual({
      ok: true,
      matched: ["read:pets"],
      granted: ["openid", "read:pets"],
    });
    expect(matchScopes(claims, { allOf: ["write:pets", "read:pets"] })).toMatchObject({ ok: false, rule: "all" });
    expect(matchScopes(claims, { allOf: ["openid", "read:pets"] }).ok).toBe(true);
  });

  test("a refusal shows what was wanted, what was found and where", () => {
    expect(matchScopes({ scp: ["a"], permissions: ["b", "c"] }, { anyOf: ["b"] })).toEqual({
      ok: false,
      reason: "scope_insufficient",
      rule: "any",
      expected: ["b"],
      actual: ["a"],
      claim: "scp",
      permissions: ["b"],
    });
  });

  test("permissions are not scopes", () => {
    expect(matchScopes({ permissions: ["read:pets"] }, { anyOf: ["read:pets"] }).ok).toBe(false);
  });

  test("scopes are compared whole and in case", () => {
    for (const scope of ["read:petsx", "READ:PETS", "read", "read:pets,write:pets", "read:*", "*"]) {
      expect(matchScopes({ scope }, { anyOf: ["read:pets"] }).ok, scope).toBe(false);
    }
  });

  test("an empty list asks for nothing", () => {
    expect(matchScopes({}, { anyOf: [] }).ok).toBe(true);
    expect(matchScopes({}, { allOf: [] }).ok).toBe(true);
  });

  test("claims of any shape are answered without throwing, and grant nothing they do not spell out", () => {
    const hostile = [null, 1, true, {}, [], [1, null, ["read"]], { 0: "read", length: 1 }, [[["read"]]], "", " "];
    for (const scope of hostile) {
      expect(matchScopes({ scope, scp: scope, permissions: scope }, { anyOf: ["read"] }).ok).toBe(false);
    }
    fc.assert(
      fc.property(fc.object(), fc.array(fc.string()), (claims, anyOf) => {
        matchScopes(claims, { anyOf });
        permissionsOf(claims);
      }),
    );
  });
});

test("scope comes first, scp stands in when it is absent, empty or no string", () => {
  for (const [claims, claim, scopes] of [
    [{ scope: "a b", scp: ["c"] }, "scope", ["a", "b"]],
    [{ scope: "", scp: ["c d"] }, "scp", ["c d"]],
    [{ scope: ["x"], scp: "c  d" }, "scp", ["c", "d"]],
    [{}, null, []],
  ] as const) {
    expect(scopesOf(claims)).toEqual(scopes);
    expect(scopeClaimOf(claims)).toBe(claim);
  }
});

test("permissions are the strings of their list", () => {
  expect(permissionsOf({ permissions: ["a", 1, "b"] })).toEqual(["a", "b"]);
  expect(permissionsOf({ permissions: "a" })).toEqual([]);
});
