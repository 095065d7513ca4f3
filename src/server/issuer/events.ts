import type { IssuerEvent } from "../../issuer/issuer-event.ts";
import { ISSUER_REASONS } from "../../issuer/reasons.ts";
import { printable } from "../printable.ts";

/** Events kept for the doctor; the oldest go first. */
export const ISSUER_EVENTS_KEPT = 500;

/** An event and when it was. */
export type KeptIssuerEvent = IssuerEvent & {
  /** ISO 8601. */
  readonly time: string;
  /** The next move, for what was refused or warned of. */
  readonly check?: string;
};

/** The issuer's last events, newest first. */
export class IssuerEventRing {
  readonly #events: KeptIssuerEvent[] = [];

  add(event: IssuerEvent, nowMs: number): void {
    const check = "reason" in event ? { check: ISSUER_REASONS[event.reason] } : {};
    this.#events.push({ ...event, ...check, time: new Date(nowMs).toISOString() });
    if (this.#events.length > ISSUER_EVENTS_KEPT) this.#events.shift();
  }

  list(): readonly KeptIssuerEvent[] {
    return this.#events.toReversed();
  }
}

/** One line for the terminal; undefined for what went well. */
export function issuerLine(event: IssuerEvent): string | undefined {
  switch (event.kind) {
    case "refused": {
      const about = [event.clientId && `client ${event.clientId}`, event.audience && `audience ${event.audience}`];
      const named = about.filter(Boolean).join(", ");
      const { actual, expected } = event;
      const evidence =
        expected === undefined ? foundAlone(actual) : ` (wanted ${text(expected)}, found ${text(actual)})`;
      return printable(
        `issuer: ${event.endpoint} refused${named && ` for ${named}`}: ${event.description}${evidence}  ${ISSUER_REASONS[event.reason]}  [${event.reason}]`,
      );
    }
    case "warned":
      return printable(`issuer: ${event.message}  ${ISSUER_REASONS[event.reason]}  [${event.reason}]`);
    case "keys_changed":
    case "tenant_changed":
      return printable(`issuer: ${event.message}`);
    default:
      return undefined;
  }
}

/** What was wrong, where nothing in particular was wanted, such as why an access token is refused. */
function foundAlone(actual: unknown): string {
  return actual === undefined ? "" : ` (${typeof actual === "string" ? actual : text(actual)})`;
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
