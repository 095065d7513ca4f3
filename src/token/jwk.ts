import { constants, createPublicKey, verify, type webcrypto } from "node:crypto";
import type { DecodedJwt } from "./decode-jwt.ts";
import { isJsonObject, isString } from "./json.ts";
import { type JwsAlgorithm, jwsDigest, KEY_TYPES } from "./jws-algorithm.ts";
import type { UnusableKey, VerificationKey } from "./key-set.ts";
import type { KeyProblem } from "./token-verdict.ts";

/** RFC 7518 §3.3: a key of 2048 bits or larger. */
export const MIN_RSA_MODULUS_BITS = 2048;
/** Larger moduli only make verification slow. */
export const MAX_RSA_MODULUS_BITS = 8192;

/** Reads one public JWK (RFC 7517 §4) of a key set, or says what keeps it from verifying anything. */
export function readJwk(jwk: unknown): VerificationKey | UnusableKey {
  if (!isJsonObject(jwk)) return { problem: "malformed" };
  const { kid, kty, use = "sig", key_ops: operations = ["verify"], alg, crv } = jwk;
  if (kid !== undefined && !isString(kid)) return { problem: "kid_malformed" };
  const unusable = (problem: KeyProblem): UnusableKey => ({ kid, problem });
  // The members are unknown: whatever throws, down to createPublicKey, is no key.
  try {
    const type = KEY_TYPES.find(([name]) => name === kty || name === `${kty} ${crv}`);
    const [, fixedBytes, ...all] = type ?? [];
    const algorithms = all.filter((each) => alg === undefined || alg === each);
    if (use !== "sig") return unusable("use");
    if (!Array.isArray(operations) || !operations.includes("verify")) return unusable("key_ops");
    // A published private key is everybody's: a signature by it proves nothing.
    if (jwk.d !== undefined) return unusable("private_key_published");
    if (!type) return unusable(kty === "EC" || kty === "OKP" ? "curve" : "kty");
    if (algorithms.length === 0) return unusable("algorithm");
    const keyObject = createPublicKey({ key: jwk as webcrypto.JsonWebKey, format: "jwk" });
    // Only RSA keys have a modulus and an exponent.
    const { modulusLength: bits = MIN_RSA_MODULUS_BITS, publicExponent = 3n } = keyObject.asymmetricKeyDetails ?? {};
    if (bits < MIN_RSA_MODULUS_BITS || bits > MAX_RSA_MODULUS_BITS) return unusable("modulus_size");
    // With an exponent of 1 every signature is its own message.
    if (publicExponent < 3n) return unusable("exponent");
    return {
      kid,
      keyObject,
      algorithms: kty === "OKP" ? all : algorithms,
      signatureBytes: fixedBytes || Math.ceil(bits / 8),
    };
  } catch {
    return unusable("malformed");
  }
}

/** Whether a token's signature is by this key. Never throws. */
export function isSignedBy(key: VerificationKey, algorithm: JwsAlgorithm, { signed, signature }: DecodedJwt): boolean {
  const { keyObject, signatureBytes } = key;
  // The bare KeyObject wherever it will do: with an object Node 24 and later take twice as long. Of its members Node
  // reads dsaEncoding for elliptic curves only, the other two for RSA only.
  const input = /^[PE]S/.test(algorithm)
    ? ({
        key: keyObject,
        dsaEncoding: "ieee-p1363",
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      } as const)
    : keyObject;
  try {
    // The length also keeps DER-encoded and truncated signatures from reaching OpenSSL. All of `signed` is ASCII.
    return (
      signature.length === signatureBytes &&
      verify(jwsDigest(algorithm), Buffer.from(signed, "latin1"), input, signature)
    );
  } catch {
    return false; // a key that OpenSSL's policy refuses
  }
}
