import { expect, test } from "vitest";
import { isoTime } from "./iso-time.ts";

test("a time is written as Date writes it, in whatever order times come", () => {
  const times = [
    0, 1, 999, 1000, 1_793_000_000_123, 1_793_000_000_009, 1_793_000_001_000, 1_792_999_999_999, -1, -1000,
  ];
  for (const time of times) expect(isoTime(time)).toBe(new Date(time).toISOString());
});

test("what is no time is refused, and the next time is right again", () => {
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  expect(() => isoTime(8.64e15 + 1000)).toThrow(RangeError);
  expect(isoTime(1_793_000_000_042)).toBe("2026-10-26T07:33:20.042Z");
});
