import { vi } from "vitest";

/** Longer than anything takes on a machine with other work, and below the time of a test: what never comes says so. */
const LONG_MS = 30_000;

/** Waits until an expectation holds. Vitest's own gives up after a second, which a busy machine takes for nothing at all. */
export function waitFor<Value>(expectation: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(expectation, { timeout: LONG_MS, interval: 20 });
}
