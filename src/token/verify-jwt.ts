import { constants, type KeyObject, verify } from "node:crypto";
import { decodeJwt } from "./decode-jwt.ts";
import { type ClaimsOptions, judgeClaims } from "./judge-claims.ts";
import { isJwsAlgorithm, JWS_DIGESTS, type JwsAlgorithm } from "./jws-algorithm.ts";
import type { KeySet, VerificationKey } from "./key-set.ts";
import {
  asEvidence,
  type Claims,
  jsonTypeOf,
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

export const DEFAULT_ALGORITHMS: readonly JwsAlgorithm[] = ["RS256"];

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
  const decoded = decodeJwt(token);
  if (!decoded.ok) return decoded;
  const { header, claims } = decoded;
  const chosen = chooseKey(header, options);
  if (!chosen.ok) return chosen;
  const { key, algorithm } = chosen;
  // decodeJwt has shown that every character is ASCII.
  const signed = Buffer.from(token.slice(0, decoded.signedChars), "latin1");
  if (!isSignedBy(key, algorithm, signed, decoded.signature)) {
    return refuse("bad_signature", { kid: key.kid ?? null, algorithm });
  }
  const judged = judgeClaims(claims, options);
  return judged.ok ? { ok: true, header, claims } : judged;
}

type ChosenKey = { readonly ok: true; readonly key: VerificationKey; readonly algorithm: JwsAlgorithm };

function chooseKey(header: Claims, options: VerifyOptions): ChosenKey | SignatureFailure {
  const { alg, kid, crit, b64 } = header;
  const { keys, algorithms = DEFAULT_ALGORITHMS } = options;
  // No extension is understood here, so a token that calls one critical is refused (RFC 7515 §4.1.11, RFC 7797 §7).
  if (crit !== undefined) return refuse("crit_unsupported", { member: "crit" });
  if (b64 !== undefined) return refuse("crit_unsupported", { member: "b64" });
  if (!isJwsAlgorithm(alg) || !algorithms.includes(alg)) {
    return refuse("algorithm_not_allowed", { expected: algorithms, actual: asEvidence(alg) });
  }
  if (kid === undefined) {
    const suitable = options.requireKid === false ? keys.keys.filter((key) => key.algorithms.includes(alg)) : [];
    const [only] = suitable;
    if (suitable.length !== 1 || !only) return refuse("kid_missing", { known: knownKids(keys) });
    return { ok: true, key: only, algorithm: alg };
  }
  if (typeof kid !== "string") {
    return refuse("kid_malformed", { expected: "string", actual: jsonTypeOf(kid) });
  }
  const key = keys.byKid.get(kid);
  if (key?.algorithms.includes(alg)) return { ok: true, key, algorithm: alg };
  const problem = key ? "algorithm" : keys.unusable.find((each) => each.kid === kid)?.problem;
  if (problem) {
    const expected = key?.algorithms ?? [];
    return refuse("key_unsuitable", { kid: asEvidence(kid), problem, expected, actual: alg });
  }
  const fetchedAt = new Date(keys.fetchedAtMs);
  return refuse("key_not_found", { kid: asEvidence(kid), known: knownKids(keys), fetchedAt });
}

function knownKids(keys: KeySet): string[] {
  return [...keys.byKid.keys()];
}

function isSignedBy(key: VerificationKey, algorithm: JwsAlgorithm, signed: Buffer, signature: Buffer): boolean {
  // Also keeps DER-encoded and truncated signatures from reaching OpenSSL.
  if (signature.length !== key.signatureBytes) return false;
  try {
    return verify(JWS_DIGESTS[algorithm], signed, verificationInput(key.keyObject, algorithm), signature);
  } catch {
    return false; // a key that OpenSSL's policy refuses
  }
}

/** The bare KeyObject wherever it will do: with `{key, padding}` Node 24 and later take twice as long. */
function verificationInput(key: KeyObject, algorithm: JwsAlgorithm): Parameters<typeof verify>[2] {
  if (algorithm.startsWith("PS")) {
    return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  }
  return algorithm.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" } : key;
}
