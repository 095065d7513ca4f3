import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ephemeral, MAX_CACHED_VALUE_BYTES, MAX_KEY_BYTES } from "./ephemeral.ts";

/** What the suite needs from an engine: a new, empty store under the suite's clock, with room for three of each. */
export type OpenEmpty = (options: {
  readonly clock: () => number;
  readonly countersMax: 3;
  readonly bucketsMax: 3;
  readonly leasesMax: 3;
  readonly cachedEntriesMax: 3;
}) => Promise<Ephemeral>;

/** What every engine of `Ephemeral` promises. Each engine's test calls this. */
export function describeEphemeral(engine: string, openEmpty: OpenEmpty): void {
  describe(`ephemeral state in ${engine}`, () => {
    let store: Ephemeral;
    let nowMs = 0;

    beforeEach(async () => {
      nowMs = 1_000_000;
      store = await openEmpty({ clock: () => nowMs, countersMax: 3, bucketsMax: 3, leasesMax: 3, cachedEntriesMax: 3 });
    });

    afterEach(async () => {
      await store.close();
    });

    const longKey = "k".repeat(MAX_KEY_BYTES + 1);
    const tooLarge = { ok: false, reason: "too_large", actualBytes: MAX_KEY_BYTES + 1, limitBytes: MAX_KEY_BYTES };

    describe("counters", () => {
      test("count within a window that begins with the first increment", async () => {
        const resetAtMs = nowMs + 60_000;
        expect(await store.increment("plan", { windowMs: 60_000 })).toEqual({ ok: true, count: 1, resetAtMs });
        nowMs += 59_999;
        expect(await store.increment("plan", { windowMs: 60_000, by: 10 })).toEqual({ ok: true, count: 11, resetAtMs });
        nowMs += 1;
        expect(await store.increment("plan", { windowMs: 60_000 })).toEqual({
          ok: true,
          count: 1,
          resetAtMs: nowMs + 60_000,
        });
      });

      test("are apart from each other", async () => {
        await store.increment("a", { windowMs: 1000 });
        expect(await store.increment("b", { windowMs: 1000 })).toMatchObject({ count: 1 });
      });

      test("count every one of many increments at once", async () => {
        const verdicts = await Promise.all(
          Array.from({ length: 50 }, () => store.increment("plan", { windowMs: 1000 })),
        );
        const counts = verdicts.map((verdict) => (verdict.ok ? verdict.count : 0));
        expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
      });

      test("are never forgotten to make room: a new one is refused until another ends", async () => {
        for (const key of ["a", "b", "c"]) await store.increment(key, { windowMs: key === "b" ? 500 : 1000 });
        expect(await store.increment("d", { windowMs: 1000 })).toEqual({ ok: false, reason: "full", limit: 3 });
        expect(await store.increment("a", { windowMs: 1000 })).toMatchObject({ count: 2 });
        nowMs += 500;
        expect(await store.increment("d", { windowMs: 1000 })).toMatchObject({ count: 1 });
        expect(await store.increment("e", { windowMs: 1000 })).toMatchObject({ reason: "full" });
        nowMs += 500;
        expect(await store.increment("e", { windowMs: 1000 })).toMatchObject({ count: 1 });
      });

      test("adding 0 reads: it makes no counter and begins no window", async () => {
        expect(await store.increment("plan", { windowMs: 1000, by: 0 })).toMatchObject({ ok: true, count: 0 });
        nowMs += 500;
        const resetAtMs = nowMs + 1000;
        expect(await store.increment("plan", { windowMs: 1000, by: 5 })).toEqual({ ok: true, count: 5, resetAtMs });
        expect(await store.increment("plan", { windowMs: 9000, by: -2 })).toEqual({ ok: true, count: 3, resetAtMs });
        expect(await store.increment("plan", { windowMs: 9000, by: 0 })).toEqual({ ok: true, count: 3, resetAtMs });
      });

      test("never go below 0: what is given back after a counter was lost is not granted again", async () => {
        expect(await store.increment("plan", { windowMs: 1000, by: -5 })).toMatchObject({ ok: true, count: 0 });
        expect(await store.increment("plan", { windowMs: 1000 })).toMatchObject({ count: 1 });
        expect(await store.increment("plan", { windowMs: 1000, by: -5 })).toMatchObject({ count: 0 });
        expect(await store.increment("plan", { windowMs: 1000 })).toMatchObject({ count: 1 });
      });

      test("refuse a key over the bound", async () => {
        expect(await store.increment(longKey, { windowMs: 1000 })).toEqual(tooLarge);
      });
    });

    describe("token buckets", () => {
      const take = async (key: string, rate: number, burst: number, tokens = 1): Promise<number> => {
        const verdict = await store.takeTokens(key, { rate, burst, tokens });
        if (!verdict.ok) throw new Error(verdict.reason);
        return verdict.granted;
      };

      test("begin full, grant what they have, and say when more comes", async () => {
        expect(await store.takeTokens("plan", { rate: 2, burst: 3 })).toEqual({ ok: true, granted: 1, nextInMs: 0 });
        expect(await store.takeTokens("plan", { rate: 2, burst: 3, tokens: 5 })).toEqual({
          ok: true,
          granted: 2,
          nextInMs: 500,
        });
        nowMs += 200;
        expect(await store.takeTokens("plan", { rate: 2, burst: 3 })).toEqual({ ok: true, granted: 0, nextInMs: 300 });
        nowMs += 300;
        expect(await take("plan", 2, 3)).toBe(1);
        expect(await take("plan", 2, 3)).toBe(0);
      });

      test("never hold more than the burst, also not after a long time", async () => {
        expect(await take("plan", 10, 4, 4)).toBe(4);
        nowMs += 3_600_000;
        expect(await take("plan", 10, 4, 100)).toBe(4);
        expect(await take("plan", 10, 4)).toBe(0);
      });

      test("collect parts of a token", async () => {
        expect(await take("plan", 0.1, 1)).toBe(1);
        for (let second = 1; second < 10; second++) {
          nowMs += 1000;
          expect(await take("plan", 0.1, 1)).toBe(0);
        }
        nowMs += 1000;
        expect(await take("plan", 0.1, 1)).toBe(1);
      });

      test("are apart from each other and from counters", async () => {
        await store.increment("a", { windowMs: 1000 });
        expect(await take("a", 1, 1)).toBe(1);
        expect(await take("b", 1, 1)).toBe(1);
      });

      test("with a rate or a burst of 0 give nothing, with an endless rate the burst each time", async () => {
        expect(await store.takeTokens("a", { rate: 0, burst: 5 })).toMatchObject({ ok: true, granted: 0 });
        expect(await store.takeTokens("b", { rate: 5, burst: 0 })).toMatchObject({ ok: true, granted: 0 });
        for (let at = 0; at < 3; at++) expect(await take("c", Number.POSITIVE_INFINITY, 2, 9)).toBe(2);
      });

      test("grant each token once to many who ask at once", async () => {
        const granted = await Promise.all(Array.from({ length: 50 }, () => take("plan", 1, 20)));
        expect(granted.reduce((sum, each) => sum + each)).toBe(20);
      });

      test("neither lose nor gain tokens by a clock that is set back", async () => {
        expect(await take("plan", 1, 5, 5)).toBe(5);
        nowMs -= 60_000;
        expect(await take("plan", 1, 5)).toBe(0);
        nowMs += 2000;
        expect(await take("plan", 1, 5, 5)).toBe(2);
      });

      test("follow a limit that was changed", async () => {
        expect(await take("plan", 1, 10, 2)).toBe(2);
        expect(await take("plan", 1, 3, 10)).toBe(3);
        nowMs += 2000;
        expect(await take("plan", 5, 20, 50)).toBe(10);
      });

      test("are never forgotten to make room unless full again", async () => {
        await take("a", 1, 10, 10);
        await take("b", 1, 10, 1);
        await take("c", 1, 10, 10);
        expect(await store.takeTokens("d", { rate: 1, burst: 1 })).toEqual({ ok: false, reason: "full", limit: 3 });
        expect(await take("a", 1, 10)).toBe(0);
        nowMs += 1000;
        expect(await take("d", 1, 1)).toBe(1);
        expect(await take("c", 1, 10, 10)).toBe(1);
      });

      test("refuse a key over the bound", async () => {
        expect(await store.takeTokens(longKey, { rate: 1, burst: 1 })).toEqual(tooLarge);
      });
    });

    describe("leases", () => {
      test("are held by one at a time, until released with their token", async () => {
        const lease = await store.acquireLease("quota", 1000);
        if (!lease.ok) throw new Error(lease.reason);
        expect(lease.expiresAtMs).toBe(nowMs + 1000);
        const held = { ok: false, reason: "held", expiresAtMs: lease.expiresAtMs };
        expect(await store.acquireLease("quota", 1000)).toEqual(held);
        expect(await store.renewLease("quota", "another-token", 1000)).toEqual(held);
        expect(await store.releaseLease("quota", "another-token")).toBe(false);
        expect(await store.releaseLease("quota", lease.token)).toBe(true);
        expect(await store.acquireLease("quota", 1000)).toMatchObject({ ok: true });
      });

      test("end by themselves, and a late holder can neither renew nor release", async () => {
        const first = await store.acquireLease("quota", 1000);
        if (!first.ok) throw new Error(first.reason);
        nowMs += 1000;
        expect(await store.renewLease("quota", first.token, 1000)).toEqual({ ok: false, reason: "lost" });
        const second = await store.acquireLease("quota", 1000);
        if (!second.ok) throw new Error(second.reason);
        expect(second.token).not.toBe(first.token);
        expect(await store.renewLease("quota", first.token, 1000)).toMatchObject({ ok: false, reason: "held" });
        expect(await store.releaseLease("quota", first.token)).toBe(false);
      });

      test("are extended by renewal", async () => {
        const lease = await store.acquireLease("quota", 1000);
        if (!lease.ok) throw new Error(lease.reason);
        nowMs += 900;
        expect(await store.renewLease("quota", lease.token, 1000)).toEqual({
          ok: true,
          token: lease.token,
          expiresAtMs: nowMs + 1000,
        });
        nowMs += 900;
        expect(await store.acquireLease("quota", 1000)).toMatchObject({ reason: "held" });
      });

      test("are never forgotten to make room", async () => {
        for (const key of ["a", "b", "c"]) await store.acquireLease(key, 1000);
        expect(await store.acquireLease("d", 1000)).toEqual({ ok: false, reason: "full", limit: 3 });
        nowMs += 1000;
        expect(await store.acquireLease("d", 1000)).toMatchObject({ ok: true });
      });

      test("refuse a key over the bound", async () => {
        expect(await store.acquireLease(longKey, 1000)).toEqual(tooLarge);
      });
    });

    describe("the cache", () => {
      test("gives an entry until its time is over", async () => {
        expect(await store.getCached("decision")).toBeUndefined();
        expect(await store.setCached("decision", "Allow", 1000)).toEqual({ ok: true });
        nowMs += 999;
        expect(await store.getCached("decision")).toBe("Allow");
        nowMs += 1;
        expect(await store.deleteCached("decision")).toBe(false);
        await store.setCached("decision", "Deny", 1000);
        nowMs += 1000;
        expect(await store.getCached("decision")).toBeUndefined();
      });

      test("a new value takes the old one's place and time", async () => {
        await store.setCached("decision", "Allow", 1000);
        await store.setCached("decision", "", 2000);
        nowMs += 1500;
        expect(await store.getCached("decision")).toBe("");
      });

      test("a deleted entry is gone", async () => {
        await store.setCached("decision", "Allow", 1000);
        expect(await store.deleteCached("decision")).toBe(true);
        expect(await store.deleteCached("decision")).toBe(false);
        expect(await store.getCached("decision")).toBeUndefined();
      });

      test("gives up the least recently used entry when full", async () => {
        for (const key of ["a", "b", "c"]) await store.setCached(key, key, 1000);
        await store.getCached("a");
        await store.setCached("d", "d", 1000);
        expect(await store.getCached("b")).toBeUndefined();
        for (const key of ["a", "c", "d"]) expect(await store.getCached(key)).toBe(key);
      });

      test("gives up expired entries before live ones", async () => {
        await store.setCached("a", "a", 5000);
        await store.setCached("b", "b", 10);
        await store.setCached("c", "c", 5000);
        nowMs += 10;
        await store.setCached("d", "d", 5000);
        for (const key of ["a", "c", "d"]) expect(await store.getCached(key)).toBe(key);
      });

      test("refuses keys and values over their bounds", async () => {
        expect(await store.setCached(longKey, "", 1000)).toEqual(tooLarge);
        expect(await store.setCached("k", "v".repeat(MAX_CACHED_VALUE_BYTES + 1), 1000)).toMatchObject({
          reason: "too_large",
          limitBytes: MAX_CACHED_VALUE_BYTES,
        });
        expect(await store.setCached("k", "v".repeat(MAX_CACHED_VALUE_BYTES), 1000)).toEqual({ ok: true });
      });
    });
  });
}
