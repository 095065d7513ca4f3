import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { generateSigningKey } from "../../token/generate-signing-key.ts";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
import { selfSignedCertificate } from "./self-signed-certificate.ts";

/** One of the project's signing keys. */
export interface IssuerKey {
  readonly kid: string;
  /** Prepared: parsing a PEM for every token would cost a third of the throughput. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Self-signed, DER. */
  readonly certificate: Buffer;
}

/** `next` is published before it signs, `previous` after; `revoked` is neither, and only its certificate is kept. */
export type KeyState = "current" | "next" | "previous" | "revoked";

/** A key as the file holds it; DER in base64. A revoked one has no `privateKey`. */
export interface StoredKey {
  readonly state: KeyState;
  readonly kid: string;
  readonly createdAt: string;
  readonly privateKey?: string;
  readonly certificate: string;
  readonly currentSince?: string;
  readonly currentUntil?: string;
  readonly revokedAt?: string;
}

/** All of them in one file, so that a change of several is one change. */
export const KEYS_FILE = "signing-keys.json";
/** Before keys could be rotated there were two files, of one key each. */
export const EARLIER_FILES = { current: "signing-key.json", next: "signing-key.next.json" } as const;

export const KID_CHARS = 21; // as in Auth0's, e.g. FChMh5aiSbbpUSQfa03b1 (C)
const COMMON_NAME = "gatewarden development issuer";

/** Makes an RSA-2048 key, on another thread, in about 0.1 s. */
export async function makeStoredKey(state: KeyState, now: Date): Promise<StoredKey> {
  const { kid, privateKey } = await generateSigningKey({
    kid: `kid:${randomBytes(16).toString("base64url").slice(0, KID_CHARS)}`,
  });
  const publicKey = createPublicKey(privateKey);
  const certificate = selfSignedCertificate({ privateKey, publicKey, commonName: COMMON_NAME, validFrom: now });
  return {
    state,
    kid,
    createdAt: now.toISOString(),
    privateKey: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    certificate: certificate.toString("base64"),
    ...(state === "current" && { currentSince: now.toISOString() }),
  };
}

export function writeKeys(keys: readonly StoredKey[]): string {
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}

/** @throws StateFolderError when it holds anything but one current key, at most one next, previous and revoked ones */
export function readKeys(folder: StateFolder, text: string): readonly StoredKey[] {
  try {
    const { keys } = JSON.parse(text) as { readonly keys: readonly StoredKey[] };
    const count = (state: KeyState): number => keys.filter((key) => key.state === state).length;
    if (count("current") !== 1 || count("next") > 1) throw new Error("one key signs, and at most one is next");
    if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw new Error("a kid stands for one key");
    if (!keys.every((key) => STATES.includes(key.state) && areTexts(key))) throw new Error("a member is missing");
    return keys;
  } catch {
    throw unusable(folder, KEYS_FILE);
  }
}

/** @throws StateFolderError when it is no key, or the certificate another's */
export function openKey(
  folder: StateFolder,
  fileName: string,
  stored: Pick<StoredKey, "kid" | "privateKey" | "certificate">,
): IssuerKey {
  try {
    const { kid, privateKey: pkcs8 = "" } = stored;
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8, "base64"), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(privateKey);
    const certificate = Buffer.from(stored.certificate, "base64");
    if (!new X509Certificate(certificate).checkPrivateKey(privateKey)) {
      throw new Error("the certificate belongs to another key");
    }
    return { kid, privateKey, publicKey, certificate };
  } catch {
    throw unusable(folder, fileName);
  }
}

/** The keys of a project that was last served before keys could be rotated; empty without one. */
export function readEarlierKeys(folder: StateFolder): readonly StoredKey[] {
  return (["current", "next"] as const).flatMap((state) => {
    const name = EARLIER_FILES[state];
    const text = folder.read(name);
    if (text === undefined) return [];
    const key = parseEarlier(folder, name, text);
    openKey(folder, name, key);
    return [{ ...key, state, ...(state === "current" && { currentSince: key.createdAt }) }];
  });
}

function parseEarlier(folder: StateFolder, name: string, text: string): Omit<StoredKey, "state"> {
  try {
    const { kid, createdAt, privateKey, certificate } = JSON.parse(text) as Omit<StoredKey, "state">;
    if (areTexts({ kid, createdAt, privateKey, certificate }))
      return { kid, createdAt, privateKey, certificate } as never;
  } catch {
    // As unusable as one without these members.
  }
  throw unusable(folder, name);
}

const STATES: readonly KeyState[] = ["current", "next", "previous", "revoked"];

function areTexts(key: { readonly [Name in keyof StoredKey]?: unknown }): boolean {
  const needed = [key.kid, key.createdAt, key.certificate, ...(key.state === "revoked" ? [] : [key.privateKey])];
  return needed.every((member) => typeof member === "string" && member !== "");
}

function unusable(folder: StateFolder, name: string): StateFolderError {
  const path = `${folder.path}/${name}`;
  // No cause: JSON.parse quotes what it read, and that is a private key.
  const message = `${path} holds no usable signing keys. Delete it and a new one is made; tokens signed so far end with it.`;
  return new StateFolderError("malformed", path, message);
}
