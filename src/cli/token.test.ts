import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../../test/support/command-line.ts";
import { openDataDir } from "../server/data-dir.ts";
import { keepIssuer } from "../server/issuer/kept-issuer.ts";

const TENANT = `
apis: [{ identifier: https://pets, scopes: [read:pets, write:pets], enforce_policies: true }]
users: [{ user_id: "auth0|b", email: Bob@example.com, name: Bob, permissions: { https://pets: [read:pets] } }]
`;
const issuerUrl = "http://localhost:4567/";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "gatewarden-token-test-"));
  writeFileSync(join(cwd, "tenant.yaml"), TENANT);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());

test("a user is found by email in any case, without a word", async () => {
  const { stdout, stderr } = await commandLine(["token", "--as", "bob@EXAMPLE.com"], { cwd });
  expect(claimsOf(stdout)).toMatchObject({ sub: "auth0|b", scope: "read:pets" });
  expect(stderr).toBe("");
});

test("a name that nobody has gets every scope, and that is said beside the token", async () => {
  const { code, stdout, stderr } = await commandLine(["token", "--as", "bobb"], { cwd });
  expect(claimsOf(stdout)).toMatchObject({ sub: "auth0|bobb", scope: "read:pets write:pets" });
  expect(stderr).toBe('No user "bobb"; minted for auth0|bobb with all scopes. Users: Bob@example.com.\n');
  expect(code).toBe(0);
  const scoped = await commandLine(["token", "--as", "bobb", "--scope", "read:pets"], { cwd });
  expect(scoped.stderr).toContain("with these scopes");
});

test("without any API, the issuer that the files name in place of this one is pointed out", async () => {
  const dataDir = openDataDir(join(cwd, "other")).path;
  const tenantFile = join(dataDir, "tenant.yaml");
  const kept = { issuerUrl, issuerUrls: [issuerUrl], tenantFile };
  keepIssuer(dataDir, { ...kept, foreignIssuers: ["http://localhost:4567"] });
  const asked = await commandLine(["token", "--data-dir", "other"], { cwd });
  expect(asked.code).toBe(2);
  expect(asked.stderr).toContain(
    'The files\' authorizers name http://localhost:4567, and this issuer is http://localhost:4567/: correct it there, or make an API with "gatewarden issuer api create"',
  );
  keepIssuer(dataDir, { ...kept, foreignIssuers: [] });
  expect((await commandLine(["token", "--data-dir", "other"], { cwd })).stderr).not.toContain("authorizers name");
});
