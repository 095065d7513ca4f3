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

/**
 * Tokens whose signatures need not be checked again. No decision: whoever finds one here still compares its keys with
 * the issuer's, and judges everything else for every request.
 */
export class RememberedTokens<Verified extends VerifiedToken> {
  #young = new Map<string, Verified>();
  #old = new Map<string, Verified>();

  /** With other keys than `byKid` a signature counts for nothing, even if the kid is the same. */
  find(token: string): Verified | undefined {
    const tail = token.slice(-TAIL_CHARACTERS);
    const young = this.#young.get(tail);
    const known = young ?? this.#old.get(tail);
    if (known === undefined || known.token !== token) return undefined;
    if (young === undefined) this.#put(tail, known);
    return known;
  }

  /** Remembers a token if it is known which keys verified it. */
  add(verified: Verified): Verified {
    if (verified.byKid !== undefined) this.#put(verified.token.slice(-TAIL_CHARACTERS), verified);
    return verified;
  }

  #put(tail: string, verified: Verified): void {
    if (this.#young.size >= MAX_REMEMBERED_TOKENS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(tail, verified);
  }
}
