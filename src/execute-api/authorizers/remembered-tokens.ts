import type { KeySet } from "../../token/key-set.ts";
import type { Claims } from "../../token/token-verdict.ts";

/** A token whose signature was good under `byKid`. What is worked out from it once may be kept beside it. */
export interface VerifiedToken {
  readonly token: string;
  /** Of the keys that verified it; undefined when that is not known. */
  readonly byKid: KeySet["byKid"] | undefined;
  readonly claims: Claims;
}

/** How many tokens each of two generations remembers; what is not used for one generation is forgotten. */
export const MAX_REMEMBERED_TOKENS = 1_000;
/** Where to look; the whole token is compared. */
const TAIL_CHARACTERS = 43;
/** A power of two. */
const SIGHTINGS = 4_096;
/** Enough of a signature's end to tell tokens apart that come at about the same time. */
const HASHED_CHARACTERS = 12;

/**
 * Tokens whose signatures need not be checked again. No decision: whoever finds one here still compares its keys with
 * the issuer's, and judges everything else for every request. A token is kept from its second sight on: where each comes
 * once, as in a flood, keeping them would cost more than it saves.
 */
export class RememberedTokens<Verified extends VerifiedToken> {
  #young = new Map<string, Verified>();
  #old = new Map<string, Verified>();
  /** What was seen once, by hash. A wrong match keeps a token one sight early, no more. */
  readonly #sighted = new Uint32Array(SIGHTINGS);

  /** With other keys than `byKid` a signature counts for nothing, even if the kid is the same. */
  find(token: string): Verified | undefined {
    const tail = token.slice(-TAIL_CHARACTERS);
    const young = this.#young.get(tail);
    const known = young ?? this.#old.get(tail);
    if (known === undefined || known.token !== token) return undefined;
    if (young === undefined) this.#put(tail, known);
    return known;
  }

  /** Remembers a token the second time, if it is known which keys verified it. */
  add(verified: Verified): Verified {
    if (verified.byKid !== undefined && this.#isSightedBefore(verified.token)) {
      this.#put(verified.token.slice(-TAIL_CHARACTERS), verified);
    }
    return verified;
  }

  #isSightedBefore(token: string): boolean {
    const hash = hashTail(token);
    const at = hash & (SIGHTINGS - 1);
    if (this.#sighted[at] === hash) return true;
    this.#sighted[at] = hash;
    return false;
  }

  #put(tail: string, verified: Verified): void {
    if (this.#young.size >= MAX_REMEMBERED_TOKENS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(tail, verified);
  }
}

/** FNV-1a. */
function hashTail(token: string): number {
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, token.length - HASHED_CHARACTERS); at < token.length; at++) {
    hash = Math.imul(hash ^ token.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
