import type { ThrottleSettings } from "../../model/usage-plan.ts";
import type { Ephemeral } from "../../store/ephemeral.ts";
import { AllowanceSpender, type AllowanceTaken } from "./allowance-spender.ts";
import { ACCOUNT_THROTTLE, bucketOf } from "./bucket-of.ts";
import { BucketSpender } from "./bucket-spender.ts";
import {
  type CompiledUsagePlans,
  compileUsagePlans,
  type ServedUsagePlan,
  type ValuedApiKey,
} from "./compile-usage-plans.ts";
import type { Allowance, ApiKeyVerdict, Bucket, Exceeded, Limit, Limits } from "./limits.ts";
import { limitIn, quotaPeriodAt, utcDay, utcDays } from "./quota-period.ts";
import { UsageCounter } from "./usage-counter.ts";

export interface RequestLimitsOptions {
  /** Buckets and quotas. */
  readonly store: Ephemeral;
  /** Usage by day. Apart from quotas, so that days gone by never keep a quota from being counted. */
  readonly usageStore: Ephemeral;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Of the account, by default AWS's; null does not limit. */
  readonly accountThrottle?: ThrottleSettings | null;
}

/** What the keys of a plan used, in the shape of GetUsage (D: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html). */
export interface Usage {
  readonly usagePlanId: string;
  readonly startDate: string;
  readonly endDate: string;
  /** Key id → for each day, requests used and what then remained of the quota; null remains without a quota (?). */
  readonly items: Readonly<Record<string, readonly (readonly [number, number | null])[]>>;
}

/** The limits of one process: what a project's usage plans say, and the state of every bucket and quota. */
export class RequestLimits implements Limits {
  readonly account: Bucket | undefined;
  readonly #options: RequestLimitsOptions;
  // By the limits themselves: those of a deployment or a plan that is gone take their spender with them.
  readonly #buckets = new WeakMap<Bucket, BucketSpender>();
  #plans: CompiledUsagePlans = compileUsagePlans([], []);
  #allowances = new Map<Allowance, { readonly spender: AllowanceSpender; readonly counter: UsageCounter }>();

  constructor(options: RequestLimitsOptions) {
    this.#options = options;
    const settings = options.accountThrottle === undefined ? ACCOUNT_THROTTLE : options.accountThrottle;
    const named = { scope: "account", key: "account", origin: "the account" } as const;
    this.account = settings === null ? undefined : bucketOf(settings, named);
  }

  /** Takes these keys and plans in place of all others; they take effect without a deployment (D). What was used stays used. */
  replacePlans(keys: readonly ValuedApiKey[], plans: readonly ServedUsagePlan[]): void {
    const before = this.#allowances;
    this.#plans = compileUsagePlans(keys, plans);
    const { store, usageStore, now } = this.#options;
    this.#allowances = new Map(
      this.#plans.grants.map(({ allowance }) => {
        const counter = new UsageCounter(allowance.planId, allowance.keyId, usageStore, now);
        return [allowance, { spender: new AllowanceSpender(allowance, store, now), counter }];
      }),
    );
    void settle(before.values());
  }

  findKey(value: string, apiId: string, stageName: string): ApiKeyVerdict {
    return this.#plans.findKey(value, apiId, stageName);
  }

  spend(limits: readonly Limit[]): Exceeded | undefined | Promise<Exceeded | undefined> {
    return this.#spendFrom(limits, 0);
  }

  /** @throws StoreError when the store cannot be asked */
  async usage(planId: string, startDate: string, endDate: string): Promise<Usage> {
    const items: Record<string, (readonly [number, number | null])[]> = {};
    for (const [allowance, { counter }] of this.#allowances) {
      if (allowance.planId !== planId) continue;
      await counter.write();
      items[allowance.keyId] = await usedByDay(allowance, counter, startDate, endDate);
    }
    return { usagePlanId: planId, startDate, endDate, items };
  }

  /** Tells the store what was used and gives back what was not. The stores stay open. */
  close(): Promise<void> {
    return settle(this.#allowances.values());
  }

  #spendFrom(limits: readonly Limit[], first: number): Exceeded | undefined | Promise<Exceeded | undefined> {
    for (let at = first; at < limits.length; at++) {
      const limit = limits[at] as Limit;
      const taken = limit.type === "bucket" ? this.#takeToken(limit) : this.#takeAllowance(limit);
      if (taken instanceof Promise) {
        return taken.then((later) => (later === undefined ? this.#spendFrom(limits, at + 1) : later));
      }
      if (taken !== undefined) return taken;
    }
    return undefined;
  }

  #takeToken(bucket: Bucket): Exceeded | undefined | Promise<Exceeded | undefined> {
    const { store } = this.#options;
    if (!store.isShared) {
      const verdict = store.takeTokens(bucket.key, bucket);
      // A store that has no room for another bucket is as good as lost.
      if ("ok" in verdict && verdict.ok) return verdict.granted > 0 ? undefined : exceeded(bucket);
    }
    let spender = this.#buckets.get(bucket);
    if (spender === undefined) {
      spender = new BucketSpender(bucket, store, this.#options.now);
      this.#buckets.set(bucket, spender);
    }
    const taken = spender.take();
    if (taken instanceof Promise) return taken.then((later) => (later ? undefined : exceeded(bucket)));
    return taken ? undefined : exceeded(bucket);
  }

  #takeAllowance(allowance: Allowance): Exceeded | undefined | Promise<Exceeded | undefined> {
    const own = this.#allowances.get(allowance);
    if (own === undefined) return { limit: allowance, because: "store_lost", detail: "the usage plan was replaced" };
    const { spender, counter } = own;
    const conclude = (taken: AllowanceTaken): Exceeded | undefined => {
      if (taken === "store_lost") return { limit: allowance, because: "store_lost", detail: spender.trouble };
      if (taken === "exceeded") return exceeded(allowance);
      counter.count();
      return undefined;
    };
    const taken = spender.take();
    return taken instanceof Promise ? taken.then(conclude) : conclude(taken);
  }
}

function exceeded(limit: Limit): Exceeded {
  return { limit, because: "exceeded" };
}

/** Whoever ends or reloads is not kept by a store that cannot be asked. */
async function settle(
  allowances: Iterable<{ readonly spender: AllowanceSpender; readonly counter: UsageCounter }>,
): Promise<void> {
  for (const { spender, counter } of allowances) await Promise.allSettled([spender.returnLease(), counter.write()]);
}

async function usedByDay(
  { quota, firstServedMs }: Allowance,
  counter: UsageCounter,
  startDate: string,
  endDate: string,
): Promise<(readonly [number, number | null])[]> {
  // A period that began before the first day asked for has been used before it.
  const from = quota === undefined ? startDate : utcDay(quotaPeriodAt(Date.parse(startDate), quota.period).startMs);
  const days: (readonly [number, number | null])[] = [];
  let inPeriod = 0;
  let firstDay = "";
  for (const day of utcDays(from, endDate)) {
    const used = await counter.usedOn(day);
    if (quota === undefined) {
      days.push([used, null]);
      continue;
    }
    const period = quotaPeriodAt(Date.parse(day), quota.period);
    inPeriod = period.firstDay === firstDay ? inPeriod + used : used;
    firstDay = period.firstDay;
    if (day >= startDate) days.push([used, Math.max(0, limitIn(period, quota, firstServedMs) - inPeriod)]);
  }
  return days;
}
