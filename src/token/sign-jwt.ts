import { constants, createHmac, type KeyObject, sign } from "node:crypto";
import { type JwsAlgorithm, jwsDigest } from "./jws-algorithm.ts";

/** HS256 is here only to make tokens that must be refused: no verifier of ours accepts it. */
export type SigningAlgorithm = JwsAlgorithm | "HS256";

export interface SignOptions {
  readonly algorithm: SigningAlgorithm;
  /** The private key; for HS256 the secret. */
  readonly privateKey: KeyObject | Buffer;
  /** Left out of the header when undefined. */
  readonly kid?: string;
  /** Default `JWT`; `at+jwt` for RFC 9068. */
  readonly typ?: string;
  /** Further header members; they override the others, `alg` too. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/**
 * Signs a JWT (RFC 7515 §7.1). Synchronous; throws for a key that does not fit the algorithm.
 *
 *     signJwt({ iss, aud, sub, iat, exp }, { algorithm: "RS256", privateKey, kid })
 */
export function signJwt(claims: Readonly<Record<string, unknown>>, options: SignOptions): string {
  const { algorithm, kid, typ = "JWT", header } = options;
  const input = `${encode({ alg: algorithm, typ, kid, ...header })}.${encode(claims)}`;
  return `${input}.${signBytes(Buffer.from(input), options).toString("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signBytes(input: Buffer, { algorithm, privateKey }: SignOptions): Buffer {
  if (algorithm === "HS256") return createHmac("sha256", privateKey).update(input).digest();
  if (Buffer.isBuffer(privateKey)) throw new TypeError(`${algorithm} needs a private key, not a secret`);
  // A bare key is faster than an object around it.
  if (algorithm.startsWith("RS")) return sign(jwsDigest(algorithm), input, privateKey);
  return sign(jwsDigest(algorithm), input, {
    key: privateKey,
    dsaEncoding: "ieee-p1363",
    ...(algorithm.startsWith("PS") && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  });
}
