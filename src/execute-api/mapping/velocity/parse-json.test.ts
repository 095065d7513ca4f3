import fc from "fast-check";
import { expect, test } from "vitest";
import { Budget } from "./budget.ts";
import { MAX_VALUE_DEPTH } from "./limits.ts";
import { parseJson } from "./parse-json.ts";
import { printValue, writeJson } from "./print-value.ts";

function roundTrip(text: string): string {
  const verdict = parseJson(text);
  if (!verdict.ok) throw new Error(verdict.expected);
  return writeJson(verdict.value, new Budget());
}

test("what JSON.parse reads is read alike, and written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.parse(roundTrip(text))).toEqual(JSON.parse(text));
    }),
    { numRuns: 2000 },
  );
});

test("what JSON.parse refuses is refused", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]":,0123.-+eEtrufalsn\\ \n\u0001x'.split("")), maxLength: 12 }),
      (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(parseJson(text).ok).toBe(valid);
      },
    ),
    { numRuns: 20_000 },
  );
});

test("order, integers and fractions survive, which JSON.parse loses", () => {
  expect(roundTrip('{"10":1,"2":1.0,"a":12345678901234567890,"1":1e3}')).toBe(
    '{"10":1,"2":1.0,"a":12345678901234567890,"1":1000.0}',
  );
});

test("__proto__ is a key like any other", () => {
  const verdict = parseJson('{"__proto__":{"x":1},"constructor":2}');
  expect(verdict.ok && printValue(verdict.value, new Budget())).toBe("{__proto__={x=1}, constructor=2}");
});

test("nesting has a bound", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parseJson(nested(MAX_VALUE_DEPTH)).ok).toBe(true);
  expect(parseJson(nested(MAX_VALUE_DEPTH + 2)).ok).toBe(false);
  expect(parseJson(nested(1_000_000)).ok).toBe(false);
});
