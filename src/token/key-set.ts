import type { KeyObject } from "node:crypto";
import { isJsonObject, isString, parseJson } from "./json.ts";
import { readJwk } from "./jwk.ts";
import type { JwsAlgorithm } from "./jws-algorithm.ts";
import type { KeyProblem } from "./token-verdict.ts";

/** A public key that is ready for `crypto.verify`. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly keyObject: KeyObject;
  /** What this key may verify: its type's algorithms, narrowed by the JWK's own `alg`. Never empty. */
  readonly algorithms: readonly JwsAlgorithm[];
  /** The only length a signature by this key can have. */
  readonly signatureBytes: number;
}

/** A key of the document that is left aside, and why. */
export interface UnusableKey {
  readonly kid?: string | undefined;
  readonly problem: KeyProblem;
}

/** An issuer's public keys at one time. Made by parseKeySet only. */
export interface KeySet {
  /** Another map for every document: what was remembered under one is void under the next. See parse-once.ts. */
  readonly byKid: ReadonlyMap<string, VerificationKey>;
  readonly keys: readonly VerificationKey[];
  readonly unusable: readonly UnusableKey[];
  readonly fetchedAtMs: number;
}

export type KeySetParse =
  | { readonly ok: true; readonly keys: KeySet }
  | { readonly ok: false; readonly reason: "jwks_malformed"; readonly detail: string };

/** (D) HTTP API quotas: a JWKS response of at most 150,000 bytes. */
export const MAX_JWKS_BYTES = 150_000;
export const MAX_JWKS_KEYS = 100;

/**
 * Reads a JWKS document (RFC 7517 §5), as text or already parsed. A key that is not understood, is for encryption or is
 * too weak is left aside with its reason and does not spoil the others. A `kid` that names two different keys names
 * neither: which one the issuer meant cannot be known. An empty set is a set; it verifies nothing.
 *
 *     const parsed = parseKeySet(await readFile("jwks.json", "utf8"), { fetchedAtMs: Date.now() });
 */
export function parseKeySet(document: unknown, { fetchedAtMs }: { readonly fetchedAtMs: number }): KeySetParse {
  let root = document;
  if (isString(document)) {
    if (Buffer.byteLength(document) > MAX_JWKS_BYTES) return malformed(`more than ${MAX_JWKS_BYTES} bytes`);
    root = parseJson(document);
    if (root === undefined) return malformed("not JSON");
  }
  const list = isJsonObject(root) ? root.keys : undefined;
  if (!Array.isArray(list)) return malformed('no "keys" array');
  if (list.length > MAX_JWKS_KEYS) return malformed(`more than ${MAX_JWKS_KEYS} keys`);

  const byKid = new Map<string, VerificationKey>();
  const unnamed: VerificationKey[] = [];
  const unusable: UnusableKey[] = [];
  for (const jwk of list) {
    const key = readJwk(jwk);
    if ("problem" in key) unusable.push(key);
    else if (key.kid === undefined) unnamed.push(key);
    else {
      const { kid, algorithms } = key;
      const twin = byKid.get(kid);
      if (twin && !twin.keyObject.equals(key.keyObject)) unusable.push({ kid, problem: "kid_ambiguous" });
      // One key published twice, say with `alg` RS256 and PS256, is one key for both.
      byKid.set(kid, { ...key, algorithms: [...(twin?.algorithms ?? []), ...algorithms] });
    }
  }
  for (const { kid, problem } of unusable) if (problem === "kid_ambiguous") byKid.delete(kid!);
  const keys = [...byKid.values(), ...unnamed];
  return { ok: true, keys: { byKid, keys, unusable, fetchedAtMs } };
}

const malformed = (detail: string): KeySetParse => ({ ok: false, reason: "jwks_malformed", detail });

/** The same keys, seen again at a later time: same generation. */
export const refetchedKeySet = (keys: KeySet, fetchedAtMs: number): KeySet => ({ ...keys, fetchedAtMs });
