import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "../file-lock.ts";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
import {
  EARLIER_FILES,
  type IssuerKey,
  KEYS_FILE,
  type KeyState,
  KID_CHARS,
  makeStoredKey,
  openKey,
  readEarlierKeys,
  readKeys,
  type StoredKey,
  writeKeys,
} from "./key-file.ts";

/**
 * The project's signing keys. They are made once and kept, so that tokens and caches survive a restart. Another process
 * may rotate or revoke them, too: what it did is seen within `KEYS_SEEN_MS`.
 */
export interface KeyRing {
  /** Signs now. */
  readonly current: IssuerKey;
  /** Published before it signs, so that verifiers know it by then. Undefined until `prepareNext`. */
  readonly next: IssuerKey | undefined;
  /** Makes the next key unless there is one. Costs a tenth of a second of another thread: call it after the start. */
  prepareNext(): Promise<void>;
  /** What `/.well-known/jwks.json` publishes: current, next and previous keys, each once for every algorithm in use. */
  jwks(algorithms: readonly RsaAlgorithm[]): IssuerJwks;
  /** Every key there is or was: current, next, previous ones newest first, revoked ones newest first. */
  keys(): readonly KeyEntry[];
  /**
   * The next key signs from now on, the one before is published until it is revoked, and a new next key is made.
   * Answers the key that signs now; `next` is then the new one.
   *
   * @throws KeyRingError `too_many_keys`
   */
  rotate(): Promise<IssuerKey>;
  /**
   * No longer publishes a previous key: tokens that it signed are refused once verifiers have fetched the keys again.
   *
   * @throws KeyRingError `key_unknown`, `key_in_use` for the current or next one, `key_revoked` for one that was before
   */
  revoke(kid: string): Promise<void>;
}

/** A key and what it is for; its private half is the ring's own. Times are ISO 8601. */
export interface KeyEntry {
  readonly key: Pick<IssuerKey, "kid" | "certificate">;
  readonly state: KeyState;
  readonly currentSince?: string;
  readonly currentUntil?: string;
  readonly revokedAt?: string;
}

export type KeyRingErrorCode = "key_unknown" | "key_in_use" | "key_revoked" | "too_many_keys";

/** The keys cannot be changed as asked for. The message says what to do instead. */
export class KeyRingError extends Error {
  readonly code: KeyRingErrorCode;

  constructor(code: KeyRingErrorCode, message: string) {
    super(message);
    this.name = "KeyRingError";
    this.code = code;
  }
}

export type RsaAlgorithm = "RS256" | "PS256";

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

/** The file is looked at this often at most, and only when somebody asks for a key. */
export const KEYS_SEEN_MS = 250;
/** All of them are published, and verifiers bound what they read. */
export const MAX_PREVIOUS_KEYS = 8;
/** Older ones are forgotten. */
export const MAX_REVOKED_KEYS = 10;

export interface KeyRingOptions {
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  /** Another process has changed the keys, told when it is seen here. */
  readonly onChange?: (message: string) => void;
}

/**
 * Opens the project's key ring; on the first start it makes an RSA-2048 key (asynchronously, about 0.1 s).
 *
 * @throws StateFolderError when a key file is damaged or readable by others
 */
export async function openKeyRing(
  folder: StateFolder,
  { clock = Date.now, onChange = () => {} }: KeyRingOptions = {},
): Promise<KeyRing> {
  const path = join(folder.path, KEYS_FILE);
  const now = (): Date => new Date(clock());
  const text = await folder.readOrCreate(KEYS_FILE, async () => {
    const earlier = readEarlierKeys(folder);
    const hasCurrent = earlier.some(({ state }) => state === "current");
    return writeKeys(hasCurrent ? earlier : [await makeStoredKey("current", now()), ...earlier]);
  });
  // Their keys are in the new file: a private key in a second place would outlive its revocation.
  for (const name of Object.values(EARLIER_FILES)) folder.remove(name);
  let version = versionOf(path); // before what is read, so that no later change can hide behind it
  let ring = openKeys(folder, readKeys(folder, folder.read(KEYS_FILE) ?? text), []);
  let lookedAtMs = performance.now();

  function latest(): OpenKeys {
    if (performance.now() - lookedAtMs >= KEYS_SEEN_MS) look();
    return ring;
  }

  function look(): void {
    lookedAtMs = performance.now();
    const found = versionOf(path);
    if (found === version) return;
    try {
      const text = folder.read(KEYS_FILE);
      const stored = text === undefined ? undefined : readKeys(folder, text);
      version = found;
      if (stored !== undefined) take(stored);
    } catch (error) {
      // A file that somebody spoilt takes no key away from a server that has read it before; a start refuses it.
      if (!(error instanceof StateFolderError)) throw error;
    }
  }

  /** What somebody else may have written. */
  function take(stored: readonly StoredKey[]): void {
    const before = ring;
    ring = openKeys(folder, stored, before.published);
    const message = changeOf(before, ring);
    if (message !== undefined) onChange(message);
  }

  /** `change` sees what the file holds at that moment, whoever wrote it; undefined leaves it as it is. */
  async function commit(change: (stored: readonly StoredKey[]) => readonly StoredKey[] | undefined): Promise<void> {
    await withFileLock(`${path}.lock`, () => {
      const stored = readKeys(folder, folder.read(KEYS_FILE) ?? writeKeys(ring.stored));
      take(stored);
      const changed = change(stored);
      if (changed !== undefined) folder.write(KEYS_FILE, writeKeys(changed));
      if (changed !== undefined) ring = openKeys(folder, changed, ring.published);
      version = versionOf(path);
      lookedAtMs = performance.now();
    });
  }

  const addNext = async (): Promise<void> => {
    const made = await makeStoredKey("next", now());
    // Called twice at once, both get the key that was written first.
    await commit((stored) => (stored.some(({ state }) => state === "next") ? undefined : [...stored, made]));
  };

  return {
    get current() {
      return latest().current;
    },
    get next() {
      return latest().next;
    },
    async prepareNext() {
      if (latest().next === undefined) await addNext();
    },
    jwks(algorithms) {
      return { keys: latest().published.flatMap((key) => algorithms.map((algorithm) => publicJwk(key, algorithm))) };
    },
    keys: () => latest().stored.map(entryOf),
    async rotate() {
      look();
      // Refused before a key is made for it; what counts is asked again below.
      rotated(ring.stored, now());
      if (ring.next === undefined) await addNext();
      const made = await makeStoredKey("next", now());
      await commit((stored) => [...rotated(stored, now()), made]);
      return ring.current;
    },
    async revoke(kid) {
      await commit((stored) => revoked(stored, kid, now()));
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

/** What one version of the file holds, ready for use. */
interface OpenKeys {
  readonly stored: readonly StoredKey[];
  readonly current: IssuerKey;
  readonly next: IssuerKey | undefined;
  readonly published: readonly IssuerKey[];
}

/** @param known keys that need not be opened again */
function openKeys(folder: StateFolder, stored: readonly StoredKey[], known: readonly IssuerKey[]): OpenKeys {
  const sorted = [...stored].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || newestFirst(a, b));
  const opened = sorted
    .filter(({ state }) => state !== "revoked")
    .map((key) => known.find(({ kid }) => kid === key.kid) ?? openKey(folder, KEYS_FILE, key));
  const current = opened[0]!; // readKeys has seen to it that there is one
  return { stored: sorted, current, next: sorted[1]?.state === "next" ? opened[1] : undefined, published: opened };
}

/** In the words of the events; undefined where nothing is new to who uses the keys. */
function changeOf(before: OpenKeys, after: OpenKeys): string | undefined {
  if (before.current.kid !== after.current.kid) {
    return `Another process rotated the keys: ${after.current.kid} signs from now on.`;
  }
  const gone = before.published.filter(({ kid }) => !after.published.some((key) => key.kid === kid));
  if (gone.length === 0) return undefined;
  return `Another process revoked ${gone.map(({ kid }) => kid).join(", ")}: what it signed is refused from now on.`;
}

const ORDER: readonly KeyState[] = ["current", "next", "previous", "revoked"];

function newestFirst(a: StoredKey, b: StoredKey): number {
  const [atA, atB] = [a, b].map((key) => key.revokedAt ?? key.currentUntil ?? "");
  return (atB as string).localeCompare(atA as string);
}

function rotated(stored: readonly StoredKey[], now: Date): readonly StoredKey[] {
  if (stored.filter(({ state }) => state === "previous").length >= MAX_PREVIOUS_KEYS) {
    throw new KeyRingError(
      "too_many_keys",
      `${MAX_PREVIOUS_KEYS} previous keys are still published. Revoke one of them, then rotate.`,
    );
  }
  const at = now.toISOString();
  return stored.map((key) => {
    if (key.state === "current") return { ...key, state: "previous", currentUntil: at };
    return key.state === "next" ? { ...key, state: "current", currentSince: at } : key;
  });
}

function revoked(stored: readonly StoredKey[], kid: string, now: Date): readonly StoredKey[] {
  const key = stored.find((each) => each.kid === kid);
  const previous = stored.filter(({ state }) => state === "previous").map((each) => each.kid);
  if (key === undefined) {
    throw new KeyRingError("key_unknown", `There is no key ${kid}. To be revoked: ${previous.join(", ") || "none"}.`);
  }
  if (key.state === "revoked") throw new KeyRingError("key_revoked", `The key ${kid} was revoked before.`);
  if (key.state !== "previous") {
    throw new KeyRingError("key_in_use", `The key ${kid} is the ${key.state} one. Rotate until it is a previous one.`);
  }
  const { privateKey: _, ...rest } = key;
  const ended: StoredKey = { ...rest, state: "revoked", revokedAt: now.toISOString() };
  const ends = [ended, ...stored.filter(({ state }) => state === "revoked").sort(newestFirst)];
  return [...stored.filter((each) => each !== key && each.state !== "revoked"), ...ends.slice(0, MAX_REVOKED_KEYS)];
}

function entryOf({ kid, certificate, state, currentSince, currentUntil, revokedAt }: StoredKey): KeyEntry {
  return {
    key: { kid, certificate: Buffer.from(certificate, "base64") },
    state,
    ...(currentSince !== undefined && { currentSince }),
    ...(currentUntil !== undefined && { currentUntil }),
    ...(revokedAt !== undefined && { revokedAt }),
  };
}

/** Changes with every write: each is a file of its own, renamed into place. */
function versionOf(path: string): string | undefined {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}

function publicJwk(key: IssuerKey, alg: RsaAlgorithm): IssuerJwk {
  const { n, e } = key.publicKey.export({ format: "jwk" }) as { n: string; e: string }; // an RSA key has both
  const x5t = createHash("sha1").update(key.certificate).digest("base64url");
  return { kty: "RSA", use: "sig", n, e, kid: kidFor(key, alg), x5t, x5c: [key.certificate.toString("base64")], alg };
}
