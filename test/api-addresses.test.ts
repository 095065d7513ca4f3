import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../src/server/start-server.ts";
import { ask } from "./support/http.ts";
import { makeProject, mockMethod, openApi } from "./support/project.ts";

/*
 * Which names and paths lead to an API. `pets` can be reached everywhere; `sealed` has disableExecuteApiEndpoint, so that
 * on AWS only its custom domain answers.
 */
const project = makeProject({
  "pets.json": openApi({
    "/who": { get: mockMethod("pets") },
    "/_aws/execute-api/sealed/dev/who": { get: mockMethod("a path of pets") },
  }),
  "sealed.json": {
    ...openApi({ "/who": { get: mockMethod("sealed") } }),
    "x-amazon-apigateway-endpoint-configuration": { disableExecuteApiEndpoint: true },
  },
  "gatewarden.yaml": { files: ["pets.json", "sealed.json"] },
});
const servers: RunningServer[] = [];

async function start(mode: "development" | "production"): Promise<RunningServer> {
  const server = await startServer({
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
    allowedHosts: new Map([
      ["pets.example", "pets"],
      ["sealed.example", "sealed"],
    ]),
    trustedProxies: [],
    lambdaIsolation: "worker",
    watch: false,
    stageVariables: {},
    parameters: {},
    allowPrivateIssuers: false,
  });
  servers.push(server);
  return server;
}

let development: RunningServer;
let production: RunningServer;
beforeAll(async () => {
  development = await start("development");
  production = await start("production");
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  project.remove();
});

const get = (server: RunningServer, host: string, path: string) =>
  ask(`${server.ready.gateway}${path}`, { headers: ["Host", host] });

describe("an API whose default endpoint is disabled", () => {
  test.each(["sealed.execute-api.localhost", "sealed.execute-api.us-east-1.amazonaws.com"])(
    "answers 403 Forbidden at %s, whatever the stage (D)",
    async (host) => {
      for (const path of ["/dev/who", "/other/who", "/"]) {
        expect(await get(development, host, path)).toMatchObject({
          status: 403,
          errorType: "ForbiddenException",
          body: '{"message":"Forbidden"}',
        });
      }
    },
  );

  test("says in the record why", async () => {
    const { requestId } = await get(development, "sealed.execute-api.localhost", "/dev/who");
    expect(development.records.get(requestId)).toMatchObject({
      stage: "dev",
      refusal: { reason: "default_endpoint_disabled" },
    });
  });

  test("answers at another name that was given to it", async () => {
    expect((await get(development, "sealed.example", "/dev/who")).body).toBe("sealed");
    expect((await get(production, "sealed.example:443", "/dev/who")).body).toBe("sealed");
  });

  test.each(["/_aws/execute-api/sealed/dev/who", "/restapis/sealed/dev/_user_request_/who"])(
    "answers at %s to its developer, and to nobody in production",
    async (path) => {
      expect((await get(development, "127.0.0.1", path)).body).toBe("sealed");
      expect(await get(production, "127.0.0.1", path)).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
    },
  );
});

describe("an API's own name", () => {
  test.each(["pets.example", "pets.execute-api.localhost"])(
    "%s takes every path, path forms of other APIs included",
    async (host) => {
      expect((await get(development, host, "/dev/_aws/execute-api/sealed/dev/who")).body).toBe("a path of pets");
      expect(await get(development, host, "/_aws/execute-api/sealed/dev/who")).toMatchObject({
        status: 403,
        body: '{"message":"Forbidden"}',
      });
    },
  );

  test("is compared without regard to case and port", async () => {
    expect((await get(development, "PETS.example:8443", "/dev/who")).body).toBe("pets");
  });
});
