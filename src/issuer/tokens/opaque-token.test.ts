import { createSecretKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactDecrypt } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStateFolder, type StateFolder } from "../state-folder.ts";
import {
  MAX_OPAQUE_CUSTOM_CLAIMS_BYTES,
  MAX_OPAQUE_TOKEN_CHARS,
  OPAQUE_TOKEN_LIFETIME_SECONDS,
  type OpaqueTokens,
  openOpaqueTokens,
} from "./opaque-token.ts";

const ISSUER = "http://localhost:4567/";
const grant = {
  clientId: "client",
  userId: "auth0|älice",
  scopes: ["openid", "email"],
  customClaims: { "https://ns/a": 1 },
};
let dataDir: string;
let folder: StateFolder;
let nowMs: number;
let tokens: OpaqueTokens;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "gatewarden-opaque-"));
  folder = openStateFolder(dataDir);
  nowMs = 1_800_000_000_000;
  tokens = openOpaqueTokens({ folder, clock: () => nowMs });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test("a token is read by its issuer, also after a restart, until it ends", async () => {
  const token = await tokens.issue(ISSUER, grant);
  expect(await tokens.read(ISSUER, token)).toEqual(grant);
  const restarted = openOpaqueTokens({ folder: openStateFolder(dataDir), clock: () => nowMs });
  expect(await restarted.read(ISSUER, token)).toEqual(grant);
  nowMs += OPAQUE_TOKEN_LIFETIME_SECONDS * 1000 - 1;
  expect(await tokens.read(ISSUER, token)).toEqual(grant);
  nowMs += 1;
  expect(await tokens.read(ISSUER, token)).toBeUndefined();
});

test("a token is a JWE that jose decrypts with the project's key, and no other key does", async () => {
  const token = await tokens.issue(ISSUER, grant);
  const key = Buffer.from(readFileSync(join(folder.path, "opaque-token-key"), "utf8").trim(), "base64url");
  const { plaintext, protectedHeader } = await compactDecrypt(token, createSecretKey(key));
  expect(protectedHeader).toEqual({ alg: "dir", enc: "A256GCM", iss: ISSUER });
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toMatchObject({ sub: grant.userId, scope: "openid email" });
  await expect(compactDecrypt(token, createSecretKey(Buffer.alloc(32)))).rejects.toThrow();
});

test("two tokens of one grant differ, so that no nonce is used twice", async () => {
  const [first, second] = await Promise.all([tokens.issue(ISSUER, grant), tokens.issue(ISSUER, grant)]);
  expect(first.split(".")[2]).not.toBe(second.split(".")[2]);
});

test("a token of another issuer's name is not read, though the key is the same", async () => {
  const token = await tokens.issue(ISSUER, grant);
  expect(await tokens.read("https://localhost:4568/", token)).toBeUndefined();
});

test("whatever else is sent is not read, and nothing throws", async () => {
  const [header, , iv, sealed, tag] = (await tokens.issue(ISSUER, grant)).split(".");
  for (const text of [
    "",
    "....",
    `${header}....`,
    `${header}..${iv}.${sealed}.`,
    `${header}..${iv}.${sealed}.${tag!.slice(0, 8)}`,
    `${header}..${iv!.slice(4)}.${sealed}.${tag}`,
    `${header}.AAAA.${iv}.${sealed}.${tag}`,
    `${header}..${iv}.${sealed}.${tag}.`,
    `${header}..${iv}..${tag}`,
    "é.é.é.é.é",
    "x".repeat(MAX_OPAQUE_TOKEN_CHARS + 1),
  ]) {
    expect(await tokens.read(ISSUER, text)).toBeUndefined();
  }
});

test("custom claims that a header could not carry stay out", async () => {
  const customClaims = { a: "x".repeat(MAX_OPAQUE_CUSTOM_CLAIMS_BYTES) };
  const token = await tokens.issue(ISSUER, { ...grant, customClaims });
  expect((await tokens.read(ISSUER, token))?.customClaims).toEqual({});
  expect(token.length).toBeLessThan(1000);
});

test("a damaged key is named, and a new one helps without a restart", async () => {
  await tokens.issue(ISSUER, grant);
  const path = join(folder.path, "opaque-token-key");
  writeFileSync(path, "damaged");
  const restarted = openOpaqueTokens({ folder, clock: () => nowMs });
  await expect(restarted.issue(ISSUER, grant)).rejects.toThrow(`${path} holds no usable key`);
  rmSync(path);
  expect(await restarted.issue(ISSUER, grant)).toContain("..");
});
