import { createPublicKey, type webcrypto } from "node:crypto";
import { isJsonObject } from "./decode-jwt.ts";
import type { JwsAlgorithm } from "./jws-algorithm.ts";
import type { UnusableKey, VerificationKey } from "./key-set.ts";
import type { KeyProblem } from "./token-verdict.ts";

/** RFC 7518 §3.3: a key of 2048 bits or larger. */
export const MIN_RSA_MODULUS_BITS = 2048;
/** Larger moduli only make verification slow. */
export const MAX_RSA_MODULUS_BITS = 8192;

/** By `kty` and curve: the algorithms of such a key, and the bytes of a signature (RSA: those of the modulus). */
const KEY_TYPES = new Map<string, { readonly algorithms: readonly JwsAlgorithm[]; readonly signatureBytes: number }>([
  ["RSA", { algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], signatureBytes: 0 }],
  ["EC P-256", { algorithms: ["ES256"], signatureBytes: 64 }],
  ["EC P-384", { algorithms: ["ES384"], signatureBytes: 96 }],
  ["EC P-521", { algorithms: ["ES512"], signatureBytes: 132 }],
  // Two names of one algorithm (RFC 9864): a key that says one verifies both.
  ["OKP Ed25519", { algorithms: ["EdDSA", "Ed25519"], signatureBytes: 64 }],
]);

/** Reads one public JWK (RFC 7517 §4) of a key set, or says what keeps it from verifying anything. */
export function readJwk(jwk: unknown): VerificationKey | UnusableKey {
  if (!isJsonObject(jwk)) return { problem: "malformed" };
  const { kid, kty, use = "sig", key_ops: operations = ["verify"], alg, crv, n, e, x, y } = jwk;
  if (kid !== undefined && typeof kid !== "string") return { problem: "kid_malformed" };
  const named = kid === undefined ? {} : { kid };
  const unusable = (problem: KeyProblem): UnusableKey => ({ ...named, problem });

  if (use !== "sig") return unusable("use");
  if (!Array.isArray(operations) || !operations.includes("verify")) return unusable("key_ops");
  // A published private key is everybody's: a signature by it proves nothing.
  if (jwk.d !== undefined) return unusable("private_key_published");
  const type = KEY_TYPES.get(kty === "RSA" ? kty : `${kty} ${crv}`);
  if (!type) return unusable(kty === "EC" || kty === "OKP" ? "curve" : "kty");
  const algorithms = type.algorithms.filter((each) => alg === undefined || alg === each);
  if (algorithms.length === 0) return unusable("algorithm");
  try {
    // A cast, since the members are unknown; createPublicKey throws for what is no key.
    const keyObject = createPublicKey({ key: { kty, n, e, crv, x, y } as webcrypto.JsonWebKey, format: "jwk" });
    const { modulusLength: bits = 0, publicExponent = 0n } = keyObject.asymmetricKeyDetails ?? {};
    if (kty === "RSA") {
      if (bits < MIN_RSA_MODULUS_BITS || bits > MAX_RSA_MODULUS_BITS) return unusable("modulus_size");
      // With an exponent of 1 every signature is its own message.
      if (publicExponent < 3n) return unusable("exponent");
    }
    const signatureBytes = type.signatureBytes || Math.ceil(bits / 8);
    return { ...named, keyObject, algorithms: kty === "OKP" ? type.algorithms : algorithms, signatureBytes };
  } catch {
    return unusable("malformed");
  }
}
