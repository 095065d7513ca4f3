import type { ThrottleSettings } from "../../model/usage-plan.ts";
import type { Bucket } from "./limits.ts";

/** Requests a second and at once of all of an account's APIs in a region together (D: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). */
export const ACCOUNT_THROTTLE = { rateLimit: 10_000, burstLimit: 5_000 } as const satisfies ThrottleSettings;

/**
 * The bucket of a pair of limits, or none where neither is set. A rate without a burst holds what it adds in a second,
 * at least one; a burst without a rate is always full (both ?).
 */
export function bucketOf(
  { rateLimit: rate, burstLimit: burst }: ThrottleSettings,
  named: Pick<Bucket, "scope" | "key" | "origin">,
): Bucket | undefined {
  if (rate === undefined && burst === undefined) return undefined;
  const whole = { rate: rate ?? Number.POSITIVE_INFINITY, burst: burst ?? (rate === 0 ? 0 : Math.max(1, rate ?? 1)) };
  return { type: "bucket", ...named, ...whole };
}
