import type { AuthorizationRecord, IntegrationRecord } from "./decision-record.ts";

/** What the steps of one request leave behind for its decision record; no step reads it to decide. */
export class Trace {
  authorization?: AuthorizationRecord;
  integration?: IntegrationRecord;
  readonly steps: { step: string; ms: number }[] = [];
  readonly #monotonic: () => number;
  readonly #began: number;
  #last: number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#began = this.#last = monotonic();
  }

  /** Names the step that just ended. */
  ended(step: string): void {
    const now = this.#monotonic();
    this.steps.push({ step, ms: Math.round((now - this.#last) * 1000) / 1000 });
    this.#last = now;
  }

  elapsedMs(): number {
    return this.#monotonic() - this.#began;
  }
}
