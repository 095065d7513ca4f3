import type { Ephemeral, IncrementVerdict } from "../../store/ephemeral.ts";
import { STORE_RETRY_MS } from "./bucket-spender.ts";
import type { Allowance } from "./limits.ts";
import { limitIn, type QuotaPeriod, quotaPeriodAt } from "./quota-period.ts";

/** Requests of a shared quota that one process takes at once: never more than this, nor than a thousandth of the quota. */
const LEASE_MAX_REQUESTS = 100;
const LEASE_PART = 0.001;
/** A quota that is used up is asked again no later: another process may have returned what it held. */
const EMPTY_MAX_MS = 1000;
const LEASES_MAX = 5;

export type AllowanceTaken = "taken" | "exceeded" | "store_lost";

/**
 * Takes from a quota. More than its limit is never granted: what a process has leased and not used is lost to the others
 * until it ends and returns it. When the store is lost, what is leased can still be used; then the quota is closed.
 */
export class AllowanceSpender {
  readonly #allowance: Allowance;
  readonly #store: Ephemeral;
  readonly #now: () => number;
  readonly #leaseRequests: number;
  #period: QuotaPeriod = { startMs: 0, endMs: 0, firstDay: "" };
  #limit = 0;
  #key = "";
  #held = 0;
  /** Requests that wait for the lease: it is for all of them. */
  #waiting = 0;
  #emptyUntilMs = Number.NEGATIVE_INFINITY;
  #lostUntilMs = Number.NEGATIVE_INFINITY;
  #leasing: Promise<void> | undefined;
  /** What went wrong with the store last. */
  trouble = "";

  constructor(allowance: Allowance, store: Ephemeral, now: () => number) {
    this.#allowance = allowance;
    this.#store = store;
    this.#now = now;
    const limit = allowance.quota?.limit ?? 0;
    this.#leaseRequests = Math.max(1, Math.min(LEASE_MAX_REQUESTS, Math.floor(limit * LEASE_PART)));
  }

  take(): AllowanceTaken | Promise<AllowanceTaken> {
    const { quota } = this.#allowance;
    if (quota === undefined) return "taken";
    this.#enterPeriod();
    return this.#store.isShared ? this.#takeShared(LEASES_MAX) : this.#takeExactly();
  }

  /** Gives back what is leased and not used, as far as the store can be asked. */
  async returnLease(): Promise<void> {
    const held = this.#held;
    this.#held = 0;
    if (held === 0 || this.#now() >= this.#period.endMs) return;
    await this.#add(-held);
  }

  #enterPeriod(): void {
    const nowMs = this.#now();
    if (nowMs >= this.#period.startMs && nowMs < this.#period.endMs) return;
    const { quota, planId, keyId, firstServedMs } = this.#allowance;
    if (quota === undefined) return;
    this.#period = quotaPeriodAt(nowMs, quota.period);
    this.#limit = limitIn(this.#period, quota, firstServedMs);
    this.#key = `quota/${planId}/${keyId}/${quota.period}/${this.#period.firstDay}`;
    this.#held = 0;
    this.#emptyUntilMs = Number.NEGATIVE_INFINITY;
  }

  #takeExactly(): AllowanceTaken {
    const taken = this.#add(1);
    // An engine of this process alone answers without a promise.
    if (!("ok" in taken) || !taken.ok) return this.#isLost("the store has no room for another counter");
    if (taken.count <= this.#limit) return "taken";
    this.#add(-1); // What was refused is not used: a limit that is raised counts from what was.
    return "exceeded";
  }

  #takeShared(leases: number): AllowanceTaken | Promise<AllowanceTaken> {
    if (this.#held > 0) {
      this.#held -= 1;
      return "taken";
    }
    const nowMs = this.#now();
    if (nowMs < this.#emptyUntilMs) return "exceeded";
    if (nowMs < this.#lostUntilMs || leases === 0) return "store_lost";
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
    const wanted = Math.max(this.#leaseRequests, this.#waiting);
    const period = this.#period;
    try {
      const verdict = await this.#add(wanted);
      if (!verdict.ok) throw new Error(verdict.reason);
      const granted = Math.max(0, Math.min(wanted, this.#limit - (verdict.count - wanted)));
      // A period that ended meanwhile has a counter of its own; what was taken from the old one is nobody's.
      if (period !== this.#period) return;
      this.#held += granted;
      if (granted === 0) this.#emptyUntilMs = this.#now() + EMPTY_MAX_MS;
      // What went over the limit was granted to nobody; were it kept, a limit that is raised would seem used up.
      if (granted < wanted) await this.#add(granted - wanted);
    } catch (error) {
      this.#isLost(error instanceof Error ? error.message : String(error));
    }
  }

  #add(by: number): IncrementVerdict | Promise<IncrementVerdict> {
    return this.#store.increment(this.#key, { by, windowMs: Math.max(1, this.#period.endMs - this.#now()) });
  }

  #isLost(trouble: string): "store_lost" {
    this.trouble = trouble;
    this.#lostUntilMs = this.#now() + STORE_RETRY_MS;
    return "store_lost";
  }
}
