import { createHash } from "node:crypto";
import { type Documents, type Json, MAX_LIST_LIMIT, type StoredDocument } from "../../store/documents.ts";
import type { TokenClaims } from "./access-token.ts";

/**
 * Claims that an Action has set on the ID token, for /userinfo: Auth0 tells them there, too (R), and an access token in
 * JWT form does not hold them.
 */
export interface UserinfoClaims {
  keep(accessToken: string, claims: TokenClaims, expiresAtSeconds: number): Promise<void>;
  /** Empty for a token of which nothing is kept. */
  find(accessToken: string): Promise<TokenClaims>;
}

/** Those written least recently go; whoever holds such an old token is told the profile's claims alone. */
export const MAX_KEPT_TOKENS = 1000;
/** What is over is deleted with the first write after a start, and after as many writes or seconds as these. */
export const PRUNE_EVERY_WRITES = 100;
export const PRUNE_INTERVAL_SECONDS = 600;
const COLLECTION = "issuer-userinfo-claims";

/** Claims in the store, by the SHA-256 of the token: nobody who reads it has a token. */
export function openUserinfoClaims({
  documents,
  clock,
}: {
  readonly documents: () => Documents;
  readonly clock: () => number;
}): UserinfoClaims {
  let prunedAtMs = Number.NEGATIVE_INFINITY;
  let writes = 0;

  async function prune(): Promise<void> {
    const isDue = Math.abs(clock() - prunedAtMs) >= PRUNE_INTERVAL_SECONDS * 1000;
    if (!isDue && writes < PRUNE_EVERY_WRITES) return;
    prunedAtMs = clock();
    writes = 0;
    const good: StoredDocument[] = [];
    let after: string | undefined;
    do {
      const page = await documents().list(COLLECTION, { limit: MAX_LIST_LIMIT, ...(after !== undefined && { after }) });
      for (const document of page.documents) {
        if (claimsOf(document.value, clock()) !== undefined) good.push(document);
        else await documents().delete(COLLECTION, document.id, document.revision);
      }
      after = page.next;
    } while (after !== undefined);
    const oldestFirst = good.sort((one, other) => one.revision - other.revision);
    for (const { id, revision } of oldestFirst.slice(0, Math.max(0, good.length - MAX_KEPT_TOKENS))) {
      await documents().delete(COLLECTION, id, revision);
    }
  }

  return {
    async keep(accessToken, claims, expiresAtSeconds) {
      if (Object.keys(claims).length === 0) return;
      await prune();
      writes += 1;
      const id = idOf(accessToken);
      // Two tokens of one second may be one and the same; of two writers at once either will do.
      const before = await documents().get(COLLECTION, id);
      const value = { claims: claims as Json, expiresAtSeconds }; // an Action's claims are copies made by way of JSON
      await documents().put(COLLECTION, id, value, before?.revision ?? "absent");
    },
    async find(accessToken) {
      const kept = await documents().get(COLLECTION, idOf(accessToken));
      return claimsOf(kept?.value, clock()) ?? {};
    },
  };
}

function idOf(accessToken: string): string {
  return createHash("sha256").update(accessToken).digest("hex");
}

function claimsOf(value: Json | undefined, nowMs: number): TokenClaims | undefined {
  if (typeof value !== "object" || value === null || !("expiresAtSeconds" in value)) return undefined;
  const { claims, expiresAtSeconds } = value;
  const isGood = typeof expiresAtSeconds === "number" && nowMs < expiresAtSeconds * 1000;
  return isGood && typeof claims === "object" && claims !== null ? (claims as TokenClaims) : undefined;
}
