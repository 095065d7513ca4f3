import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { ask } from "./support/http.ts";
import { customAuthorizer, functionMethod, makeProject, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * The README's own gatewarden.yaml, whose authorizer names a real tenant, with the line that lets the development issuer
 * speak for it: it runs offline unchanged.
 */

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const TENANT = "https://tenant.auth0.com/";

let project: Project;
let running: TestServer;

beforeAll(async () => {
  const [, config = ""] = /```yaml\n(files: [\s\S]*?)```/.exec(README) ?? [];
  const [issuers = ""] = /issuers: \{.*?: local\}/.exec(README) ?? [];
  expect([config, issuers]).toEqual([expect.stringContaining(TENANT), expect.stringContaining(TENANT)]);
  project = makeProject({
    "gatewarden.yaml": `${config}\n${issuers}\n`,
    "openapi.yaml": openApi(
      { "/pets": { get: functionMethod("pets", { httpMethod: "POST" }) } },
      { "my-authorizer": customAuthorizer("my-authorizer") },
    ),
    "dist/pets.js":
      "exports.handler = async (event) => ({ statusCode: 200, body: event.requestContext.authorizer.sub });",
  });
  const api = JSON.parse(readFileSync(project.path("openapi.yaml"), "utf8"));
  api.paths["/pets"].get.security = [{ "my-authorizer": [] }];
  project.write("openapi.yaml", api);
  running = await startTestServer(project, { issuer: true });
});
afterAll(async () => {
  await running?.stop();
  project?.remove();
});

const get = (token: string) => ask(`${running.url()}/pets`, { headers: ["Authorization", `Bearer ${token}`] });

test("the shipped authorizer takes the development issuer's tokens for the tenant, by default and by name", async () => {
  const byDefault = running.server.mint({});
  expect(JSON.parse(Buffer.from(byDefault.split(".")[1] ?? "", "base64url").toString())).toMatchObject({ iss: TENANT });
  for (const token of [byDefault, running.server.mint({ issuer: TENANT })]) {
    expect(await get(token)).toMatchObject({ status: 200 });
  }
  const { stdout } = await commandLine(["token"], { cwd: project.folder });
  expect(await get(stdout.trim())).toMatchObject({ status: 200 });
});

test("what is not the tenant's is refused as ever", async () => {
  const { ready } = running.server;
  for (const options of [
    { badSignature: true },
    { wrongAud: true },
    { issuer: ready.issuer ?? "" },
    { expired: true },
  ]) {
    expect(await get(running.server.mint(options))).toMatchObject({ status: 401 });
  }
});

test("it is said at the start, once", () => {
  const said = running.told.findings.filter(({ rule }) => rule === "local-issuer-keys");
  expect(said).toMatchObject([{ severity: "info", logicalId: "my-authorizer" }]);
});
