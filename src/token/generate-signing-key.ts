import { createHash, createPublicKey, generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import type { JwsAlgorithm } from "./jws-algorithm.ts";

/** A key an issuer signs with, and what it publishes of it. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: JwsAlgorithm;
  readonly privateKey: KeyObject;
  /** For the JWKS: `kty` and its public members, `kid`, `alg`, `use: "sig"`. */
  readonly publicJwk: PublicJwk;
}

export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg: JwsAlgorithm;
  readonly use: "sig";
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

export interface GenerateOptions {
  /** Default RS256, the one every AWS authorizer accepts. */
  readonly algorithm?: JwsAlgorithm;
  /** `thumbprint` (RFC 7638, the default), `random`, or the kid itself after `kid:`. */
  readonly kid?: "thumbprint" | "random" | `kid:${string}`;
}

export const RSA_MODULUS_BITS = 2048;

const CURVES: Partial<Record<JwsAlgorithm, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/**
 * Generates a signing key off the main thread.
 *
 *     const key = await generateSigningKey();
 *     const jwks = { keys: [key.publicJwk] };
 */
export async function generateSigningKey(options: GenerateOptions = {}): Promise<SigningKey> {
  const { algorithm = "RS256", kid = "thumbprint" } = options;
  const privateKey = await new Promise<KeyObject>((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, key: KeyObject): void =>
      error ? reject(error) : resolve(key);
    const namedCurve = CURVES[algorithm];
    if (namedCurve) generateKeyPair("ec", { namedCurve }, done);
    else if (algorithm.startsWith("Ed")) generateKeyPair("ed25519", {}, done);
    else generateKeyPair("rsa", { modulusLength: RSA_MODULUS_BITS }, done);
  });
  if (kid === "thumbprint") return toSigningKey(privateKey, algorithm);
  return toSigningKey(privateKey, algorithm, kid === "random" ? randomBytes(16).toString("base64url") : kid.slice(4));
}

/** Makes a signing key of a private key; without a kid it gets its thumbprint. */
export function toSigningKey(privateKey: KeyObject, algorithm: JwsAlgorithm, kid?: string): SigningKey {
  const members = createPublicKey(privateKey).export({ format: "jwk" }) as { kty: string }; // public keys always have it
  const name = kid ?? jwkThumbprint(members);
  return Object.freeze({
    kid: name,
    algorithm,
    privateKey,
    publicJwk: Object.freeze({ ...members, kid: name, alg: algorithm, use: "sig" as const }),
  });
}

/** RFC 7638: base64url(SHA-256) of the key type's required members in alphabetical order. */
export function jwkThumbprint(jwk: object): string {
  const { kty, n, e, crv, x, y } = jwk as Readonly<Record<string, unknown>>; // any object may be asked for members
  const required = kty === "RSA" ? { e, kty, n } : kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  return createHash("sha256").update(JSON.stringify(required)).digest("base64url");
}
