import type { KeyObject } from "node:crypto";
import { signCertificate } from "../tls/certificate.ts";

/** Long enough that no development key outlives it. */
const VALID_YEARS = 10;

/**
 * A self-signed X.509 certificate (DER) around an RSA key, for the `x5c` and `x5t` of its JWK: libraries older than the
 * JWK's own members read the key from there (RFC 7517 §4.7). It vouches for nothing and is no TLS certificate.
 */
export function selfSignedCertificate(keys: {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly commonName: string;
  readonly validFrom: Date;
}): Buffer {
  const { publicKey, privateKey: issuerKey, commonName: subject, validFrom } = keys;
  const validTo = new Date(validFrom);
  validTo.setUTCFullYear(validTo.getUTCFullYear() + VALID_YEARS);
  return signCertificate({ publicKey, subject, issuer: subject, issuerKey, validFrom, validTo });
}
