import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
import { extension, keyIdentifier, signCertificate, toPem } from "./certificate.ts";
import {
  bitString,
  booleanTrue,
  constructed,
  integer,
  objectIdentifier,
  octetString,
  primitive,
  sequence,
} from "./der.ts";

/**
 * The project's own certificate authority: what a client must trust to speak TLS with the issuer, and nothing else. Its
 * name constraints keep its key, should it leak, from vouching for any name but this machine's.
 */
export interface LocalCa {
  /** The certificate as a file (PEM), for `NODE_EXTRA_CA_CERTS`, `curl --cacert` and the like. */
  readonly certificateFile: string;
  /**
   * For a TLS server on this machine; looked at first when it is asked for, and made anew when it is about to end, or
   * another authority's. @throws StateFolderError
   */
  readonly serverCertificate: ServerCertificate;
}

/** PEM, as node:tls takes it. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Names of the server certificate. No verifier tried takes `*.localhost` for a name below it: a few are spelled out. */
export const SERVER_NAMES: readonly string[] = [
  "localhost",
  "*.localhost",
  "auth.localhost",
  "login.localhost",
  "issuer.localhost",
];
export const SERVER_ADDRESSES: readonly string[] = ["127.0.0.1", "::1"];
export const CA_VALID_YEARS = 10;
/** Browsers and Apple's verifiers refuse more than 398 days of a certificate made from 2020-09 on. */
export const SERVER_VALID_DAYS = 390;
/** A certificate with less than this left is made anew at the start. */
export const RENEW_DAYS = 30;

const CA_FILE = "local-ca.json";
const CA_CERTIFICATE_FILE = "local-ca.pem";
const SERVER_FILE = "tls-server.json";
const DAY_MS = 86_400_000;
/** Certificates begin a little before they are made: a container's clock may be behind. */
const CLOCK_SKEW_MS = 300_000;

/**
 * Opens the project's certificate authority; the first time it is made, in about a millisecond.
 *
 * @throws StateFolderError when a file of it is damaged or its key readable by others
 */
export async function openLocalCa(folder: StateFolder, clock: () => number = Date.now): Promise<LocalCa> {
  const now = (): Date => new Date(clock());
  let ca = parsePair(folder, CA_FILE, await folder.readOrCreate(CA_FILE, () => makeCa(now())));
  if (daysLeft(ca.certificate, now()) < RENEW_DAYS) {
    folder.write(CA_FILE, makeCa(now()));
    ca = parsePair(folder, CA_FILE, folder.read(CA_FILE) ?? "");
  }
  const authority = ca;
  const certificateFile = join(folder.path, CA_CERTIFICATE_FILE);
  publish(folder, certificateFile, authority.certificate);
  let served: ServerCertificate | undefined;
  return {
    certificateFile,
    get serverCertificate() {
      served ??= asPem(keptServer(folder, authority, now()) ?? renewedServer(folder, authority, now()));
      return served;
    },
  };
}

function asPem({ certificate, privateKey }: CertifiedKey): ServerCertificate {
  return {
    cert: toPem("CERTIFICATE", certificate.raw),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

interface CertifiedKey {
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
}

function makeCa(now: Date): string {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyId = keyIdentifier(publicKey);
  const validTo = new Date(now);
  validTo.setUTCFullYear(validTo.getUTCFullYear() + CA_VALID_YEARS);
  // A name of its own: verifiers that look an issuer up by name must not find another project's.
  const name = `gatewarden local CA ${keyId.toString("hex").slice(0, 8)}`;
  const certificate = signCertificate({
    publicKey,
    subject: name,
    issuer: name,
    issuerKey: privateKey,
    validFrom: new Date(now.getTime() - CLOCK_SKEW_MS),
    validTo,
    extensions: [
      extension(BASIC_CONSTRAINTS, sequence(booleanTrue(), integer(0)), CRITICAL), // no authority below it
      extension(KEY_USAGE, bitString(Buffer.of(0b0000_0110), 1), CRITICAL), // keyCertSign, cRLSign
      extension(SUBJECT_KEY_IDENTIFIER, octetString(keyId)),
      extension(AUTHORITY_KEY_IDENTIFIER, sequence(primitive(0, keyId))),
      extension(NAME_CONSTRAINTS, sequence(constructed(0, ...PERMITTED.map((name) => sequence(name)))), CRITICAL),
    ],
  });
  return pairText(privateKey, certificate);
}

function makeServer(ca: CertifiedKey, now: Date): string {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = [
    ...SERVER_NAMES.map((name) => primitive(DNS_NAME, Buffer.from(name))),
    ...SERVER_ADDRESSES.map((address) => primitive(IP_ADDRESS, addressBytes(address))),
  ];
  const certificate = signCertificate({
    publicKey,
    subject: "localhost",
    issuer: commonNameOf(ca.certificate),
    issuerKey: ca.privateKey,
    validFrom: new Date(now.getTime() - CLOCK_SKEW_MS),
    validTo: new Date(now.getTime() + SERVER_VALID_DAYS * DAY_MS),
    extensions: [
      extension(BASIC_CONSTRAINTS, sequence(), CRITICAL),
      extension(KEY_USAGE, bitString(Buffer.of(0b1000_0000), 7), CRITICAL), // digitalSignature
      extension(EXTENDED_KEY_USAGE, sequence(objectIdentifier(SERVER_AUTH))),
      extension(SUBJECT_ALTERNATIVE_NAME, sequence(...names)),
      extension(SUBJECT_KEY_IDENTIFIER, octetString(keyIdentifier(publicKey))),
      extension(AUTHORITY_KEY_IDENTIFIER, sequence(primitive(0, keyIdentifier(ca.privateKey)))),
    ],
  });
  return pairText(privateKey, certificate);
}

function renewedServer(folder: StateFolder, ca: CertifiedKey, now: Date): CertifiedKey {
  const made = makeServer(ca, now);
  folder.write(SERVER_FILE, made);
  return parsePair(folder, SERVER_FILE, made);
}

/** Undefined when it must be made anew. One that is damaged, or that others could read, is, too: nobody has pinned it. */
function keptServer(folder: StateFolder, ca: CertifiedKey, now: Date): CertifiedKey | undefined {
  let server: CertifiedKey;
  try {
    server = parsePair(folder, SERVER_FILE, folder.read(SERVER_FILE) ?? "");
  } catch {
    return undefined;
  }
  const { certificate } = server;
  const isOurs = certificate.checkIssued(ca.certificate) && certificate.verify(ca.certificate.publicKey);
  const hasNames = certificate.subjectAltName === subjectAltNameText();
  return isOurs && hasNames && daysLeft(certificate, now) >= RENEW_DAYS ? server : undefined;
}

/** The certificate alone, which others may read; written again when it is not what it should be. */
function publish(folder: StateFolder, path: string, { raw }: X509Certificate): void {
  const pem = toPem("CERTIFICATE", raw);
  let published: string | undefined;
  try {
    published = readFileSync(path, "utf8");
  } catch {
    // Not there, or nothing that can be read: written again, and that says what is wrong.
  }
  if (published !== pem) folder.write(CA_CERTIFICATE_FILE, pem, 0o644);
}

function pairText(privateKey: KeyObject, certificate: Buffer): string {
  const pair = {
    privateKey: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    certificate: certificate.toString("base64"),
  };
  return `${JSON.stringify(pair, null, 2)}\n`;
}

function parsePair(folder: StateFolder, name: string, text: string): CertifiedKey {
  try {
    const pair = JSON.parse(text) as Record<string, unknown>;
    const privateKey = createPrivateKey({
      key: Buffer.from(String(pair.privateKey), "base64"),
      format: "der",
      type: "pkcs8",
    });
    const certificate = new X509Certificate(Buffer.from(String(pair.certificate), "base64"));
    if (!certificate.checkPrivateKey(privateKey)) throw new Error("the certificate belongs to another key");
    return { privateKey, certificate };
  } catch {
    const path = join(folder.path, name);
    throw new StateFolderError(
      "malformed",
      path,
      // No cause: JSON.parse quotes what it read, and that is a private key.
      `${path} holds no usable certificate authority. Delete it and a new one is made; what trusted the old one must then trust ${join(folder.path, CA_CERTIFICATE_FILE)} again.`,
    );
  }
}

function daysLeft(certificate: X509Certificate, now: Date): number {
  return (Date.parse(certificate.validTo) - now.getTime()) / DAY_MS;
}

/** Node.js writes a subject as lines of `NAME=value`; ours have one. */
function commonNameOf({ subject }: X509Certificate): string {
  return subject.slice("CN=".length);
}

/** As Node.js prints what `makeServer` writes. */
function subjectAltNameText(): string {
  const addresses = SERVER_ADDRESSES.map((address) => (address === "::1" ? "0:0:0:0:0:0:0:1" : address));
  return [...SERVER_NAMES.map((name) => `DNS:${name}`), ...addresses.map((each) => `IP Address:${each}`)].join(", ");
}

function addressBytes(address: string): Buffer {
  return address === "::1" ? IPV6_LOOPBACK : Buffer.from(address.split(".").map(Number));
}

const CRITICAL = { isCritical: true };
const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const NAME_CONSTRAINTS = "2.5.29.30";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
/** GeneralName's choices (RFC 5280 §4.2.1.6). */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

const IPV6_LOOPBACK = Buffer.from("00000000000000000000000000000001", "hex");
/** `localhost` and what is below it (§4.2.1.10), 127.0.0.0/8 and ::1: address and mask. */
const PERMITTED: readonly Buffer[] = [
  primitive(DNS_NAME, Buffer.from("localhost")),
  primitive(IP_ADDRESS, Buffer.from("7f000000ff000000", "hex")),
  primitive(IP_ADDRESS, Buffer.concat([IPV6_LOOPBACK, Buffer.alloc(16, 0xff)])),
];
