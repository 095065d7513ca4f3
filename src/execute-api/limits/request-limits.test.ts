import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitsOf, samplePlan, sharedStore, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import type { QuotaSettings } from "../../model/usage-plan.ts";
import { createMemoryEphemeral } from "../../store/memory-ephemeral.ts";
import { bucketOf } from "./bucket-of.ts";
import { leaseTokens } from "./bucket-spender.ts";
import type { ApiKeyGrant, Bucket, Exceeded } from "./limits.ts";
import { RequestLimits } from "./request-limits.ts";

const bucket = (rate: number, burst: number): Bucket => ({
  type: "bucket",
  scope: "method",
  key: "method/GET /pets",
  rate,
  burst,
  origin: "GET /pets",
});

function grantOf(limits: RequestLimits): ApiKeyGrant {
  const verdict = limits.findKey(USAGE_KEY.value, "petstore", "test");
  if (!verdict.ok) throw new Error(verdict.reason);
  return verdict.grant;
}

/** Several processes that share a store, under one clock. */
function nodesOf(count: number, quota?: QuotaSettings) {
  const clock = { nowMs: Date.UTC(2026, 10, 21) };
  const now = () => clock.nowMs;
  const store = sharedStore(createMemoryEphemeral({ clock: now }));
  const nodes = Array.from({ length: count }, () => {
    const limits = new RequestLimits({ store, usageStore: store, now, accountThrottle: null });
    limits.replacePlans([USAGE_KEY], [samplePlan({ ...(quota && { quota }) })]);
    return limits;
  });
  return { clock, store, nodes };
}

const isGranted = (exceeded: Exceeded | undefined): boolean => exceeded === undefined;

const rates = fc.double({ min: 0.01, max: 5000, noNaN: true });
const bursts = fc.integer({ min: 0, max: 2000 });
/** When requests come: so many at once, then so long nothing. */
const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 4000 })), {
  maxLength: 40,
});

describe("in one process", () => {
  test("no window has more requests than burst + rate × its length, and never one fewer than there was room for", async () => {
    await fc.assert(
      fc.asyncProperty(rates, bursts, arrivals, async (rate, burst, pattern) => {
        const { limits, clock } = limitsOf([], [], { accountThrottle: null });
        const one = [bucket(rate, burst)];
        const grantedAt: number[] = [];
        let level = burst;
        for (const [requests, pauseMs] of pattern) {
          for (let at = 0; at < requests; at++) {
            const exceeded = limits.spend(one);
            if (exceeded instanceof Promise) throw new Error("one process waits for nobody");
            // An independent count of what is left, told by whole tokens.
            expect(isGranted(exceeded)).toBe(burst >= 1 && level >= 1 - 1e-6);
            if (!isGranted(exceeded)) continue;
            level -= 1;
            grantedAt.push(clock.nowMs);
          }
          clock.nowMs += pauseMs;
          level = Math.min(burst, level + (pauseMs * rate) / 1000);
        }
        const isOver = grantedAt.some((begin, from) =>
          grantedAt.some((end, to) => to >= from && to - from + 1 > burst + (rate * (end - begin)) / 1000 + 1),
        );
        expect(isOver).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test("a quota is exact in every period, and each key has its own", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), arrivals, (limit, pattern) => {
        const other = { ...USAGE_KEY, id: "otherkey00", value: "other-key-value-01234567890" };
        const quota = { limit, offset: 0, period: "DAY" } as const;
        const { limits, clock } = limitsOf([USAGE_KEY, other], [{ quota, keyIds: [USAGE_KEY.id, other.id] }]);
        const perDay = new Map<string, number>();
        for (const [requests, pause] of pattern) {
          for (const { value } of [USAGE_KEY, other]) {
            const found = limits.findKey(value, "petstore", "test");
            if (!found.ok) throw new Error(found.reason);
            const day = `${value} ${new Date(clock.nowMs).toISOString().slice(0, 10)}`;
            for (let at = 0; at < requests; at++) {
              const used = perDay.get(day) ?? 0;
              const granted = limits.spend([found.grant.allowance]) === undefined;
              expect(granted).toBe(used < limit);
              if (granted) perDay.set(day, used + 1);
            }
          }
          clock.nowMs += pause * 10_000;
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the offset is taken off in the plan's first period only (D)", () => {
    const quota = { limit: 5, offset: 3, period: "MONTH" } as const;
    const { limits, clock } = limitsOf([USAGE_KEY], [{ quota, firstServedMs: Date.UTC(2026, 10, 3) }]);
    const granted = () => {
      let count = 0;
      while (limits.spend([grantOf(limits).allowance]) === undefined) count += 1;
      return count;
    };
    expect(granted()).toBe(2);
    clock.nowMs = Date.UTC(2026, 11, 1);
    expect(granted()).toBe(5);
  });

  test("what was used stays used when plans are replaced, and a raised limit counts from there", () => {
    const quota = (limit: number) => ({ limit, offset: 0, period: "DAY" }) as const;
    const { limits } = limitsOf([USAGE_KEY], [{ quota: quota(2) }]);
    const spend = () => limits.spend([grantOf(limits).allowance]);
    expect([spend(), spend()]).toEqual([undefined, undefined]);
    for (let at = 0; at < 10; at++) expect(spend()).toMatchObject({ because: "exceeded" });
    limits.replacePlans([USAGE_KEY], [samplePlan({ quota: quota(3) })]);
    expect(spend()).toBeUndefined();
    expect(spend()).toMatchObject({ because: "exceeded" });
  });

  test("two keys on one plan have a bucket each, over all of the plan's stages", () => {
    const other = { ...USAGE_KEY, id: "otherkey00", value: "other-key-value-01234567890" };
    const apiStages = ["test", "prod"].map((stageName) => ({ apiId: "petstore", stageName, throttle: {} }));
    const { limits } = limitsOf(
      [USAGE_KEY, other],
      [{ keyIds: [USAGE_KEY.id, other.id], throttle: { rateLimit: 1, burstLimit: 2 }, apiStages }],
    );
    const spend = (value: string, stageName: string) => {
      const found = limits.findKey(value, "petstore", stageName);
      if (!found.ok || !found.grant.plan) throw new Error("the key is on the plan");
      return limits.spend([found.grant.plan]);
    };
    expect([spend(USAGE_KEY.value, "test"), spend(USAGE_KEY.value, "prod")]).toEqual([undefined, undefined]);
    expect(spend(USAGE_KEY.value, "prod")).toMatchObject({ because: "exceeded" });
    expect(spend(other.value, "prod")).toBeUndefined();
  });

  test("only configured keys have state: a thousand guessed values leave the store as it was", () => {
    const store = createMemoryEphemeral({ bucketsMax: 0, countersMax: 0 });
    const { limits } = limitsOf([USAGE_KEY], [{}], { store, accountThrottle: null });
    for (let at = 0; at < 1000; at++) {
      expect(limits.findKey(`guess-${at}`, "petstore", "test")).toEqual({ ok: false, reason: "api_key_unknown" });
    }
    expect(limits.spend([])).toBeUndefined();
  });

  test("a store without room for another bucket leaves a bucket of the process's own", () => {
    const { limits } = limitsOf([], [], { store: createMemoryEphemeral({ bucketsMax: 0 }), accountThrottle: null });
    const one = [bucket(0.001, 2)];
    expect([limits.spend(one), limits.spend(one)]).toEqual([undefined, undefined]);
    expect(limits.spend(one)).toMatchObject({ because: "exceeded" });
  });
});

describe("in several processes that share a store", () => {
  test("together they overshoot a bucket by no more than one lease each", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), rates, bursts, arrivals, async (count, rate, burst, pattern) => {
        const { nodes, clock } = nodesOf(count);
        // Each process compiles a bucket of its own.
        const buckets = nodes.map(() => [bucket(rate, burst)]);
        const began = clock.nowMs;
        let granted = 0;
        for (const [requests, pauseMs] of pattern) {
          const answers = await Promise.all(
            Array.from({ length: requests }, (_, at) => nodes[at % count]!.spend(buckets[at % count]!)),
          );
          granted += answers.filter(isGranted).length;
          const most = burst + (rate * (clock.nowMs - began)) / 1000 + 1;
          expect(granted).toBeLessThanOrEqual(most + count * leaseTokens({ rate, burst }));
          clock.nowMs += pauseMs;
        }
      }),
      { numRuns: 60 },
    );
  });

  test("many requests at once are all granted while there is room, with few questions to the store", async () => {
    const { nodes, store } = nodesOf(1);
    const one = [bucket(10, 1000)];
    const answers = await Promise.all(Array.from({ length: 900 }, () => nodes[0]!.spend(one)));
    expect(answers.filter(isGranted)).toHaveLength(900);
    expect(store.asked).toBeLessThan(10);
  });

  test("an empty bucket is not asked for again before there can be a token", async () => {
    const { nodes, store, clock } = nodesOf(1);
    const one = [bucket(2, 1)];
    expect(await nodes[0]!.spend(one)).toBeUndefined();
    expect(await nodes[0]!.spend(one)).toMatchObject({ because: "exceeded" });
    const { asked } = store;
    for (let at = 0; at < 100; at++) expect(await nodes[0]!.spend(one)).toMatchObject({ because: "exceeded" });
    expect(store.asked).toBe(asked);
    clock.nowMs += 500;
    expect(await nodes[0]!.spend(one)).toBeUndefined();
  });

  test("a quota is never overshot, and all of it can be used once everybody has returned what they held", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 5000 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 10 }),
        async (count, limit, waves) => {
          const { nodes, clock } = nodesOf(count, { limit, offset: 0, period: "DAY" });
          let granted = 0;
          const spend = async (node: RequestLimits) => isGranted(await node.spend([grantOf(node).allowance]));
          for (const wave of waves) {
            const answers = await Promise.all(Array.from({ length: wave }, (_, at) => spend(nodes[at % count]!)));
            granted += answers.filter(Boolean).length;
            expect(granted).toBeLessThanOrEqual(limit);
            clock.nowMs += 1000;
          }
          for (const node of nodes.slice(1)) await node.close();
          while (granted < limit && (await spend(nodes[0]!))) granted += 1;
          expect(granted).toBe(limit);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("what went over a shared quota was granted to nobody, so a raised limit counts from what was used", async () => {
    const { nodes } = nodesOf(1, { limit: 2, offset: 0, period: "DAY" });
    const [node] = nodes as [RequestLimits];
    const spend = () => Promise.all(Array.from({ length: 20 }, () => node.spend([grantOf(node).allowance])));
    expect((await spend()).filter(isGranted)).toHaveLength(2);
    node.replacePlans([USAGE_KEY], [samplePlan({ quota: { limit: 5, offset: 0, period: "DAY" } })]);
    expect((await spend()).filter(isGranted)).toHaveLength(3);
  });

  test("a lost store closes a quota once what is leased is used, and is asked again after a second", async () => {
    const { nodes, store, clock } = nodesOf(1, { limit: 3000, offset: 0, period: "DAY" });
    const [node] = nodes as [RequestLimits];
    const spend = () => node.spend([grantOf(node).allowance]);
    expect(await spend()).toBeUndefined(); // leases three
    store.isLost = true;
    expect([await spend(), await spend()]).toEqual([undefined, undefined]);
    expect(await spend()).toMatchObject({ because: "store_lost", detail: "the store does not answer" });
    const { asked } = store;
    for (let at = 0; at < 100; at++) expect(await spend()).toMatchObject({ because: "store_lost" });
    expect(store.asked).toBe(asked);
    store.isLost = false;
    clock.nowMs += 1000;
    expect(await spend()).toBeUndefined();
  });
});

describe("usage", () => {
  const quota = { limit: 10, offset: 0, period: "WEEK" } as const;

  test("is told day by day, with what remained of the period after each", async () => {
    const { limits, clock } = limitsOf([USAGE_KEY], [{ quota }]);
    const use = (times: number) => {
      for (let at = 0; at < times; at++) limits.spend([grantOf(limits).allowance]);
    };
    clock.nowMs = Date.UTC(2026, 10, 20, 12); // a Friday
    use(2);
    clock.nowMs = Date.UTC(2026, 10, 22, 12); // Sunday: the week's last day
    use(3);
    clock.nowMs = Date.UTC(2026, 10, 23, 12);
    use(12);
    expect(await limits.usage("gold", "2026-11-20", "2026-11-23")).toEqual({
      usagePlanId: "gold",
      startDate: "2026-11-20",
      endDate: "2026-11-23",
      items: {
        [USAGE_KEY.id]: [
          [2, 8],
          [0, 8],
          [3, 5],
          [10, 0],
        ],
      },
    });
    // What was used before the first day asked for is remembered.
    expect((await limits.usage("gold", "2026-11-22", "2026-11-22")).items).toEqual({ [USAGE_KEY.id]: [[3, 5]] });
  });

  test("without a quota nothing remains to be told, and it is shared with other processes", async () => {
    const { nodes } = nodesOf(2);
    for (const node of nodes) for (let at = 0; at < 3; at++) await node.spend([grantOf(node).allowance]);
    await nodes[0]!.close();
    expect((await nodes[1]!.usage("gold", "2026-11-21", "2026-11-21")).items).toEqual({ [USAGE_KEY.id]: [[6, null]] });
  });
});

test("a rate alone holds a second's requests, a burst alone is always full (?)", () => {
  const named = { scope: "plan", key: "k", origin: "o" } as const;
  expect(bucketOf({ rateLimit: 0.5 }, named)).toMatchObject({ rate: 0.5, burst: 1 });
  expect(bucketOf({ rateLimit: 7 }, named)).toMatchObject({ rate: 7, burst: 7 });
  expect(bucketOf({ burstLimit: 3 }, named)).toMatchObject({ rate: Number.POSITIVE_INFINITY, burst: 3 });
  expect(bucketOf({}, named)).toBeUndefined();
});
