import type { DecodedJwt } from "./decode-jwt.ts";
import type { KeySet } from "./key-set.ts";
import type { KeySetFailure, RemoteKeySet } from "./remote-key-set.ts";
import type { TokenVerdict } from "./token-verdict.ts";
import { type chooseKey, type VerifyOptions, verifyDecodedJwt } from "./verify-jwt.ts";

export type RemoteTokenVerdict = TokenVerdict | KeySetFailure;

/**
 * Verifies a token that decodeJwt has taken apart, perhaps to find out which issuer's keys to ask for, with that issuer's
 * fetched keys. Answers at once, without a promise, whenever no fetch is needed; a token that is refused for what it is
 * (malformed, wrong algorithm) never causes one. A kid that the keys lack is asked for once. `choose` as for
 * verifyDecodedJwt.
 *
 *     const verdict = await verifyDecodedWithRemoteKeys(decoded, remote, { issuers, audiences, nowSeconds });
 */
export function verifyDecodedWithRemoteKeys(
  decoded: DecodedJwt,
  remote: RemoteKeySet,
  options: Omit<VerifyOptions, "keys">,
  choose?: typeof chooseKey,
): RemoteTokenVerdict | Promise<RemoteTokenVerdict> {
  const verify = (keys: KeySet): TokenVerdict => verifyDecodedJwt(decoded, { ...options, keys }, choose);
  const { kid } = decoded.header;
  const current = remote.current();
  const verdict = verify(current ?? NO_KEYS);
  // Only what is refused for want of a key says which keys are known; other keys help if there are none yet, or for a kid.
  if (!("known" in verdict) || (current && kid === undefined)) return verdict;
  // A kid that is no string was refused above.
  return remote.get(kid as string | undefined).then((fetched) => (fetched.ok ? verify(fetched.keys) : fetched));
}

const NO_KEYS: KeySet = { byKid: new Map(), keys: [], unusable: [], fetchedAtMs: 0 };
