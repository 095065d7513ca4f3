import { expect, test } from "vitest";
import { limitIn, quotaPeriodAt, utcDays } from "./quota-period.ts";

const at = (text: string) => Date.parse(text);

test.each([
  ["DAY", "2026-11-21T23:59:59.999Z", "2026-11-21", "2026-11-22"],
  ["DAY", "2026-11-22T00:00:00.000Z", "2026-11-22", "2026-11-23"],
  ["WEEK", "2026-11-22T23:59:59.999Z", "2026-11-16", "2026-11-23"],
  ["WEEK", "2026-11-23T00:00:00.000Z", "2026-11-23", "2026-11-30"],
  ["WEEK", "2027-01-01T10:00:00.000Z", "2026-12-28", "2027-01-04"],
  ["MONTH", "2026-11-30T23:59:59.999Z", "2026-11-01", "2026-12-01"],
  ["MONTH", "2026-12-31T23:59:59.999Z", "2026-12-01", "2027-01-01"],
  ["MONTH", "2028-02-29T12:00:00.000Z", "2028-02-01", "2028-03-01"],
] as const)("a %s with %s in it goes from %s to %s, in UTC", (period, moment, start, end) => {
  expect(quotaPeriodAt(at(moment), period)).toEqual({ startMs: at(start), endMs: at(end), firstDay: start });
});

test("days are told from one to another, both included", () => {
  expect(utcDays("2028-02-28", "2028-03-01")).toEqual(["2028-02-28", "2028-02-29", "2028-03-01"]);
  expect(utcDays("2028-03-02", "2028-03-01")).toEqual([]);
});

test("the offset counts in the period in which the plan was first served, not before and not after (D)", () => {
  const quota = { limit: 10, offset: 4, period: "MONTH" } as const;
  const november = quotaPeriodAt(at("2026-11-21"), "MONTH");
  const limits = ["2026-10-31T23:59:59.999Z", "2026-11-01", "2026-11-30T23:59:59.999Z", "2026-12-01"];
  expect(limits.map((moment) => limitIn(november, quota, at(moment)))).toEqual([10, 6, 6, 10]);
  expect(limitIn(november, { ...quota, offset: 11 }, at("2026-11-01"))).toBe(0);
});
