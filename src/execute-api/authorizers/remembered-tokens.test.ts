import { expect, test } from "vitest";
import { MAX_REMEMBERED_TOKENS, RememberedTokens, type VerifiedToken } from "./remembered-tokens.ts";

const byKid = new Map();
const verified = (token: string): VerifiedToken => ({ token, byKid, claims: { token } });
const TAIL = "x".repeat(43);

/** Seen twice, as what is to be kept must be. */
function addTwice(remembered: RememberedTokens<VerifiedToken>, token: string): VerifiedToken {
  remembered.add(verified(token));
  return remembered.add(verified(token));
}

test("a token is kept from its second sight on", () => {
  const remembered = new RememberedTokens();
  remembered.add(verified("a.b.c"));
  expect(remembered.find("a.b.c")).toBeUndefined();
  const good = remembered.add(verified("a.b.c"));
  expect(remembered.find("a.b.c")).toBe(good);
});

test("a token is found again, and one with the same end is not taken for it", () => {
  const remembered = new RememberedTokens();
  const good = addTwice(remembered, `a.b.${TAIL}`);
  expect(remembered.find(`a.b.${TAIL}`)).toBe(good);
  expect(remembered.find(`a.c.${TAIL}`)).toBeUndefined();
});

test("a token of which nobody knows the keys is not remembered", () => {
  const remembered = new RememberedTokens();
  for (let time = 0; time < 3; time++) remembered.add({ ...verified("a.b.c"), byKid: undefined });
  expect(remembered.find("a.b.c")).toBeUndefined();
});

test("what is used stays, what is not is forgotten: never more than two generations", () => {
  const remembered = new RememberedTokens();
  const used = `used.${TAIL.replace("x", "u")}`;
  addTwice(remembered, used);
  addTwice(remembered, "idle");
  for (let at = 0; at < 3 * MAX_REMEMBERED_TOKENS; at++) {
    addTwice(remembered, `token ${at}`);
    expect(remembered.find(used)?.token).toBe(used);
  }
  expect(remembered.find("idle")).toBeUndefined();
});
