import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { openSqliteDocuments } from "../../store/sqlite-documents.ts";
import { type ConsentSubject, isConsented, MAX_CONSENTS, rememberConsent } from "./consents.ts";

const subject: ConsentSubject = {
  userId: "auth0|alice",
  clientId: "spa",
  holders: "1 1",
  audience: "https://pets.example",
};

test("consents add up, and each scope needs one", async () => {
  const documents = createMemoryDocuments();
  expect(await isConsented(documents, subject, [])).toBe(false);
  await rememberConsent(documents, subject, ["openid"]);
  await rememberConsent(documents, subject, ["read:pets"]);
  expect(await isConsented(documents, subject, ["openid", "read:pets"])).toBe(true);
  expect(await isConsented(documents, subject, [])).toBe(true);
  expect(await isConsented(documents, subject, ["openid", "write:pets"])).toBe(false);
});

test("a consent survives a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-consents-"));
  try {
    const before = openSqliteDocuments(join(folder, "store.db"));
    await rememberConsent(before, subject, ["openid"]);
    await before.close();
    const after = openSqliteDocuments(join(folder, "store.db"));
    expect(await isConsented(after, subject, ["openid"])).toBe(true);
    await after.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("something else under a consent's id is no consent", async () => {
  const documents = createMemoryDocuments();
  await rememberConsent(documents, subject, ["openid"]);
  const [found] = (await documents.list("issuer-consents")).documents;
  await documents.put("issuer-consents", found!.id, { scopes: "openid" }, found!.revision);
  expect(await isConsented(documents, subject, ["openid"])).toBe(false);
});

test("there are never more than the bound: the oldest go", async () => {
  const documents = createMemoryDocuments();
  const of = (index: number): ConsentSubject => ({ ...subject, userId: `auth0|${index}` });
  for (let index = 0; index <= MAX_CONSENTS; index++) await rememberConsent(documents, of(index), ["openid"]);
  expect(await isConsented(documents, of(0), ["openid"])).toBe(false);
  expect(await isConsented(documents, of(1), ["openid"])).toBe(true);
  expect((await documents.list("issuer-consents", { limit: 1000 })).next).toBeUndefined();
});
