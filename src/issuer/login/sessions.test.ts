import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Documents, Json } from "../../store/documents.ts";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { openSqliteDocuments } from "../../store/sqlite-documents.ts";
import {
  MAX_SESSIONS,
  openSessions,
  SESSION_ABSOLUTE_SECONDS,
  SESSION_IDLE_SECONDS,
  type SessionHolder,
} from "./sessions.ts";

const START_SECONDS = 1_800_000_000;

function sample(documents: Documents = createMemoryDocuments()) {
  const clock = { nowSeconds: START_SECONDS };
  const sessions = openSessions({ documents: () => documents, clock: () => clock.nowSeconds * 1000 + 999 });
  return { documents, clock, sessions };
}

const holder = (userId: string): SessionHolder => ({ userId, incarnation: "1", password: "secret" });

test("a session is found by its secret alone, and is over once it has ended", async () => {
  const { sessions } = sample();
  const { secret, session } = await sessions.create(holder("auth0|alice"));
  expect(session).toMatchObject({ userId: "auth0|alice", authTimeSeconds: START_SECONDS });
  expect(await sessions.find(secret, holder)).toEqual(session);
  expect(await sessions.find("x".repeat(43), holder)).toBeUndefined();
  expect(await sessions.find(session.sessionId, holder)).toBeUndefined();
  await sessions.end(secret);
  expect(await sessions.find(secret, holder)).toBeUndefined();
  await sessions.end(secret);
});

test("each session has a secret and an id of its own, and the store holds neither secret", async () => {
  const { documents, sessions } = sample();
  const one = await sessions.create(holder("auth0|alice"));
  const other = await sessions.create(holder("auth0|alice"));
  expect(new Set([one.secret, other.secret, one.session.sessionId, other.session.sessionId]).size).toBe(4);
  const kept = JSON.stringify(await documents.list("issuer-sessions"));
  expect(kept).toContain("auth0|alice");
  expect(kept).not.toContain(one.secret);
});

test("a session ends after three days without use", async () => {
  const { clock, documents, sessions } = sample();
  const { secret } = await sessions.create(holder("auth0|alice"));
  clock.nowSeconds += SESSION_IDLE_SECONDS;
  expect(await sessions.find(secret, holder)).toBeUndefined();
  expect((await documents.list("issuer-sessions")).documents).toEqual([]);
});

test("use puts off its end, but not beyond seven days", async () => {
  const { clock, sessions } = sample();
  const { secret } = await sessions.create(holder("auth0|alice"));
  for (let used = SESSION_IDLE_SECONDS - 1; used < SESSION_ABSOLUTE_SECONDS; used += SESSION_IDLE_SECONDS - 1) {
    clock.nowSeconds = START_SECONDS + used;
    expect(await sessions.find(secret, holder)).toBeDefined();
  }
  clock.nowSeconds = START_SECONDS + SESSION_ABSOLUTE_SECONDS;
  expect(await sessions.find(secret, holder)).toBeUndefined();
});

test("two uses at once and an end at the same time leave no session behind", async () => {
  const { clock, sessions } = sample();
  const { secret } = await sessions.create(holder("auth0|alice"));
  clock.nowSeconds += 1000;
  await Promise.all([
    sessions.find(secret, holder),
    sessions.find(secret, holder),
    sessions.end(secret),
    sessions.find(secret, holder),
  ]);
  expect(await sessions.find(secret, holder)).toBeUndefined();
});

test("there are never more sessions than the bound: those used least recently go", async () => {
  const { clock, documents, sessions } = sample();
  const first = await sessions.create(holder("auth0|first"));
  const second = await sessions.create(holder("auth0|second"));
  for (let count = 2; count < MAX_SESSIONS; count++) await sessions.create(holder(`auth0|${count}`));
  clock.nowSeconds += 1000;
  expect(await sessions.find(first.secret, holder)).toBeDefined();
  await sessions.create(holder("auth0|new"));
  expect(await sessions.find(first.secret, holder)).toBeDefined();
  expect(await sessions.find(second.secret, holder)).toBeUndefined();
  const page = await documents.list("issuer-sessions", { limit: 1000 });
  expect(page.documents.length).toBe(MAX_SESSIONS);
  expect(page.next).toBeUndefined();
});

test("something else under a session's id is no session", async () => {
  const { documents, sessions } = sample();
  const { secret } = await sessions.create(holder("auth0|alice"));
  const [kept] = (await documents.list("issuer-sessions")).documents;
  const right = { ...(kept!.value as Record<string, Json>), sessionId: "s" };
  const replace = async (value: Json): Promise<void> => {
    const [found] = (await documents.list("issuer-sessions")).documents;
    await documents.put("issuer-sessions", found!.id, value, found!.revision);
  };
  await replace(right);
  expect(await sessions.find(secret, holder)).toMatchObject({ sessionId: "s" });
  const { lastUsedSeconds: _, ...withoutUse } = right as Record<string, Json>;
  for (const wrong of [null, "x", [], {}, { ...right, sessionId: 1 }, { ...right, userId: null }, withoutUse]) {
    await replace(wrong);
    expect(await sessions.find(secret, holder)).toBeUndefined();
  }
});

test.each([
  ["another password", { password: "changed" }],
  ["another user under the same id", { incarnation: "2" }],
])("a session ends with %s, and does not come back", async (_, change) => {
  const { documents, sessions } = sample();
  const { secret, session } = await sessions.create(holder("auth0|alice"));
  expect(await sessions.find(secret, holder)).toEqual(session);
  expect(await sessions.find(secret, (userId) => ({ ...holder(userId), ...change }))).toBeUndefined();
  expect(await sessions.find(secret, holder)).toBeUndefined();
  expect((await documents.list("issuer-sessions")).documents).toEqual([]);
});

test("a session of nobody who may be logged in ends, and what is kept of it lets nobody try passwords", async () => {
  const { documents, sessions } = sample();
  const [one, other] = [await sessions.create(holder("auth0|alice")), await sessions.create(holder("auth0|alice"))];
  const bonds = (await documents.list("issuer-sessions")).documents.map(({ value }) => (value as { bond: Json }).bond);
  expect(new Set(bonds).size).toBe(2);
  expect(await sessions.find(one.secret, () => undefined)).toBeUndefined();
  expect(await sessions.find(one.secret, holder)).toBeUndefined();
  expect(await sessions.find(other.secret, holder)).toBeDefined();
});

test("a session survives a restart, and its secret is not in the file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-sessions-"));
  const file = join(folder, "store.db");
  try {
    const before = openSqliteDocuments(file);
    const { secret, session } = await sample(before).sessions.create(holder("auth0|alice"));
    await before.close();
    const after = openSqliteDocuments(file);
    expect(await sample(after).sessions.find(secret, holder)).toEqual(session);
    await after.close();
    expect(readFileSync(file).includes(secret)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
