/**
 * The signature algorithms a verifier may be told to accept (RFC 7518 §3.1, RFC 8037, RFC 9864): asymmetric ones only.
 * `none` and the HMAC family are not in the type and not in the table, so that no configuration can allow them.
 */
export type JwsAlgorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519";

/** Each algorithm's digest as `node:crypto` names it; Ed25519 brings its own, hence `null`. */
export const JWS_DIGESTS: Readonly<Record<JwsAlgorithm, string | null>> = {
  RS256: "sha256",
  RS384: "sha384",
  RS512: "sha512",
  PS256: "sha256",
  PS384: "sha384",
  PS512: "sha512",
  ES256: "sha256",
  ES384: "sha384",
  ES512: "sha512",
  EdDSA: null,
  Ed25519: null,
};

/** Whether a string is an algorithm of the table; own members only, so `constructor` is none. */
export function isJwsAlgorithm(name: unknown): name is JwsAlgorithm {
  return typeof name === "string" && Object.hasOwn(JWS_DIGESTS, name);
}
