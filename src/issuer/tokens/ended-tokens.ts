import { createHash } from "node:crypto";
import type { Documents } from "../../store/documents.ts";
import { keepNewest } from "../login/keep-newest.ts";

/** Access tokens that were ended before their time. Only /userinfo asks: an API looks at the token alone. */
export interface EndedTokens {
  end(token: EndableToken): Promise<void>;
  /** A token is granted that may be one that was ended: without `jti` two of one second are the same, to the bit. */
  granted(token: EndableToken): Promise<void>;
  isEnded(accessToken: string): Promise<boolean>;
}

/** An access token, by what is kept of it. */
export interface EndableToken {
  readonly digest: string;
  readonly expiresAtSeconds: number;
}

/** Those written least recently go. It takes as many stolen codes within the lifetime of a token. */
export const MAX_ENDED_TOKENS = 1000;
const COLLECTION = "issuer-ended-tokens";

/** By the SHA-256 of the token: nobody who reads the store has one. */
export function endableToken(accessToken: string, expiresAtSeconds: number): EndableToken {
  return { digest: createHash("sha256").update(accessToken).digest("hex"), expiresAtSeconds };
}

export function openEndedTokens({
  documents,
  clock,
}: {
  readonly documents: () => Documents;
  readonly clock: () => number;
}): EndedTokens {
  return {
    async end({ digest, expiresAtSeconds }) {
      if (clock() / 1000 >= expiresAtSeconds) return;
      const before = await documents().get(COLLECTION, digest);
      if (before !== undefined) return;
      await keepNewest(documents(), COLLECTION, MAX_ENDED_TOKENS);
      // A conflict: somebody else has ended it at the same moment.
      await documents().put(COLLECTION, digest, { expiresAtSeconds }, "absent");
    },
    async granted({ digest }) {
      const ended = await documents().get(COLLECTION, digest);
      if (ended !== undefined) await documents().delete(COLLECTION, digest, ended.revision);
    },
    async isEnded(accessToken) {
      const { digest } = endableToken(accessToken, 0);
      return (await documents().get(COLLECTION, digest)) !== undefined;
    },
  };
}
