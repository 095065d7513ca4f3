import fc from "fast-check";
import { expect, test } from "vitest";
import { authorizerCacheKey } from "./authorizer-cache.ts";
import { MAX_REMEMBERED_CHARACTERS, MAX_REMEMBERED_KEYS, RememberedKeys } from "./remembered-keys.ts";

test("a key is the same whether remembered or not, for one another's identities, prefixes and shapes", () => {
  const keys = new RememberedKeys();
  const value = fc.constantFrom("a", "b", `a${"x".repeat(43)}`, `b${"x".repeat(43)}`, "", "x".repeat(43));
  const identity = fc.array(fc.option(fc.array(value, { maxLength: 2 }), { nil: undefined }), { maxLength: 2 });
  fc.assert(
    fc.property(fc.constantFrom("3:api", "3:app"), identity, (prefix, values) => {
      expect(keys.keyOf(prefix, values)).toBe(authorizerCacheKey(prefix, values));
    }),
    { numRuns: 500 },
  );
});

test("two tokens with the same end have two keys, in turn", () => {
  const keys = new RememberedKeys();
  const tail = "x".repeat(100);
  const [one, other] = [`one${tail}`, `other${tail}`];
  for (let turn = 0; turn < 3; turn++) {
    expect(keys.keyOf("p", [[one]])).toBe(authorizerCacheKey("p", [[one]]));
    expect(keys.keyOf("p", [[other]])).toBe(authorizerCacheKey("p", [[other]]));
  }
});

test("more identities than are remembered, and longer ones, have their keys all the same", () => {
  const keys = new RememberedKeys();
  for (let at = 0; at <= MAX_REMEMBERED_KEYS; at++) keys.keyOf("p", [[`token ${at}`]]);
  expect(keys.keyOf("p", [["token 0"]])).toBe(authorizerCacheKey("p", [["token 0"]]));
  const long = "t".repeat(MAX_REMEMBERED_CHARACTERS + 1);
  expect(keys.keyOf("p", [[long]])).toBe(authorizerCacheKey("p", [[long]]));
});
