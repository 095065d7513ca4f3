import { statSync } from "node:fs";
import { join } from "node:path";
import { newAccessKeyPair, newSessionToken } from "../../aws/iam/access-key.ts";
import { type Documents, type Json, MAX_LIST_LIMIT, StoreError } from "../../store/documents.ts";

/*
 * What a project keeps of IAM, one SQLite file in the data folder. Collections, with the id of a document:
 *
 *   iam-access-keys    access key id           a user's pair, made here
 *   iam-key-names      user ARN # declared name   which pair a declared key came to; made with it, so that of several
 *                                              processes one makes it
 *   iam-sessions       access key id (ASIA…)   an assumed-role session
 *
 * Users, roles and policies that are made at run time have their place in `iam-users`, `iam-roles` (by ARN, a document is
 * model's User or Role) and `iam-policies` (by ARN, the policy document), their keys in iam-access-keys with `name: null`.
 */
const ACCESS_KEYS = "iam-access-keys";
const KEY_NAMES = "iam-key-names";
const SESSIONS = "iam-sessions";

const FILE = "iam.sqlite";

/** Sessions that are kept, ended ones included: the oldest go first. */
export const MAX_SESSIONS = 1_000;
/** An ended session is remembered for a while, since "expired" tells more than "unknown". */
const REMEMBERED_AFTER_END_MS = 24 * 3_600_000;
/** Each conflict means that another process has won. */
const MAX_ATTEMPTS = 5;

/** A pair of a user; `name` is the declared key's, null for one that was asked for without a declaration. */
export interface KeptAccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly userArn: string;
  readonly name: string | null;
  readonly status: "Active" | "Inactive";
}

export interface KeptSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly roleArn: string;
  readonly roleId: string;
  /** Of the trust policy under which it began. */
  readonly trustDigest: string;
  readonly sessionName: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly sessionPolicies?: readonly Json[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What changed since the last look. */
export type IamChange =
  | { readonly kind: "key"; readonly id: string; readonly key: KeptAccessKey | undefined }
  | { readonly kind: "session"; readonly id: string; readonly session: KeptSession | undefined }
  /** Forget everything; what is there follows. */
  | { readonly kind: "start_over" };

export interface IamStore {
  /** Which file is open: another one may take its place. */
  readonly inode: bigint;
  /** The pair of a declared key, made when it is asked for first. */
  keyOf(userArn: string, name: string | null): Promise<KeptAccessKey>;
  beginSession(terms: Omit<KeptSession, "accessKeyId" | "secretAccessKey" | "sessionToken">): Promise<KeptSession>;
  /** Everything at the first call, later what was written since, by whichever process. */
  changes(): Promise<readonly IamChange[]>;
  close(): Promise<void>;
}

/** The inode of the project's file; undefined while there is none. @throws StoreError when others can read it */
export function findIamStore(dataDir: string): bigint | undefined {
  const path = join(dataDir, FILE);
  const folder = statOf(dataDir);
  const file = statOf(path);
  if (folder === undefined || file === undefined) return undefined;
  // Windows has no such modes: there the folder of the user's profile is what protects.
  if (process.platform === "win32") return file.ino;
  if ((Number(folder.mode) & 0o022) !== 0) {
    const message = `The folder ${dataDir} has mode ${modeText(folder.mode)}, so others can put their keys into it. Run chmod 700 on it if nobody has.`;
    throw new StoreError("unusable_path", dataDir, message);
  }
  if ((Number(file.mode) & 0o077) !== 0) {
    const message = `${path} has mode ${modeText(file.mode)}, so others can read the access keys in it. Delete it (new ones are made), or run chmod 600 on it if nobody has.`;
    throw new StoreError("unusable_path", path, message);
  }
  return file.ino;
}

/** Opens the project's file, made when missing. @throws StoreError */
export async function openIamStore(dataDir: string, clock: () => number): Promise<IamStore> {
  findIamStore(dataDir);
  // Loaded here: a start without signatures needs no SQLite.
  const { openSqliteDocuments } = await import("../../store/sqlite-documents.ts");
  const documents = openSqliteDocuments(join(dataDir, FILE));
  try {
    const inode = findIamStore(dataDir);
    if (inode === undefined) throw new StoreError("failed", dataDir, `${join(dataDir, FILE)} was removed just now.`);
    return createIamStore(documents, inode, clock);
  } catch (error) {
    await documents.close();
    throw error;
  }
}

function createIamStore(documents: Documents, inode: bigint, clock: () => number): IamStore {
  let sequence = 0;

  async function keptKey(accessKeyId: string): Promise<KeptAccessKey | undefined> {
    return readKey(accessKeyId, (await documents.get(ACCESS_KEYS, accessKeyId))?.value);
  }

  return {
    inode,
    async keyOf(userArn, name) {
      const nameId = `${userArn}#${name ?? ""}`;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const named = await documents.get(KEY_NAMES, nameId);
        const known = typeof named?.value === "string" ? await keptKey(named.value) : undefined;
        if (known !== undefined) return known;
        const { accessKeyId, secretAccessKey } = newAccessKeyPair("AKIA");
        const value = { secretAccessKey, userArn, name, status: "Active", createdAtMs: clock() };
        const put = await documents.transact([
          // A name whose pair is gone, or cannot be read, is given a new one.
          { kind: "put", collection: KEY_NAMES, id: nameId, value: accessKeyId, expected: named?.revision ?? "absent" },
          { kind: "put", collection: ACCESS_KEYS, id: accessKeyId, value, expected: "absent" },
        ]);
        if (put.ok) return { accessKeyId, secretAccessKey, userArn, name, status: "Active" };
        if (put.reason !== "conflict") throw new Error(`an access key could not be kept: ${put.reason}`);
      }
      throw new Error("an access key could not be kept: it is being changed all the time");
    },
    async beginSession(terms) {
      await makeRoom(documents, clock());
      const { accessKeyId, secretAccessKey } = newAccessKeyPair("ASIA");
      const session = { secretAccessKey, sessionToken: newSessionToken(), ...terms };
      const put = await documents.put(SESSIONS, accessKeyId, session, "absent");
      if (!put.ok) throw new Error(`the session could not be kept: ${put.reason}`);
      return { accessKeyId, ...session };
    },
    async changes() {
      const found: IamChange[] = [];
      for (;;) {
        const feed = await documents.changes(sequence);
        if (feed.kind === "start_over") {
          found.push({ kind: "start_over" });
          sequence = 0;
          continue;
        }
        for (const { collection, id } of feed.changes) {
          if (collection !== ACCESS_KEYS && collection !== SESSIONS) continue;
          const value = (await documents.get(collection, id))?.value;
          if (collection === ACCESS_KEYS) found.push({ kind: "key", id, key: readKey(id, value) });
          else found.push({ kind: "session", id, session: readSession(id, value) });
        }
        sequence = feed.sequence;
        if (!feed.more) return found;
      }
    },
    close: () => documents.close(),
  };
}

/** Ended sessions go, and the oldest when there are too many. */
async function makeRoom(documents: Documents, nowMs: number): Promise<void> {
  const { documents: kept } = await documents.list(SESSIONS, { limit: MAX_LIST_LIMIT });
  const endOf = (value: Json): number => (value as Partial<KeptSession>).expiresAtMs ?? 0;
  const oldestFirst = kept.toSorted((one, other) => endOf(one.value) - endOf(other.value));
  for (const [index, { id, value, revision }] of oldestFirst.entries()) {
    const isLong = endOf(value) + REMEMBERED_AFTER_END_MS < nowMs;
    if (!isLong && kept.length - index < MAX_SESSIONS) return;
    // A conflict: another process has removed it.
    await documents.delete(SESSIONS, id, revision);
  }
}

/** Undefined for what was never written by us: such a key is not known. */
function readKey(accessKeyId: string, value: Json | undefined): KeptAccessKey | undefined {
  if (!isObject(value)) return undefined;
  const { secretAccessKey, userArn, name, status } = value;
  if (typeof secretAccessKey !== "string" || secretAccessKey === "" || typeof userArn !== "string") return undefined;
  if (typeof name !== "string" && name !== null) return undefined;
  return { accessKeyId, secretAccessKey, userArn, name, status: status === "Active" ? "Active" : "Inactive" };
}

function readSession(accessKeyId: string, value: Json | undefined): KeptSession | undefined {
  if (!isObject(value)) return undefined;
  const { sessionPolicies, tags } = value;
  const texts = ["secretAccessKey", "sessionToken", "roleArn", "roleId", "trustDigest", "sessionName"];
  if (texts.some((name) => typeof value[name] !== "string" || value[name] === "")) return undefined;
  if (typeof value.issuedAtMs !== "number" || typeof value.expiresAtMs !== "number") return undefined;
  if (sessionPolicies !== undefined && !Array.isArray(sessionPolicies)) return undefined;
  if (!isObject(tags) || Object.values(tags).some((each) => typeof each !== "string")) return undefined;
  return { ...(value as unknown as KeptSession), accessKeyId }; // Each member was looked at above.
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function statOf(path: string): { readonly mode: bigint; readonly ino: bigint } | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw new StoreError("unusable_path", path, `Cannot look at ${path}: ${(error as Error).message}`, error);
  }
}

function modeText(mode: bigint): string {
  return (Number(mode) & 0o777).toString(8);
}
