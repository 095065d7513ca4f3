import { afterAll, afterEach, expect, test } from "vitest";
import { type RunningServer, startServer } from "../src/server/start-server.ts";
import { ask } from "./support/http.ts";
import { makeProject, mockMethod, openApi } from "./support/project.ts";

/*
 * The policy that many APIs have: whoever does not come over TLS is denied. On AWS nobody can come otherwise, so it lets a
 * developer in on a plain port; a gateway that is put before real clients believes only what it knows.
 */
const statement = { Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
const project = makeProject({
  "pets.json": {
    ...openApi({ "/pets": { get: mockMethod("pets") } }),
    "x-amazon-apigateway-policy": {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", ...statement },
        { Effect: "Deny", ...statement, Condition: { Bool: { "aws:SecureTransport": "false" } } },
      ],
    },
  },
  "gatewarden.yaml": { files: ["pets.json"] },
});
let server: RunningServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => project.remove());

async function statusOf(
  mode: "development" | "production",
  trustedProxies: readonly string[] = [],
  headers: readonly string[] = [],
): Promise<number> {
  server = await startServer({
    mode,
    files: [],
    config: project.path("gatewarden.yaml"),
    cwd: project.folder,
    host: "127.0.0.1",
    port: 0,
    adminHost: "127.0.0.1",
    adminPort: 0,
    dataDir: project.path(`.gatewarden-${mode}`),
    region: "us-east-1",
    accountId: "000000000000",
    allowedHosts: new Map([["pets.example", "pets"]]),
    trustedProxies,
    lambdaIsolation: "worker",
    watch: false,
    stageVariables: {},
    parameters: {},
    allowPrivateIssuers: false,
  });
  return (await ask(`${server.ready.gateway}/dev/pets`, { headers: ["Host", "pets.example", ...headers] })).status;
}

const OVER_TLS = ["X-Forwarded-Proto", "https"];

test("a developer is let in, as on AWS", async () => {
  expect(await statusOf("development")).toBe(200);
});

test("a plain request to a gateway in production is denied, whatever it says of itself", async () => {
  expect(await statusOf("production")).toBe(403);
  await server?.stop();
  expect(await statusOf("production", [], OVER_TLS)).toBe(403);
});

test("behind a trusted proxy the proxy's word counts", async () => {
  expect(await statusOf("production", ["127.0.0.0/8"], OVER_TLS)).toBe(200);
  await server?.stop();
  expect(await statusOf("production", ["127.0.0.0/8"], ["X-Forwarded-Proto", "http"])).toBe(403);
});
