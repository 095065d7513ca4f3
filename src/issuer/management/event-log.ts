import type { IssuerEvent } from "../issuer-event.ts";

/** The issuer's last events, for GET /api/v2/logs. */
export interface EventLog {
  record(event: IssuerEvent): void;
  /** Newest first. */
  events(): readonly LoggedEvent[];
}

export interface LoggedEvent {
  /** Rises with time. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly event: IssuerEvent;
}

/** Older events are forgotten. */
export const MAX_LOGGED_EVENTS = 1000;

/**
 * Keeps events in memory. Hand it every event that the issuer emits, and the log to the issuer's state.
 *
 *     const eventLog = createEventLog();
 *     const emit = (event: IssuerEvent) => { eventLog.record(event); onEvent(event); };
 */
export function createEventLog({ clock = Date.now }: { readonly clock?: () => number } = {}): EventLog {
  const ring: LoggedEvent[] = [];
  let count = 0;
  return {
    record(event) {
      count += 1;
      const atMs = clock();
      ring.push({ id: `900${String(atMs).padStart(14, "0")}${String(count).padStart(12, "0")}`, atMs, event });
      if (ring.length > MAX_LOGGED_EVENTS) ring.shift();
    },
    events: () => [...ring].reverse(),
  };
}
