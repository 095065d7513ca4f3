import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  bitString,
  booleanTrue,
  constructed,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

export interface CertificateOptions {
  /** Of the key that the certificate is about. */
  readonly publicKey: KeyObject;
  /** The common name; names that TLS compares stand in an extension. */
  readonly subject: string;
  readonly issuer: string;
  /** The issuer's key: RSA or EC P-256. */
  readonly issuerKey: KeyObject;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly extensions?: readonly Buffer[];
}

/** An X.509 certificate (RFC 5280), DER. */
export function signCertificate(options: CertificateOptions): Buffer {
  const { publicKey, issuerKey, extensions = [] } = options;
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40; // positive, and no leading zero byte
  const algorithm = issuerKey.asymmetricKeyType === "ec" ? ECDSA_WITH_SHA256 : SHA256_WITH_RSA;
  const body = sequence(
    // Without extensions the version is 1, which is written by leaving it out (§4.1.2.1); 2 stands for version 3.
    ...(extensions.length > 0 ? [constructed(0, integer(2))] : []),
    integer(serial),
    algorithm,
    commonName(options.issuer),
    sequence(time(options.validFrom), time(options.validTo)),
    commonName(options.subject),
    publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length > 0 ? [constructed(3, sequence(...extensions))] : []),
  );
  return sequence(body, algorithm, bitString(sign("sha256", body, issuerKey)));
}

/** One entry of a certificate's extensions. */
export function extension(oid: string, value: Buffer, options?: { readonly isCritical: boolean }): Buffer {
  return sequence(objectIdentifier(oid), ...(options?.isCritical ? [booleanTrue()] : []), octetString(value));
}

/** Names a key among those of issuers with one name: 160 bits of a digest over it (RFC 7093 §2, method 1). */
export function keyIdentifier(key: KeyObject): Buffer {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest().subarray(0, 20);
}

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

const SHA256_WITH_RSA = sequence(objectIdentifier("1.2.840.113549.1.1.11"), nothing());
const ECDSA_WITH_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

function commonName(text: string): Buffer {
  return sequence(set(sequence(objectIdentifier("2.5.4.3"), utf8String(text))));
}
