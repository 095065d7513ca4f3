import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { generateSigningKey } from "../../token/generate-signing-key.ts";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
import { selfSignedCertificate } from "./self-signed-certificate.ts";

/** The project's signing keys. They are made once and kept, so that tokens and caches survive a restart. */
export interface KeyRing {
  /** Signs now. */
  readonly current: IssuerKey;
  /** Published before it signs, so that verifiers know it by then. Undefined until `prepareNext`. */
  readonly next: IssuerKey | undefined;
  /** Makes the next key unless there is one. Costs a tenth of a second of another thread: call it after the start. */
  prepareNext(): Promise<void>;
  /** What `/.well-known/jwks.json` publishes: each key once for every algorithm in use. */
  jwks(algorithms: readonly RsaAlgorithm[]): IssuerJwks;
}

export type RsaAlgorithm = "RS256" | "PS256";

export interface IssuerKey {
  readonly kid: string;
  /** Prepared: parsing a PEM for every token would cost a third of the throughput. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Self-signed, DER. */
  readonly certificate: Buffer;
}

export interface IssuerJwks {
  readonly keys: readonly IssuerJwk[];
}

/** As Auth0 publishes it (R): with the certificate for libraries that read the key from there. */
export interface IssuerJwk {
  readonly kty: "RSA";
  readonly use: "sig";
  readonly n: string;
  readonly e: string;
  readonly kid: string;
  readonly x5t: string;
  readonly x5c: readonly [string];
  readonly alg: RsaAlgorithm;
}

const KID_CHARS = 21; // as in Auth0's, e.g. FChMh5aiSbbpUSQfa03b1 (C)
const CURRENT_FILE = "signing-key.json";
const NEXT_FILE = "signing-key.next.json";
const COMMON_NAME = "gatewarden development issuer";

/**
 * Opens the project's key ring; on the first start it makes an RSA-2048 key (asynchronously, about 0.1 s).
 *
 * @throws StateFolderError when a key file is damaged or readable by others
 */
export async function openKeyRing(folder: StateFolder, clock: () => number = Date.now): Promise<KeyRing> {
  const make = () => makeKeyFile(new Date(clock()));
  const current = parseKeyFile(folder, CURRENT_FILE, await folder.readOrCreate(CURRENT_FILE, make));
  const nextText = folder.read(NEXT_FILE);
  let next = nextText === undefined ? undefined : parseKeyFile(folder, NEXT_FILE, nextText);

  return {
    current,
    get next() {
      return next;
    },
    async prepareNext() {
      // Called twice at once, both get the key that was written first.
      next ??= parseKeyFile(folder, NEXT_FILE, await folder.readOrCreate(NEXT_FILE, make));
    },
    jwks(algorithms) {
      const keys = next === undefined ? [current] : [current, next];
      return { keys: keys.flatMap((key) => algorithms.map((algorithm) => publicJwk(key, algorithm))) };
    },
  };
}

/**
 * The `kid` of a key for an algorithm. A JWK names one `alg`, and strict verifiers refuse a PS256 token whose JWK says
 * RS256, so PS256 has an entry and a kid of its own.
 */
export function kidFor(key: IssuerKey, algorithm: RsaAlgorithm): string {
  if (algorithm === "RS256") return key.kid;
  return createHash("sha256").update(`${key.kid} ${algorithm}`).digest("base64url").slice(0, KID_CHARS);
}

function publicJwk(key: IssuerKey, alg: RsaAlgorithm): IssuerJwk {
  const { n, e } = key.publicKey.export({ format: "jwk" }) as { n: string; e: string }; // an RSA key has both
  const x5t = createHash("sha1").update(key.certificate).digest("base64url");
  return { kty: "RSA", use: "sig", n, e, kid: kidFor(key, alg), x5t, x5c: [key.certificate.toString("base64")], alg };
}

async function makeKeyFile(now: Date): Promise<string> {
  const { kid, privateKey } = await generateSigningKey({
    kid: `kid:${randomBytes(16).toString("base64url").slice(0, KID_CHARS)}`,
  });
  const publicKey = createPublicKey(privateKey);
  const certificate = selfSignedCertificate({ privateKey, publicKey, commonName: COMMON_NAME, validFrom: now });
  const file = {
    kid,
    createdAt: now.toISOString(),
    privateKey: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    certificate: certificate.toString("base64"),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function parseKeyFile(folder: StateFolder, name: string, text: string): IssuerKey {
  try {
    const { kid, privateKey: pkcs8, certificate: der } = JSON.parse(text) as Record<string, unknown>;
    if (typeof kid !== "string" || typeof pkcs8 !== "string" || typeof der !== "string") {
      throw new Error("kid, privateKey or certificate is missing");
    }
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8, "base64"), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(privateKey);
    const certificate = Buffer.from(der, "base64");
    if (!new X509Certificate(certificate).checkPrivateKey(privateKey)) {
      throw new Error("the certificate belongs to another key");
    }
    return { kid, privateKey, publicKey, certificate };
  } catch {
    const path = `${folder.path}/${name}`;
    throw new StateFolderError(
      "malformed",
      path,
      // No cause: JSON.parse quotes what it read, and that is a private key.
      `${path} holds no usable signing key. Delete it and a new one is made; tokens signed so far end with it.`,
    );
  }
}
