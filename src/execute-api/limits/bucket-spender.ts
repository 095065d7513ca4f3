import type { Ephemeral } from "../../store/ephemeral.ts";
import { createMemoryBuckets } from "../../store/memory-buckets.ts";
import type { Bucket } from "./limits.ts";

/** Tokens that one process takes from a shared bucket at once: never more than this, … */
const LEASE_MAX_TOKENS = 100;
/** … nor than this part of the burst and of a second's rate, so that small limits are as good as exact. */
const LEASE_PART = 0.1;
/** An empty bucket is asked again no later. */
const EMPTY_MAX_MS = 1000;
/** A store that failed is asked again after this; meanwhile nobody waits for it. */
export const STORE_RETRY_MS = 1000;
/** How often a request waits for a lease that others may have used up when it arrives. */
const LEASES_MAX = 5;

/** What one process takes at once; all processes together overshoot the limit by no more than one lease each. */
export function leaseTokens({ rate, burst }: Pick<Bucket, "rate" | "burst">): number {
  return Math.max(1, Math.min(LEASE_MAX_TOKENS, Math.floor(Math.min(rate, burst) * LEASE_PART)));
}

/**
 * Takes from one bucket that is not this process's alone: tokens are leased in batches. While its store is lost, or has
 * no room for it, this process has a bucket of its own, with the same limits.
 */
export class BucketSpender {
  readonly #bucket: Bucket;
  readonly #store: Ephemeral;
  readonly #now: () => number;
  readonly #leaseTokens: number;
  #held = 0;
  /** Requests that wait for the lease: it is for all of them. */
  #waiting = 0;
  #emptyUntilMs = Number.NEGATIVE_INFINITY;
  #lostUntilMs = Number.NEGATIVE_INFINITY;
  #leasing: Promise<void> | undefined;
  #own: ReturnType<typeof createMemoryBuckets> | undefined;

  constructor(bucket: Bucket, store: Ephemeral, now: () => number) {
    this.#bucket = bucket;
    this.#store = store;
    this.#now = now;
    this.#leaseTokens = leaseTokens(bucket);
  }

  /** Whether there was one. */
  take(): boolean | Promise<boolean> {
    return this.#store.isShared ? this.#takeShared(LEASES_MAX) : this.#takeOwn();
  }

  #takeShared(leases: number): boolean | Promise<boolean> {
    if (this.#held > 0) {
      this.#held -= 1;
      return true;
    }
    const nowMs = this.#now();
    if (nowMs < this.#emptyUntilMs || leases === 0) return false;
    if (nowMs < this.#lostUntilMs) return this.#takeOwn();
    this.#waiting += 1;
    this.#leasing ??= this.#lease().finally(() => {
      this.#leasing = undefined;
    });
    return this.#leasing.then(() => {
      this.#waiting -= 1;
      return this.#takeShared(leases - 1);
    });
  }

  async #lease(): Promise<void> {
    const { key, rate, burst } = this.#bucket;
    const tokens = Math.max(this.#leaseTokens, this.#waiting);
    try {
      const verdict = await this.#store.takeTokens(key, { rate, burst, tokens });
      if (!verdict.ok) throw new Error(verdict.reason);
      this.#held += verdict.granted;
      if (verdict.granted === 0)
        this.#emptyUntilMs = this.#now() + Math.min(Math.max(1, verdict.nextInMs), EMPTY_MAX_MS);
    } catch {
      this.#lostUntilMs = this.#now() + STORE_RETRY_MS;
    }
  }

  #takeOwn(): boolean {
    this.#own ??= createMemoryBuckets(1, this.#now);
    const verdict = this.#own.take(this.#bucket.key, this.#bucket);
    return verdict.ok && verdict.granted > 0;
  }
}
