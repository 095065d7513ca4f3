import fc from "fast-check";
import { expect, test } from "vitest";
import { Budget } from "./budget.ts";
import { compileJavaRegex, type JavaRegex, MAX_REGEX_RECURSION } from "./java-regex.ts";
import { MAX_REGEX_CHARS } from "./limits.ts";
import { TemplateError } from "./template-error.ts";

function compiled(pattern: string): JavaRegex {
  const verdict = compileJavaRegex(pattern);
  if (!verdict.ok) throw new Error(verdict.message);
  return verdict.regex;
}

test.each([
  ["abc", "abc", true],
  ["abc", "xabc", false],
  [".*four hundred.*", "an error: four hundred and one", true],
  ["2\\d{2}", "200", true],
  ["2\\d{2}", "2000", false],
  ["[^a-c]+", "xyz", true],
  ["[a-z&&[^aeiou]]+", "xyz", true],
  ["[a-z&&[^aeiou]]+", "xaz", false],
  ["[a-f[0-9]]+", "a0f9", true],
  ["(a|b)*c", "ababc", true],
  ["a{2,3}", "aaaa", false],
  ["a++a", "aaa", false],
  ["(?>a+)a", "aaa", false],
  ["a+?", "aaa", true],
  ["(?i)bearer .+", "BEARER x", true],
  ["(?i:a)b", "AB", false],
  ["\\QA.B\\E", "A.B", true],
  ["\\QA.B\\E", "AxB", false],
  ["\\p{Alpha}+\\p{Digit}", "abc1", true],
  ["(\\w)\\1", "aa", true],
  ["(?<x>a)b", "ab", true],
  ["(?=a)a", "a", true],
  ["(?!a)a", "a", false],
  ["^Bearer [-0-9a-zA-Z._]*$", "Bearer a.b-c_d", true],
  ["\\x41\\u0042", "AB", true],
  [".", "\n", false],
  ["(?s).", "\n", true],
  ["", "", true],
  ["a||b", "", true],
  ["(a*)*", "aaa", true],
  ["(a*)+", "", true],
  ["(a?){3}", "a", true],
])("Java's %j and %j: %s", (pattern, text, expected) => {
  expect(compiled(pattern).matches(text, new Budget())).toBe(expected);
});

test.each(["(", "[", "a{2", "*a", "a**b)", "\\k<x>", "\\p{IsGreek}", "(?<=a)b", "\\", "[z-a]", "a{3,2}", "(?<1>a)"])(
  "%j is refused, not guessed at",
  (pattern) => {
    expect(compileJavaRegex(pattern)).toMatchObject({ ok: false });
  },
);

test("the expression and its nesting have bounds", () => {
  expect(compileJavaRegex("a".repeat(MAX_REGEX_CHARS)).ok).toBe(true);
  expect(compileJavaRegex("a".repeat(MAX_REGEX_CHARS + 1)).ok).toBe(false);
  expect(compileJavaRegex("(".repeat(1000) + ")".repeat(1000)).ok).toBe(false);
  expect(() => compiled("(ab)*c").matches("ab".repeat(MAX_REGEX_RECURSION + 10), new Budget())).toThrow(TemplateError);
});

test("a long text costs steps, not stack", () => {
  expect(compiled(".*x").matches(`${"a".repeat(100_000)}x`, new Budget())).toBe(true);
  expect(compiled("[^,]*,[^,]*").matches(`${"a".repeat(50_000)},b`, new Budget())).toBe(true);
});

test("agrees with JavaScript's engine where the languages agree", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    "\\d",
    "(a|b)",
    "(ab)",
    "a*",
    "b+",
    "a?",
    "(a*b)*",
    "(?:a|ab)",
    "a{1,2}",
    "|",
    "a+?",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.stringMatching(/^[ab1]{0,12}$/), (parts, text) => {
      const pattern = parts.join("");
      expect(compiled(pattern).matches(text, new Budget())).toBe(new RegExp(`^(?:${pattern})$`, "s").test(text));
      const ours = compiled(pattern).find(text, 0, new Budget());
      const theirs = new RegExp(pattern, "s").exec(text);
      expect(ours?.start).toBe(theirs?.index);
      expect(ours === null ? null : text.slice(ours.start, ours.end)).toBe(theirs === null ? null : theirs[0]);
    }),
    { numRuns: 3000 },
  );
});
