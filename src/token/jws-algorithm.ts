/** A kind of public keys: `kty` and curve, the bytes of a signature by it (0: as many as the modulus has), its algorithms. */
type KeyType = readonly [name: string, signatureBytes: number, ...algorithms: string[]];

export const KEY_TYPES = [
  ["RSA", 0, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ["EC P-256", 64, "ES256"],
  ["EC P-384", 96, "ES384"],
  ["EC P-521", 132, "ES512"],
  // Two names of one algorithm (RFC 9864): a key that says one verifies both.
  ["OKP Ed25519", 64, "EdDSA", "Ed25519"],
] as const satisfies readonly KeyType[];

type AlgorithmsOf<T> = T extends readonly [string, number, ...infer A] ? A[number & keyof A] : never;

/**
 * The signature algorithms a verifier may be told to accept (RFC 7518 §3.1, RFC 8037, RFC 9864): asymmetric ones only.
 * `none` and the HMAC family are not in the type and not in the table, so that no configuration can allow them.
 */
export type JwsAlgorithm = AlgorithmsOf<(typeof KEY_TYPES)[number]>;

export const JWS_ALGORITHMS: readonly JwsAlgorithm[] = KEY_TYPES.flatMap(([, , ...algorithms]) => algorithms);

export const isJwsAlgorithm = (name: unknown): name is JwsAlgorithm => JWS_ALGORITHMS.includes(name as JwsAlgorithm);

/** An algorithm's digest as `node:crypto` names it: its name ends in the size; Ed25519 brings its own, hence null. */
export const jwsDigest = (algorithm: JwsAlgorithm): string | null =>
  /^Ed/.test(algorithm) ? null : `sha${algorithm.slice(2)}`;
