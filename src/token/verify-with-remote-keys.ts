import type { KeySet } from "./key-set.ts";
import type { KeySetFailure, RemoteKeySet } from "./remote-key-set.ts";
import type { TokenVerdict } from "./token-verdict.ts";
import { type VerifyOptions, verifyJwt } from "./verify-jwt.ts";

export type RemoteTokenVerdict = TokenVerdict | KeySetFailure;

/**
 * Verifies with an issuer's fetched keys. Answers at once, without a promise, whenever no fetch is needed; a token that
 * is refused for what it is (malformed, wrong algorithm) never causes one. A kid that the keys lack is asked for once.
 *
 *     const verdict = await verifyWithRemoteKeys(token, remote, { issuers, audiences, nowSeconds: Date.now() / 1000 });
 */
export function verifyWithRemoteKeys(
  token: string,
  remote: RemoteKeySet,
  options: Omit<VerifyOptions, "keys">,
): RemoteTokenVerdict | Promise<RemoteTokenVerdict> {
  const keys = remote.current();
  const verdict = verifyJwt(token, { ...options, keys: keys ?? NO_KEYS });
  if (verdict.ok) return verdict;
  if (verdict.reason === "key_not_found") return fetchAndVerify(token, remote, options, verdict.kid);
  return verdict.reason === "kid_missing" && !keys ? fetchAndVerify(token, remote, options) : verdict;
}

async function fetchAndVerify(
  token: string,
  remote: RemoteKeySet,
  options: Omit<VerifyOptions, "keys">,
  kid?: string,
): Promise<RemoteTokenVerdict> {
  const fetched = await remote.get(kid);
  return fetched.ok ? verifyJwt(token, { ...options, keys: fetched.keys }) : fetched;
}

const NO_KEYS: KeySet = { byKid: new Map(), keys: [], unusable: [], generation: 0, fetchedAtMs: 0 };
