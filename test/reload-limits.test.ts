import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask } from "./support/http.ts";
import { makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/* A reload that cannot keep its keys changes nothing; one that cannot tell other processes takes away all the same. */

const KEY = "a-key-of-more-than-20-characters";
const api = (body: string) =>
  openApi(
    { "/open": { get: mockMethod(body) }, "/keyed": { get: mockMethod(body, { security: [{ key: [] }] }) } },
    { key: { type: "apiKey", name: "x-api-key", in: "header" } },
  );
const settings = (more: string) =>
  `files: [shop.json]\nstages: {shop: {name: dev}}\napiKeys: {mobile: {value: ${KEY}}${more}}\nusagePlans: {basic: {stages: [{api: shop, stage: dev}], keys: [mobile]}}\n`;

let project: Project;
let server: TestServer;
beforeEach(async () => {
  project = makeProject({
    "shop.json": api("before"),
    "gatewarden.yaml": settings(", made: {}"),
    "iam.yaml": "users: {alice: {policies: []}, bob: {policies: []}}\n",
  });
  server = await startTestServer(project);
});
afterEach(async () => {
  await server.stop();
  project.remove();
});

const body = async (path: string): Promise<string> =>
  (await ask(`${server.url()}${path}`, { headers: ["x-api-key", KEY] })).body;

test("what cannot be kept leaves APIs and keys as they were", async () => {
  chmodSync(project.path(".gatewarden/api-keys.json"), 0o644);
  project.write("shop.json", api("after"));
  project.write("gatewarden.yaml", settings(", another: {}"));
  expect(() => server.server.reload()).toThrow(/keeps the API keys/);
  expect([await body("/open"), await body("/keyed")]).toEqual(["before", "before"]);
  chmodSync(project.path(".gatewarden/api-keys.json"), 0o600);
  server.server.reload();
  expect([await body("/open"), await body("/keyed")]).toEqual(["after", "after"]);
});

test("who is no longer declared is not known from then on, whether or not that can be written down", async () => {
  const file = project.path(".gatewarden/identities.json");
  rmSync(file);
  mkdirSync(file);
  project.write("iam.yaml", "users: {bob: {policies: []}}\n");
  project.write("shop.json", api("after"));
  server.server.reload();
  expect(server.told.troubles).toEqual([expect.stringContaining("identities.json")]);
  expect(await body("/open")).toBe("after");
  await expect(server.server.credentialsOf("alice")).rejects.toThrow(/alice/);
});
