import { createHash } from "node:crypto";
import type { Documents, Versioned } from "../../store/documents.ts";
import type { Api, Client, Tenant } from "../tenant/tenant.ts";
import { keepNewest } from "./keep-newest.ts";

/** The oldest go first; who is asked again has lost nothing. */
export const MAX_CONSENTS = 1000;
const COLLECTION = "issuer-consents";

/** To what a user has said yes. */
export interface ConsentSubject {
  readonly userId: string;
  readonly clientId: string;
  /** The two told from whoever has their ids later. */
  readonly holders: string;
  readonly audience: string | undefined;
}

/**
 * Whether Auth0 would ask the user (D): for a third-party application always, for a first-party one where the callback
 * is on localhost by that name (C: not on 127.0.0.1, auth0-spa-js issue 710), whatever the API says, or where the API
 * does not skip consent for first-party applications. Here only where the tenant wants it so.
 */
export function wantsConsent(
  tenant: Tenant,
  {
    client,
    api,
    redirectUri,
  }: { readonly client: Client; readonly api: Api | undefined; readonly redirectUri: string },
): boolean {
  if (tenant.consent === "skip") return false;
  const isLocal = new URL(redirectUri).hostname === "localhost";
  return !client.isFirstParty || isLocal || api?.skipConsentForFirstParty === false;
}

/** Whether every one of the scopes has been consented to. */
export async function isConsented(
  documents: Documents,
  subject: ConsentSubject,
  scopes: readonly string[],
): Promise<boolean> {
  const consented = readScopes(await documents.get(COLLECTION, idOf(subject)));
  return consented !== undefined && scopes.every((scope) => consented.includes(scope));
}

export async function rememberConsent(
  documents: Documents,
  subject: ConsentSubject,
  scopes: readonly string[],
): Promise<void> {
  const found = await documents.get(COLLECTION, idOf(subject));
  if (found === undefined) await keepNewest(documents, COLLECTION, MAX_CONSENTS);
  const all = [...new Set([...(readScopes(found) ?? []), ...scopes])];
  // Said twice at once, one of the two is kept; at worst the user is asked once more.
  await documents.put(COLLECTION, idOf(subject), { scopes: all }, found?.revision ?? "absent");
}

function idOf({ userId, clientId, holders, audience = "" }: ConsentSubject): string {
  return createHash("sha256")
    .update(JSON.stringify([userId, clientId, holders, audience]))
    .digest("hex");
}

function readScopes(found: Versioned | undefined): readonly string[] | undefined {
  const value = found?.value;
  const scopes = typeof value === "object" && value !== null && "scopes" in value ? value.scopes : undefined;
  return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : undefined;
}
