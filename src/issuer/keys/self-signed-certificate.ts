import { type KeyObject, randomBytes, sign } from "node:crypto";

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
  const validTo = new Date(keys.validFrom);
  validTo.setUTCFullYear(validTo.getUTCFullYear() + VALID_YEARS);
  const name = sequence(der(SET, sequence(COMMON_NAME, der(UTF8_STRING, Buffer.from(keys.commonName)))));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40; // positive, and no leading zero byte
  // RFC 5280 §4.1.2.1: without extensions the version is 1, which is written by leaving it out.
  const body = sequence(
    der(INTEGER, serial),
    SHA256_WITH_RSA,
    name,
    sequence(time(keys.validFrom), time(validTo)),
    name,
    keys.publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = sign("sha256", body, keys.privateKey);
  return sequence(body, SHA256_WITH_RSA, der(BIT_STRING, Buffer.concat([Buffer.of(0), signature])));
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
/** OBJECT IDENTIFIER 2.5.4.3 */
const COMMON_NAME = Buffer.from("0603550403", "hex");
/** SEQUENCE { OBJECT IDENTIFIER 1.2.840.113549.1.1.11, NULL } */
const SHA256_WITH_RSA = Buffer.from("300d06092a864886f70d01010b0500", "hex");

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(SEQUENCE, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
function time(at: Date): Buffer {
  const digits = `${at.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return at.getUTCFullYear() < 2050
    ? der(UTC_TIME, Buffer.from(digits.slice(2)))
    : der(GENERALIZED_TIME, Buffer.from(digits));
}
