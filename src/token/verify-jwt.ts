import { type DecodedJwt, decodeJwt } from "./decode-jwt.ts";
import { isString } from "./json.ts";
import { type ClaimsOptions, judgeClaims } from "./judge-claims.ts";
import { isSignedBy } from "./jwk.ts";
import { isJwsAlgorithm, type JwsAlgorithm } from "./jws-algorithm.ts";
import type { KeySet, VerificationKey } from "./key-set.ts";
import { readRememberedHeader } from "./remember-headers.ts";
import {
  asEvidence,
  type Claims,
  jsonTypeOf,
  mismatch,
  refuse,
  type SignatureFailure,
  type TokenVerdict,
} from "./token-verdict.ts";

export interface VerifyOptions extends ClaimsOptions {
  /** The issuer's keys: parseKeySet, or a RemoteKeySet's `current()`. Never taken from the token. */
  readonly keys: KeySet;
  /** The pinned list; the token's `alg` only selects from it. Default RS256 alone. */
  readonly algorithms?: readonly JwsAlgorithm[];
  /** Refuse a token without `kid`. Default true, as AWS does (D). If false, such a token needs a set with one key that suits. */
  readonly requireKid?: boolean;
}

/**
 * Verifies a JWT and says why not. Synchronous, never throws for any token, answers evidence without token text.
 * The order: size, segments, base64url, UTF-8, JSON, `crit`, `alg`, `kid`, key, signature, claims. Nothing in the token
 * can name a key or where to find one: `jwk`, `jku`, `x5u` and `x5c` are not read (RFC 8725 §3.10).
 *
 *     const verdict = verifyJwt(token, { keys, issuers: ["https://tenant.eu.auth0.com/"], audiences: ["https://pets"],
 *       nowSeconds: Date.now() / 1000 });
 *     if (!verdict.ok) console.error(verdict.reason, verdict);
 */
export function verifyJwt(token: string, options: VerifyOptions): TokenVerdict {
  const decoded = decodeJwt(token, readRememberedHeader);
  return decoded.ok ? verifyDecodedJwt(decoded, options, chooseKey) : decoded;
}

type KeyChoice = (
  header: Claims,
  algorithm: JwsAlgorithm,
  options: VerifyOptions,
) => VerificationKey | SignatureFailure;

/** The same for a token that decodeJwt has taken apart. Without `choose` a kid is required whatever the options say. */
export function verifyDecodedJwt(
  decoded: DecodedJwt,
  options: VerifyOptions,
  choose: KeyChoice = chooseKeyByKid,
): TokenVerdict {
  const { header, claims } = decoded;
  const { alg } = header;
  const { algorithms = ["RS256"] } = options;
  const extension = EXTENSIONS.find((member) => header[member] !== undefined);
  if (extension) return refuse("crit_unsupported", { member: extension });
  if (!isJwsAlgorithm(alg) || !algorithms.includes(alg)) {
    return mismatch("algorithm_not_allowed", algorithms, asEvidence(alg));
  }
  const key = choose(header, alg, options);
  if ("reason" in key) return key;
  if (!isSignedBy(key, alg, decoded)) return refuse("bad_signature", { kid: key.kid ?? null, algorithm: alg });
  const judged = judgeClaims(claims, options);
  return judged.ok ? { ...judged, header } : judged;
}

// No extension is understood here, so a token that calls one critical is refused (RFC 7515 §4.1.11, RFC 7797 §7).
const EXTENSIONS = ["crit", "b64"] as const;

/** verifyDecodedJwt's `choose` that minds `requireKid`. */
export const chooseKey: KeyChoice = (header, algorithm, options) => {
  const suitable =
    header.kid === undefined && options.requireKid === false
      ? options.keys.keys.filter((each) => each.algorithms.includes(algorithm))
      : [];
  const [only, other] = suitable;
  return only && !other ? only : chooseKeyByKid(header, algorithm, options);
};

const chooseKeyByKid: KeyChoice = ({ kid }, algorithm, { keys }) => {
  const { byKid, unusable, fetchedAtMs } = keys;
  const known = (): string[] => [...byKid.keys()];
  if (kid === undefined) return refuse("kid_missing", { known: known() });
  if (!isString(kid)) return mismatch("kid_malformed", "string", jsonTypeOf(kid));
  const key = byKid.get(kid);
  if (key?.algorithms.includes(algorithm)) return key;
  const problem = key ? "algorithm" : unusable.find((each) => each.kid === kid)?.problem;
  const named = asEvidence(kid);
  return problem
    ? mismatch("key_unsuitable", key?.algorithms ?? [], algorithm, { kid: named, problem })
    : refuse("key_not_found", { kid: named, known: known(), fetchedAt: new Date(fetchedAtMs) });
};
