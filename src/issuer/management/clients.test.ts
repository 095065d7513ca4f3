import { afterEach, beforeEach, expect, test } from "vitest";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";

let management: SampleManagement;
beforeEach(async () => {
  management = await sampleManagement("file");
});
afterEach(() => management.close());

const clients = async (method: string, path: string, body: object) => {
  const answer = await management.call(method, `clients${path}`, { body });
  return { status: answer.status, ...answer.json() };
};

test("description, logo and metadata are kept, and what was never set is not answered", async () => {
  const plain = await clients("POST", "", { name: "Plain" });
  for (const name of ["description", "logo_uri", "client_metadata"]) expect(plain).not.toHaveProperty(name);
  const said = {
    description: "Sells toys",
    logo_uri: "https://toys.example/logo.png",
    client_metadata: { shop: "Bonn", tier: "1" },
  };
  expect(await clients("POST", "", { name: "Toys", ...said })).toMatchObject({ status: 201, ...said });
});

test("metadata is merged key by key, null removes one, and an empty description stays", async () => {
  const { client_id: id } = await clients("POST", "", { name: "Toys", client_metadata: { shop: "Bonn", tier: "1" } });
  const changed = await clients("PATCH", `/${id}`, {
    client_metadata: { shop: null, open: "yes" },
    description: "",
  });
  expect(changed).toMatchObject({ client_metadata: { tier: "1", open: "yes" }, description: "" });
  expect(changed.client_metadata).not.toHaveProperty("shop");
  expect(await clients("PATCH", `/${id}`, { client_metadata: { ten: 10 } })).toMatchObject({ status: 400 });
  expect(await clients("PATCH", `/${id}`, { logo_uri: "javascript:x" })).toMatchObject({ status: 400 });
});

test("a second one of the same name is another application, and either keeps its grants", async () => {
  const audience = "https://toys.example";
  await management.call("POST", "resource-servers", { body: { identifier: audience, scopes: [{ value: "play" }] } });
  const { client_id: first } = await clients("POST", "", { name: "Toys" });
  await management.tenants.create("client_grants", { application: "Toys", audience, scope: ["play"] });
  const { client_id: second, status } = await clients("POST", "", { name: "Toys" });
  expect(status).toBe(201);
  expect(second).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(second).not.toBe(first);
  const { client_id: third } = await clients("POST", "", { name: "Games" });
  expect(await clients("PATCH", `/${third}`, { name: "Toys" })).toMatchObject({ status: 200, client_id: third });
  const holders = management.tenants.current().clientGrants.filter((grant) => grant.audience === audience);
  expect(holders.map(({ clientId }) => clientId)).toEqual([first]);
});

test("one that takes another's name takes none of its grants, and keeps its own", async () => {
  const audience = "https://toys.example";
  await management.call("POST", "resource-servers", { body: { identifier: audience, scopes: [{ value: "play" }] } });
  await clients("POST", "", { name: "Toys" });
  const { client_id: games } = await clients("POST", "", { name: "Games" });
  await management.tenants.create("client_grants", { application: "Games", audience, scope: ["play"] });
  expect(await clients("PATCH", `/${games}`, { name: "Toys" })).toMatchObject({ status: 200, name: "Toys" });
  expect(management.tenants.current().clientGrants.find((grant) => grant.audience === audience)?.clientId).toBe(games);
});

test("a secret is changed with update:client_keys only, all else with either scope", async () => {
  const { client_id: id, client_secret: before } = await clients("POST", "", { name: "Toys" });
  const patch = async (scope: string, body: object) => {
    const answer = await management.call("PATCH", `clients/${id}`, { scope, body });
    return [answer.status, answer.json().message];
  };
  const client_secret = "0123456789abcdef0123456789abcdef";
  expect(await patch("update:clients", { client_secret })).toEqual([
    403,
    "Insufficient scope, expected any of: update:client_keys",
  ]);
  expect(await patch("update:clients", { name: "Games" })).toEqual([200, undefined]);
  const secretOf = () => management.tenants.current().clients.find(({ clientId }) => clientId === id)?.clientSecret;
  expect(secretOf()).toBe(before);
  expect(await patch("update:client_keys", { client_secret })).toEqual([200, undefined]);
  expect(secretOf()).toBe(client_secret);
});
