import { authorizerCacheKey } from "./authorizer-cache.ts";

/** How many identities' keys are remembered; their text is kept with them, so this bounds memory, too. */
export const MAX_REMEMBERED_KEYS = 1_000;
/** Longer identities are not remembered. API Gateway itself takes 10,240 bytes of headers (D, quotas page). */
export const MAX_REMEMBERED_CHARACTERS = 10_240;
/** Enough to tell tokens apart nearly always: 256 bits of a signature. Only where to look, never the decision. */
const TAIL_CHARACTERS = 43;

interface Remembered {
  readonly prefix: string;
  readonly identity: string;
  readonly key: string;
}

/**
 * authorizerCacheKey, remembered: hashing a token costs more than everything else about a cached decision. Found by the
 * end of the identity and then compared whole, so that no other identity gets the key.
 */
export class RememberedKeys {
  readonly #byTail = new Map<string, Remembered>();

  keyOf(prefix: string, identity: readonly (readonly string[] | undefined)[]): string {
    const only = identity.length === 1 && identity[0]?.length === 1 ? identity[0][0] : undefined;
    if (only === undefined || only.length > MAX_REMEMBERED_CHARACTERS) return authorizerCacheKey(prefix, identity);
    const tail = only.slice(-TAIL_CHARACTERS);
    const known = this.#byTail.get(tail);
    if (known !== undefined && known.identity === only && known.prefix === prefix) return known.key;
    const key = authorizerCacheKey(prefix, identity);
    if (this.#byTail.size >= MAX_REMEMBERED_KEYS) this.#byTail.clear();
    this.#byTail.set(tail, { prefix, identity: only, key });
    return key;
  }
}
