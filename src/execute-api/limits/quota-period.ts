import type { QuotaSettings } from "../../model/usage-plan.ts";

/** One period of a quota: from its first millisecond up to, not including, the next one's. */
export interface QuotaPeriod {
  readonly startMs: number;
  readonly endMs: number;
  /** Its first day, `2026-11-01`. */
  readonly firstDay: string;
}

const DAY_MS = 86_400_000;
/** Periods follow the UTC calendar (?). Weeks begin on Monday (?); AWS says of neither. */
const FIRST_DAY_OF_WEEK = 1;

/** The period that a moment lies in. */
export function quotaPeriodAt(nowMs: number, period: QuotaSettings["period"]): QuotaPeriod {
  const now = new Date(nowMs);
  const dayStartMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  switch (period) {
    case "DAY":
      return named(dayStartMs, dayStartMs + DAY_MS);
    case "WEEK": {
      const startMs = dayStartMs - ((now.getUTCDay() - FIRST_DAY_OF_WEEK + 7) % 7) * DAY_MS;
      return named(startMs, startMs + 7 * DAY_MS);
    }
    case "MONTH":
      return named(
        Date.UTC(now.getUTCFullYear(), now.getUTCMonth()),
        Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1),
      );
  }
}

/** `2026-11-21` */
export function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Every day from one to another, both included. */
export function utcDays(first: string, last: string): readonly string[] {
  const days: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) days.push(utcDay(at));
  return days;
}

/**
 * What a key may use in a period. The offset is taken off in the first one (D: "The number of requests subtracted from the
 * given limit in the initial time period", https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html; the
 * CloudFormation page of 2016 says why: a plan may start in the middle of a week or month). Which greatest offset
 * template/usage-plan-settings.ts takes, 0, 6 or 27 by period (C), would fit the day a period begins on: no page says so.
 */
export function limitIn(period: QuotaPeriod, quota: QuotaSettings, firstServedMs: number): number {
  const isFirst = firstServedMs >= period.startMs && firstServedMs < period.endMs;
  return Math.max(0, isFirst ? quota.limit - quota.offset : quota.limit);
}

function named(startMs: number, endMs: number): QuotaPeriod {
  return { startMs, endMs, firstDay: utcDay(startMs) };
}
