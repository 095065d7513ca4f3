import type { IssuerReason } from "./reasons.ts";
import { redactText } from "./redact-event.ts";

/** What happened, for the terminal and the doctor. No event ever holds a secret, a code or a token. */
export type IssuerEvent =
  | {
      readonly kind: "token_granted";
      readonly grantType: string;
      readonly clientId: string;
      /** Absent for an opaque token. */
      readonly audience?: string;
      readonly userId?: string;
      readonly scope: string;
      readonly lifetimeSeconds: number;
    }
  | { readonly kind: "logged_in" | "logged_out"; readonly clientId?: string; readonly userId?: string }
  | {
      readonly kind: "refused";
      /** E.g. `POST /oauth/token`. */
      readonly endpoint: string;
      readonly reason: IssuerReason;
      /** What the answer says, so that it can be found again. */
      readonly description: string;
      /** As the request claims; its beginning alone where the tenant has no such client, since it may be a secret then. */
      readonly clientId?: string;
      readonly audience?: string;
      readonly expected?: unknown;
      readonly actual?: unknown;
    }
  /** Granted, but not as somebody may expect, e.g. a claim that Auth0 drops silently. */
  | { readonly kind: "warned"; readonly reason: IssuerReason; readonly message: string }
  | { readonly kind: "keys_changed"; readonly message: string }
  | { readonly kind: "tenant_changed"; readonly message: string };

/** Texts of a request are cut to this. */
export const MAX_EVENT_TEXT_CHARS = 256;

/** A value of a request as an event may hold it. */
export function eventText(value: string): string {
  return redactText(value).slice(0, MAX_EVENT_TEXT_CHARS);
}
