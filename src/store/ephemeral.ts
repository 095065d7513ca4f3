/**
 * The store's second port: what may be lost at a restart. Windowed counters, token buckets, leases and a TTL cache;
 * engines: memory, Redis. ephemeral-contract.ts is what an engine promises, and every engine runs it. Broken bounds are
 * verdicts; only a failing engine throws, a `StoreError`.
 *
 * Counters, buckets, leases and cache entries have separate keys. When counters, buckets or leases reach their bound, new
 * ones are refused: forgetting a live one would open a quota. Cache entries give way instead, the least recently used first.
 */
export interface Ephemeral {
  /** Other processes share it, so asking takes a while: ask for many at once. What is not shared answers without a promise. */
  readonly isShared: boolean;
  /**
   * Adds to a counter that starts at 0 and ends `windowMs` after its first increment. Calendar periods (a quota's
   * month) are the caller's: the period in the key, the time to its end in `windowMs`. Adding 0 only reads.
   */
  increment(key: string, options: IncrementOptions): IncrementVerdict | Promise<IncrementVerdict>;
  /**
   * Takes whole tokens from a bucket that is full when it is first asked for. A bucket that is full again is as good as
   * none, so that one is forgotten.
   */
  takeTokens(key: string, options: TakeTokensOptions): TakeTokensVerdict | Promise<TakeTokensVerdict>;
  acquireLease(key: string, ttlMs: number): Promise<LeaseVerdict>;
  /** Extends a lease that is still held, to `ttlMs` from now. An expired one is gone, even if nobody took it. */
  renewLease(key: string, token: string, ttlMs: number): Promise<LeaseVerdict>;
  /** False when the token no longer holds it. */
  releaseLease(key: string, token: string): Promise<boolean>;
  getCached(key: string): Promise<string | undefined>;
  setCached(key: string, value: string, ttlMs: number): Promise<CacheVerdict>;
  deleteCached(key: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface IncrementOptions {
  /**
   * Whole, default 1. A batch is leased by adding it at once, and what is left of it returned by adding less than 0. A
   * counter never has less than 0: what is returned after it was lost would be granted twice.
   */
  readonly by?: number;
  readonly windowMs: number;
}

export type IncrementVerdict =
  /** `count` includes this increment; `resetAtMs` is epoch milliseconds. */
  { readonly ok: true; readonly count: number; readonly resetAtMs: number } | EphemeralRefusal;

export interface TakeTokensOptions {
  /** Tokens a second; infinitely many always fill the bucket. 0 gives none, not even a full bucket's. */
  readonly rate: number;
  /** What the bucket holds. */
  readonly burst: number;
  /** How many are wanted, default 1; fewer are granted when there are no more. */
  readonly tokens?: number;
}

export type TakeTokensVerdict =
  /** `granted` may be 0; `nextInMs` is when there will be another token, 0 when there is one. */
  { readonly ok: true; readonly granted: number; readonly nextInMs: number } | EphemeralRefusal;

export type LeaseVerdict =
  | { readonly ok: true; readonly token: string; readonly expiresAtMs: number }
  /** Somebody else's until then, unless renewed or released. */
  | { readonly ok: false; readonly reason: "held"; readonly expiresAtMs: number }
  /** Renewal of a lease that expired or was released. */
  | { readonly ok: false; readonly reason: "lost" }
  | EphemeralRefusal;

export type CacheVerdict = { readonly ok: true } | EphemeralRefusal;

export type EphemeralRefusal =
  | { readonly ok: false; readonly reason: "full"; readonly limit: number }
  | { readonly ok: false; readonly reason: "too_large"; readonly actualBytes: number; readonly limitBytes: number };

export const MAX_KEY_BYTES = 1024;
export const MAX_CACHED_VALUE_BYTES = 256 * 1024;
export const MAX_COUNTERS = 100_000;
export const MAX_BUCKETS = 100_000;
export const MAX_LEASES = 10_000;
export const MAX_CACHED_ENTRIES = 10_000;
