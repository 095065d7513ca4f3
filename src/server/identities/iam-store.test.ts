import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Json, Operation } from "../../store/documents.ts";
import { openSqliteDocuments } from "../../store/sqlite-documents.ts";
import { type IamChange, type IamStore, MAX_SESSIONS, openIamStore } from "./iam-store.ts";

const NOW_MS = Date.UTC(2026, 10, 21);
const DAY_MS = 24 * 3_600_000;
const ROLE = { roleArn: "arn:aws:iam::123456789012:role/web", roleId: "AROAWEB", trustDigest: "d", tags: {} };
const terms = (expiresAtMs: number) => ({ ...ROLE, sessionName: "one", issuedAtMs: NOW_MS, expiresAtMs });

let dataDir: string;
let store: IamStore;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "gatewarden-"));
  store = await openIamStore(dataDir, () => NOW_MS);
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function write(documents: readonly (readonly [collection: string, id: string, value: Json])[]): Promise<void> {
  const opened = openSqliteDocuments(join(dataDir, "iam.sqlite"));
  const operations = documents.map(
    ([collection, id, value]): Operation => ({ kind: "put", collection, id, value, expected: "absent" }),
  );
  expect(await opened.transact(operations)).toMatchObject({ ok: true });
  await opened.close();
}

/** Which sessions there are, as the changes tell. */
function sessionsOf(changes: readonly IamChange[]): Set<string> {
  const there = new Set<string>();
  for (const change of changes) {
    if (change.kind !== "session") continue;
    if (change.session) there.add(change.id);
    else there.delete(change.id);
  }
  return there;
}

describe("sessions", () => {
  test("that ended a day ago go when the next begins; later ones are remembered", async () => {
    const old = await store.beginSession(terms(NOW_MS - DAY_MS - 1));
    const ended = await store.beginSession(terms(NOW_MS - DAY_MS + 1_000));
    const begun = await store.beginSession(terms(NOW_MS + 1_000));
    const there = sessionsOf(await store.changes());
    expect(there).toEqual(new Set([ended.accessKeyId, begun.accessKeyId]));
    expect(there.has(old.accessKeyId)).toBe(false);
  });

  test("are bounded: the one that ends first makes room", async () => {
    const session = (index: number): Json => ({
      ...terms(NOW_MS + 10_000 + index),
      secretAccessKey: "s",
      sessionToken: "t",
    });
    const id = (index: number) => `ASIA${String(index).padStart(16, "A")}`;
    await write(
      Array.from({ length: MAX_SESSIONS }, (_, index) => ["iam-sessions", id(index), session(index)] as const),
    );
    expect(sessionsOf(await store.changes()).size).toBe(MAX_SESSIONS);
    const begun = await store.beginSession(terms(NOW_MS + 60_000));
    expect(await store.changes()).toEqual([
      { kind: "session", id: id(0), session: undefined },
      { kind: "session", id: begun.accessKeyId, session: begun },
    ]);
  });
});

test("changes tell everything first, then what is new, whoever wrote it", async () => {
  const key = await store.keyOf("arn:aws:iam::123456789012:user/ann", "laptop");
  expect(await store.changes()).toEqual([{ kind: "key", id: key.accessKeyId, key }]);
  expect(await store.changes()).toEqual([]);
  const other = await openIamStore(dataDir, () => NOW_MS);
  const nameless = await other.keyOf("arn:aws:iam::123456789012:user/ann", null);
  await other.close();
  expect(nameless.accessKeyId).not.toBe(key.accessKeyId);
  expect(await store.changes()).toEqual([{ kind: "key", id: nameless.accessKeyId, key: nameless }]);
});

test("a key or session that is not as it was written is not known", async () => {
  const key = { secretAccessKey: "s", userArn: "a", name: null, status: "Active" };
  const session = { ...terms(1), secretAccessKey: "s", sessionToken: "t" };
  const wrong: readonly (readonly [string, Json])[] = [
    ["iam-access-keys", null],
    ["iam-access-keys", []],
    ["iam-access-keys", { ...key, secretAccessKey: "" }],
    ["iam-access-keys", { ...key, userArn: 1 }],
    ["iam-access-keys", { ...key, name: 1 }],
    ["iam-sessions", "x"],
    ["iam-sessions", { ...session, sessionToken: "" }],
    ["iam-sessions", { ...session, trustDigest: null }],
    ["iam-sessions", { ...session, expiresAtMs: "1" }],
    ["iam-sessions", { ...session, sessionPolicies: {} }],
    ["iam-sessions", { ...session, tags: { a: 1 } }],
  ];
  await write(wrong.map(([collection, value], index) => [collection, `id${index}`, value] as const));
  for (const change of await store.changes()) {
    expect(change).toMatchObject(change.kind === "key" ? { key: undefined } : { session: undefined });
  }
  await write([["iam-access-keys", "odd", { ...key, status: "Somehow" }]]);
  expect(await store.changes()).toMatchObject([{ key: { status: "Inactive" } }]);
});
