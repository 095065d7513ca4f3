import { createPublicKey } from "node:crypto";
import { generateSigningKey } from "../../token/generate-signing-key.ts";
import { isJsonObject } from "../../token/json.ts";
import { selfSignedCertificate } from "../keys/self-signed-certificate.ts";
import type { StateFolder } from "../state-folder.ts";

/** A public key for encryption, as Keycloak publishes one beside its signing keys (C). */
export interface EncryptionKey {
  readonly kid: string;
  readonly n: string;
  readonly e: string;
  /** DER in base64. */
  readonly certificate: string;
}

const FILE = "keycloak-encryption-key.json";

/**
 * The project's encryption key, the same after a restart. Nothing is ever encrypted for it, so its private half is thrown
 * away: it is there because verifiers must skip it.
 */
export async function readEncryptionKey(folder: StateFolder, now: Date): Promise<EncryptionKey> {
  const kept = parse(await folder.readOrCreate(FILE, () => make(now)));
  // A damaged file holds nothing worth keeping, but it is the developer's: this key then lives as long as the answer.
  return kept ?? (parse(await make(now)) as EncryptionKey);
}

async function make(now: Date): Promise<string> {
  const { kid, privateKey, publicJwk } = await generateSigningKey();
  const publicKey = createPublicKey(privateKey);
  const der = selfSignedCertificate({ privateKey, publicKey, commonName: "gatewarden", validFrom: now });
  const key = { kid, n: publicJwk.n, e: publicJwk.e, certificate: der.toString("base64") };
  return `${JSON.stringify(key, null, 2)}\n`;
}

function parse(text: string): EncryptionKey | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return undefined;
    const { kid, n, e, certificate } = value;
    if (![kid, n, e, certificate].every((each) => typeof each === "string" && each !== "")) return undefined;
    return { kid, n, e, certificate } as EncryptionKey; // checked a line above
  } catch {
    return undefined;
  }
}
