import type { ServedUsagePlan, ValuedApiKey } from "../src/execute-api/limits/compile-usage-plans.ts";
import { RequestLimits, type RequestLimitsOptions } from "../src/execute-api/limits/request-limits.ts";
import type { Ephemeral } from "../src/store/ephemeral.ts";
import { createMemoryEphemeral } from "../src/store/memory-ephemeral.ts";

/*
 * An API key and a usage plan for unit tests, each whole and ready to be changed in one member.
 */

const AT = { file: "gatewarden.yaml", line: 1, column: 1 };

export const USAGE_KEY = {
  id: "mobilekey0",
  name: "mobile",
  value: "mobile-key-value-0123456789",
  enabled: true,
  at: AT,
} as const satisfies ValuedApiKey;

/** Without limits, for the stage `test` of `petstore`. */
export function samplePlan(given: Partial<ServedUsagePlan> = {}): ServedUsagePlan {
  return {
    id: "gold",
    name: "gold",
    apiStages: [{ apiId: "petstore", stageName: "test", throttle: {} }],
    keyIds: [USAGE_KEY.id],
    firstServedMs: 0,
    at: AT,
    ...given,
  };
}

/** Limits with a clock that stands still until it is moved. */
export function limitsOf(
  keys: readonly ValuedApiKey[],
  plans: readonly Partial<ServedUsagePlan>[],
  options: Partial<RequestLimitsOptions> = {},
) {
  const clock = { nowMs: Date.UTC(2026, 10, 21, 1, 2, 3) };
  const now = (): number => clock.nowMs;
  const store = createMemoryEphemeral({ clock: now });
  const usageStore = createMemoryEphemeral({ clock: now });
  const limits = new RequestLimits({ store, usageStore, now, ...options });
  limits.replacePlans(keys, plans.map(samplePlan));
  return { limits, clock, store };
}

/** A store that other processes share, as Redis is: the same state, asked through promises, and it can be lost. */
export function sharedStore(store: Ephemeral): Ephemeral & { isLost: boolean; asked: number } {
  const later = async <Verdict>(ask: () => Verdict | Promise<Verdict>): Promise<Verdict> => {
    shared.asked += 1;
    await Promise.resolve();
    if (shared.isLost) throw new Error("the store does not answer");
    return ask();
  };
  const shared = {
    ...store,
    isShared: true,
    isLost: false,
    asked: 0,
    increment: (key: string, options: Parameters<Ephemeral["increment"]>[1]) =>
      later(() => store.increment(key, options)),
    takeTokens: (key: string, options: Parameters<Ephemeral["takeTokens"]>[1]) =>
      later(() => store.takeTokens(key, options)),
  };
  return shared;
}
