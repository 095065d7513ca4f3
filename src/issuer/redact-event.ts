import type { IssuerEvent } from "./issuer-event.ts";
import { findClient, type Tenant } from "./tenant/tenant.ts";

/** As much as people need to recognise what they sent. */
const SHOWN_CHARS = 8;
/** No word and no address has such a run; codes (43), refresh tokens, secrets (64) and parts of JWTs have. */
const SECRET_RUN = /[A-Za-z0-9_-]{40,}/g;
/** What an application that asks to be sent back to its own current address has in it. */
const SECRET_PARAMETER =
  /([?&#](?:code|state|token|access_token|id_token|refresh_token|client_secret|password)=)[^&#\s"']+/gi;

/**
 * An event as it may be told, kept and printed. Requests are written by people who swap client_id and secret, or paste
 * a token where a name belongs: whatever looks like one is cut, and so is each secret of the tenant.
 */
export function redactEvent(event: IssuerEvent, tenant: Tenant): IssuerEvent {
  if (event.kind === "warned") return { ...event, message: redact(event.message, tenant) };
  if (event.kind !== "refused") return event; // all in it is the tenant's
  const { actual, audience, clientId, description, endpoint } = event;
  return {
    ...event,
    endpoint: redact(endpoint, tenant),
    description: redact(description, tenant),
    ...(clientId !== undefined && { clientId: shownClientId(clientId, tenant) }),
    ...(audience !== undefined && { audience: redact(audience, tenant) }),
    ...(actual !== undefined && { actual: redactAll(actual, tenant) }),
  };
}

/** A client_id as a request claims it, for an event: in full only if the tenant has such a client. */
export function shownClientId(clientId: string, tenant: Tenant): string {
  return findClient(tenant, clientId) ? clientId : shortened(clientId);
}

/** The beginning of something that may be a secret: never all of it. */
export function shortened(text: string): string {
  if (text.endsWith("…")) return text;
  return `${text.slice(0, Math.min(SHOWN_CHARS, Math.floor(text.length / 2)))}…`;
}

/** Without what is a code, token or secret by its look. */
export function redactText(text: string, isKnown: (run: string) => boolean = () => false): string {
  return text.replace(SECRET_PARAMETER, "$1…").replace(SECRET_RUN, (run) => (isKnown(run) ? run : shortened(run)));
}

function redact(text: string, tenant: Tenant): string {
  const secrets = tenant.clients.map(({ clientSecret }) => clientSecret).filter((secret) => secret !== "");
  const told = secrets.reduce((rest, secret) => rest.replaceAll(secret, () => shortened(secret)), text);
  return redactText(told, (run) => findClient(tenant, run) !== undefined);
}

/** What JSON can hold, to a depth that no evidence has. */
function redactAll(value: unknown, tenant: Tenant, depth = 0): unknown {
  if (typeof value === "string") return redact(value, tenant);
  if (typeof value !== "object" || value === null) return value;
  if (depth > 8) return "…";
  if (Array.isArray(value)) return value.map((each) => redactAll(each, tenant, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, redactAll(each, tenant, depth + 1)]));
}
