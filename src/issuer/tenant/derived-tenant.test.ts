import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStateFolder } from "../state-folder.ts";
import { deriveClientId, deriveTenant } from "./derived-tenant.ts";
import { findTestClient } from "./tenant.ts";

const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-tenant-"));
afterAll(() => rmSync(dataDir, { recursive: true }));
const folder = openStateFolder(dataDir);

const pets = { identifier: "https://pets.example/", name: "Pets", scopes: ["read:pets", "write:pets"] };
const orders = { identifier: "orders", scopes: [] };

test("each API gets a test application with a grant of all its scopes", async () => {
  const tenant = await deriveTenant(folder, { project: "demo", apis: [pets, orders] });
  expect(tenant.apis[0]).toMatchObject({
    identifier: "https://pets.example/",
    name: "Pets",
    scopes: ["read:pets", "write:pets"],
    signingAlg: "RS256",
    tokenLifetimeSeconds: 86_400,
    tokenDialect: "access_token",
  });
  expect(tenant.clients.map(({ name }) => name)).toEqual(["Pets (Test Application)", "orders (Test Application)"]);
  for (const client of tenant.clients) {
    expect(client.clientId).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(client.clientSecret).toMatch(/^[\w-]{64}$/);
    expect(client.grantTypes).toEqual(["client_credentials"]);
  }
  expect(tenant.clientGrants).toMatchObject([
    { clientId: tenant.clients[0]!.clientId, audience: "https://pets.example/", scopes: ["read:pets", "write:pets"] },
    { clientId: tenant.clients[1]!.clientId, audience: "orders", scopes: [] },
  ]);
  expect(findTestClient(tenant, tenant.apis[1]!)).toBe(tenant.clients[1]);
});

test("client ids follow from the project and the API, secrets stay with the state folder", async () => {
  const before = await deriveTenant(folder, { project: "demo", apis: [pets] });
  const after = await deriveTenant(openStateFolder(dataDir), { project: "demo", apis: [orders, pets] });
  expect(after.clients[1]).toEqual(before.clients[0]);

  const otherDir = mkdtempSync(join(tmpdir(), "gatewarden-tenant-"));
  const elsewhere = await deriveTenant(openStateFolder(otherDir), { project: "demo", apis: [pets] });
  rmSync(otherDir, { recursive: true });
  expect(elsewhere.clients[0]!.clientId).toBe(before.clients[0]!.clientId);
  expect(elsewhere.clients[0]!.clientSecret).not.toBe(before.clients[0]!.clientSecret);
  expect(deriveClientId("other", pets.identifier)).not.toBe(before.clients[0]!.clientId);
});

test("an identifier declared twice is one API with the scopes of both; a slash more is another API", async () => {
  const tenant = await deriveTenant(folder, {
    project: "demo",
    apis: [
      pets,
      { identifier: pets.identifier, name: "Later", scopes: ["read:pets", "delete:pets"] },
      { ...pets, identifier: "https://pets.example" },
    ],
  });
  expect(tenant.apis.map(({ identifier }) => identifier)).toEqual(["https://pets.example/", "https://pets.example"]);
  expect(tenant.apis[0]!.scopes).toEqual(["read:pets", "write:pets", "delete:pets"]);
  expect(tenant.apis[0]!.name).toBe("Pets");
  expect(new Set(tenant.clients.map(({ clientId }) => clientId)).size).toBe(2);
});

test("only an HS256 API has a signing secret, and keeps it", async () => {
  const declared = { project: "demo", apis: [pets, { ...orders, signingAlg: "HS256" as const }] };
  const { apis } = await deriveTenant(folder, declared);
  expect(apis[0]).not.toHaveProperty("signingSecret");
  expect(apis[1]!.signingSecret).toMatch(/^[\w-]{64}$/);
  expect((await deriveTenant(folder, declared)).apis[1]).toEqual(apis[1]);
});
