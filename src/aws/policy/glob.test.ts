import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import { compileGlob, compileGlobTokens, matchesGlob } from "./glob.ts";

/** The definition, written down; exponential, so for short texts only. */
function naive(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  const rest = pattern.slice(1);
  if (pattern[0] === "*") return naive(rest, text) || (text !== "" && naive(pattern, text.slice(1)));
  return text !== "" && (pattern[0] === "?" || pattern[0] === text[0]) && naive(rest, text.slice(1));
}

describe("matchesGlob", () => {
  test.each([
    ["*", "", true],
    ["a*", "a/b:c", true],
    ["a*c", "ac", true],
    ["aa*aa", "aaa", false],
    ["*pets*", "GET/pets/1", true],
    ["a?c", "a/c", true],
    ["a?c", "ac", false],
    ["GET/pets", "GET/pets/", false],
    ["GET/pets", "XGET/pets", false],
    ["a.c", "abc", false],
    ["(a+)$[b]{c}|^", "(a+)$[b]{c}|^", true],
    ["$default", "$default", true],
  ])("%s against %s is %s", (pattern, text, expected) => {
    expect(matchesGlob(compileGlob(pattern), text)).toBe(expected);
  });

  test("agrees with the naive definition for every pattern and text", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "/", ":", ".", "*", "*", "?"), maxLength: 9 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", ":", "."), maxLength: 10 });
    fc.assert(
      fc.property(pattern, text, (glob, subject) => {
        expect(matchesGlob(compileGlob(glob), subject)).toBe(naive(glob, subject));
        expect(matchesGlob(compileGlob(glob), `xy${subject}`, 2)).toBe(naive(glob, subject));
      }),
      { numRuns: 5_000 },
    );
  });

  test("a token string is literal even when it holds wildcards", () => {
    expect(matchesGlob(compileGlobTokens(["a*"]), "ab")).toBe(false);
    expect(matchesGlob(compileGlobTokens(["a*"]), "a*")).toBe(true);
  });

  test("a pattern made to explode a regular expression costs little", () => {
    const glob = compileGlob(`${"*a?".repeat(170)}b*`);
    const began = cpuMs();
    expect(matchesGlob(glob, "a".repeat(1_600))).toBe(false);
    expect(cpuMs() - began).toBeLessThan(1_000);
  });

  test("a long piece with question marks is found where the naive definition finds it", () => {
    const unit = fc.constantFrom("a", "a", "a", "b", "?");
    const piece = fc.string({ unit, minLength: 33, maxLength: 100 });
    const text = fc.string({ unit: fc.constantFrom("a", "a", "a", "b"), maxLength: 40 });
    fc.assert(
      fc.property(piece, text, text, fc.boolean(), (long, before, after, isThere) => {
        const subject = `${before}${isThere ? long.replaceAll("?", "c") : long.slice(1)}${after}`;
        expect(matchesGlob(compileGlob(`*${long}*`), subject)).toBe(naive(`*${long}*`, subject));
        expect(matchesGlob(compileGlob(`${long}?*${long}*b`), subject + subject)).toBe(
          naive(`${long}?*${long}*b`, subject + subject),
        );
      }),
    );
  });
});
