import { randomUUID } from "node:crypto";
import {
  type Ephemeral,
  type EphemeralRefusal,
  MAX_BUCKETS,
  MAX_CACHED_ENTRIES,
  MAX_CACHED_VALUE_BYTES,
  MAX_COUNTERS,
  MAX_KEY_BYTES,
  MAX_LEASES,
} from "./ephemeral.ts";
import { createMemoryBuckets } from "./memory-buckets.ts";

export interface MemoryEphemeralOptions {
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  readonly countersMax?: number;
  readonly bucketsMax?: number;
  readonly leasesMax?: number;
  readonly cachedEntriesMax?: number;
}

/** Counters, buckets, leases and cache of one process. */
export function createMemoryEphemeral(options: MemoryEphemeralOptions = {}): Ephemeral {
  const clock = options.clock ?? Date.now;
  const counters = createExpiringMap<number>(options.countersMax ?? MAX_COUNTERS, clock);
  const buckets = createMemoryBuckets(options.bucketsMax ?? MAX_BUCKETS, clock);
  const leases = createExpiringMap<string>(options.leasesMax ?? MAX_LEASES, clock);
  const cached = createExpiringMap<string>(options.cachedEntriesMax ?? MAX_CACHED_ENTRIES, clock);

  return {
    isShared: false,
    increment(key, { by = 1, windowMs }) {
      const tooLarge = checkBytes(key, MAX_KEY_BYTES);
      if (tooLarge) return tooLarge;
      const counter = counters.get(key);
      if (counter === undefined && by <= 0) return { ok: true, count: 0, resetAtMs: clock() + windowMs };
      if (counter === undefined && !counters.hasRoom()) return { ok: false, reason: "full", limit: counters.limit };
      if (counter !== undefined) {
        counter.value = Math.max(0, counter.value + by); // in its place: counters are asked for on every request, and their order means nothing
        return { ok: true, count: counter.value, resetAtMs: counter.expiresAtMs };
      }
      const resetAtMs = clock() + windowMs;
      counters.set(key, by, resetAtMs);
      return { ok: true, count: by, resetAtMs };
    },
    takeTokens: (key, bucket) => checkBytes(key, MAX_KEY_BYTES) ?? buckets.take(key, bucket),
    async acquireLease(key, ttlMs) {
      const tooLarge = checkBytes(key, MAX_KEY_BYTES);
      if (tooLarge) return tooLarge;
      const held = leases.get(key);
      if (held !== undefined) return { ok: false, reason: "held", expiresAtMs: held.expiresAtMs };
      if (!leases.hasRoom()) return { ok: false, reason: "full", limit: leases.limit };
      const token = randomUUID();
      const expiresAtMs = clock() + ttlMs;
      leases.set(key, token, expiresAtMs);
      return { ok: true, token, expiresAtMs };
    },
    async renewLease(key, token, ttlMs) {
      const held = leases.get(key);
      if (held === undefined) return { ok: false, reason: "lost" };
      if (held.value !== token) return { ok: false, reason: "held", expiresAtMs: held.expiresAtMs };
      const expiresAtMs = clock() + ttlMs;
      leases.set(key, token, expiresAtMs);
      return { ok: true, token, expiresAtMs };
    },
    async releaseLease(key, token) {
      return leases.get(key)?.value === token && leases.delete(key);
    },
    async getCached(key) {
      const entry = cached.get(key);
      if (entry === undefined) return undefined;
      cached.set(key, entry.value, entry.expiresAtMs); // to the end: most recently used
      return entry.value;
    },
    async setCached(key, value, ttlMs) {
      const tooLarge = checkBytes(key, MAX_KEY_BYTES) ?? checkBytes(value, MAX_CACHED_VALUE_BYTES);
      if (tooLarge) return tooLarge;
      if (cached.get(key) === undefined && !cached.hasRoom()) cached.deleteOldest();
      cached.set(key, value, clock() + ttlMs);
      return { ok: true };
    },
    deleteCached: async (key) => cached.delete(key),
    async close() {
      for (const each of [counters, buckets, leases, cached]) each.clear();
    },
  };
}

function checkBytes(text: string, limitBytes: number): EphemeralRefusal | undefined {
  // No character has more than three bytes in UTF-8 for each of its units.
  if (text.length * 3 <= limitBytes) return undefined;
  const actualBytes = Buffer.byteLength(text);
  return actualBytes > limitBytes ? { ok: false, reason: "too_large", actualBytes, limitBytes } : undefined;
}

interface ExpiringEntry<Value> {
  value: Value;
  readonly expiresAtMs: number;
}

/** A map whose entries end. Written entries move to the end, so the first is the least recently written. */
function createExpiringMap<Value>(limit: number, clock: () => number) {
  const entries = new Map<string, ExpiringEntry<Value>>();
  let nothingExpiresBeforeMs = Number.POSITIVE_INFINITY;

  return {
    limit,
    get(key: string): ExpiringEntry<Value> | undefined {
      const entry = entries.get(key);
      if (entry === undefined || clock() < entry.expiresAtMs) return entry;
      entries.delete(key);
      return undefined;
    },
    set(key: string, value: Value, expiresAtMs: number): void {
      entries.delete(key);
      entries.set(key, { value, expiresAtMs });
      nothingExpiresBeforeMs = Math.min(nothingExpiresBeforeMs, expiresAtMs);
    },
    delete: (key: string): boolean => {
      const entry = entries.get(key);
      return entries.delete(key) && clock() < entry!.expiresAtMs;
    },
    deleteOldest(): void {
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    },
    /** Sweeps expired entries when full, but only when one can have expired: a full map must not cost a walk per call. */
    hasRoom(): boolean {
      if (entries.size < limit) return true;
      const nowMs = clock();
      if (nowMs < nothingExpiresBeforeMs) return false;
      nothingExpiresBeforeMs = Number.POSITIVE_INFINITY;
      for (const [key, entry] of entries) {
        if (nowMs >= entry.expiresAtMs) entries.delete(key);
        else nothingExpiresBeforeMs = Math.min(nothingExpiresBeforeMs, entry.expiresAtMs);
      }
      return entries.size < limit;
    },
    clear: () => entries.clear(),
  };
}
