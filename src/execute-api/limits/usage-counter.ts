import type { Ephemeral } from "../../store/ephemeral.ts";
import { utcDay } from "./quota-period.ts";

const DAY_MS = 86_400_000;
/** Days that usage is remembered. */
export const USAGE_DAYS = 90;
/** How long what was used waits until other processes know, where the store is shared. */
const WRITE_MS = 1000;

/** What one key has used of one plan, day by day, for those who ask; it decides nothing. */
export class UsageCounter {
  readonly #prefix: string;
  readonly #store: Ephemeral;
  readonly #now: () => number;
  #key = "";
  #dayEndMs = 0;
  readonly #pending = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(planId: string, keyId: string, store: Ephemeral, now: () => number) {
    this.#prefix = `usage/${planId}/${keyId}/`;
    this.#store = store;
    this.#now = now;
  }

  count(): void {
    const nowMs = this.#now();
    if (nowMs >= this.#dayEndMs || nowMs < this.#dayEndMs - DAY_MS) {
      const day = utcDay(nowMs);
      this.#key = this.#prefix + day;
      this.#dayEndMs = Date.parse(day) + DAY_MS;
    }
    if (!this.#store.isShared) {
      this.#store.increment(this.#key, { windowMs: USAGE_DAYS * DAY_MS });
      return;
    }
    this.#pending.set(this.#key, (this.#pending.get(this.#key) ?? 0) + 1);
    this.#timer ??= setTimeout(() => void this.write().catch(() => undefined), WRITE_MS).unref();
  }

  /** Requests of a day, those that other processes have not written yet left out. @throws StoreError */
  async usedOn(day: string): Promise<number> {
    const verdict = await this.#store.increment(this.#prefix + day, { by: 0, windowMs: 1 });
    return verdict.ok ? verdict.count : 0;
  }

  /** Tells the store what was counted. What it cannot be told is kept for the next time. @throws StoreError */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [key, by] of [...this.#pending]) {
      this.#pending.delete(key);
      try {
        await this.#store.increment(key, { by, windowMs: USAGE_DAYS * DAY_MS });
      } catch (error) {
        this.#pending.set(key, (this.#pending.get(key) ?? 0) + by);
        throw error;
      }
    }
  }
}
