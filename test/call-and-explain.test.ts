import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../src/server/start-server.ts";
import { commandLine } from "./support/command-line.ts";
import { makeProject, mockMethod, openApi } from "./support/project.ts";

/* `call` and `explain` against a gateway of this project, and against servers that are none. */
const project = makeProject({
  "api.json": openApi({ "/pets": { get: mockMethod("pets") } }),
  "web.json": {
    AWSTemplateFormatVersion: "2010-09-09",
    Resources: {
      Web: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: "web", ProtocolType: "HTTP" } },
      Live: {
        Type: "AWS::ApiGatewayV2::Stage",
        Properties: { ApiId: { Ref: "Web" }, StageName: "$default", AutoDeploy: true },
      },
    },
  },
  "gatewarden.yaml": { files: ["api.json", "web.json"] },
});
const elsewhere = makeProject();
let gateway: RunningServer;
let stranger: Server;
let strangerUrl: string;
let asked: IncomingMessage[] = [];

beforeAll(async () => {
  gateway = await startServer({
    mode: "development",
    files: [],
    config: project.path("gatewarden.yaml"),
    cwd: project.folder,
    host: "0.0.0.0",
    port: 0,
    adminHost: "127.0.0.1",
    adminPort: 0,
    dataDir: project.path(".gatewarden"),
    region: "us-east-1",
    accountId: "000000000000",
    allowedHosts: new Map(),
    trustedProxies: [],
    lambdaIsolation: "worker",
    watch: false,
    stageVariables: {},
    parameters: {},
    allowPrivateIssuers: false,
  });
  stranger = createServer((request, response) => {
    asked.push(request);
    response.writeHead(request.url === "/gone" ? 404 : 200, { "x-amzn-RequestId": "not-ours" });
    response.end("a stranger's answer");
  }).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  strangerUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await gateway.stop();
  stranger.close();
  project.remove();
  elsewhere.remove();
});
beforeEach(() => {
  asked = [];
});

describe("call", () => {
  test("takes a path of the gateway that runs here, also when the own interface has a port of its own", async () => {
    const { code, stdout } = await commandLine(["call", "GET", "/_aws/execute-api/api/dev/pets"], {
      cwd: project.folder,
    });
    expect([code, stdout]).toEqual([0, expect.stringContaining("GET /dev/pets")]);
    expect(stdout.split("\n")[0]).toBe("200 OK");
  });

  test("sends the Host, Accept and User-Agent it is given instead of its own", async () => {
    const url = `${gateway.ready.gateway.replace("0.0.0.0", "127.0.0.1")}/dev/pets`;
    const host = ["--header", "host: api.execute-api.localhost"];
    expect((await commandLine(["call", "GET", url, ...host], { cwd: project.folder })).stdout).toContain("\n\npets\n");
    await commandLine(["call", "GET", strangerUrl, "--header", "ACCEPT: text/xml", "--header", "User-Agent: mine"], {
      cwd: project.folder,
    });
    expect(asked[0]?.headers).toMatchObject({ accept: "text/xml", "user-agent": "mine" });
  });

  test("prints any HTTP answer where no gateway runs, and says that there is no record", async () => {
    const { code, stdout } = await commandLine(["call", "GET", strangerUrl], { cwd: elsewhere.folder });
    expect([code, stdout]).toEqual([0, expect.stringContaining("a stranger's answer")]);
    expect(stdout).toContain("No decision record");
  });

  test("exits 1 with --fail for 400 and more, and not without", async () => {
    const gone = ["call", "GET", `${strangerUrl}/gone`];
    expect((await commandLine(gone, { cwd: elsewhere.folder })).code).toBe(0);
    expect((await commandLine([...gone, "--fail"], { cwd: elsewhere.folder })).code).toBe(1);
  });

  test("--json holds answer and record on one line", async () => {
    const { stdout } = await commandLine(["call", "GET", "/_aws/execute-api/api/dev/pets", "--json"], {
      cwd: project.folder,
    });
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 200, body: "pets", record: { stage: "dev" } });
  });
});

test("call shows the record of an HTTP API, too, whose request id has a header of another name", async () => {
  const { stdout } = await commandLine(["call", "GET", "/_aws/execute-api/web/nowhere", "--json"], {
    cwd: project.folder,
  });
  expect(JSON.parse(stdout)).toMatchObject({
    status: 404,
    record: { api: { apiId: "web", type: "HTTP" }, request: { path: "/nowhere" } },
  });
});

describe("explain", () => {
  test("says so when the server at that port is another one", async () => {
    const port = new URL(strangerUrl).port;
    const { code, stderr } = await commandLine(["explain", "--port", port], { cwd: project.folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining("is no gatewarden")]);
  });

  test("never takes a secret to a place that a foreign project names", async () => {
    mkdirSync(elsewhere.path(".gatewarden"), { recursive: true });
    const secret = elsewhere.write("secret", "precious");
    chmodSync(secret, 0o600);
    symlinkSync(secret, elsewhere.path(".gatewarden/token"));
    writeFileSync(elsewhere.path(".gatewarden/ready.json"), JSON.stringify({ pid: 1, management: strangerUrl }));
    expect(await commandLine(["explain"], { cwd: elsewhere.folder })).toMatchObject({ code: 2 });
    expect(asked).toEqual([]);
  });

  test.each(["http://pets.example:80", "http://127.0.0.1.pets.example:80", "ftp://127.0.0.1", "no address", 7])(
    "asks nobody at %s, whatever the ready file says",
    async (management) => {
      const folder = makeProject({ ".gatewarden/token": "token", ".gatewarden/ready.json": { pid: 1, management } });
      chmodSync(folder.path(".gatewarden/token"), 0o600);
      try {
        const { code, stderr } = await commandLine(["explain"], { cwd: folder.folder });
        expect([code, stderr]).toEqual([2, expect.stringContaining("no running server is known")]);
      } finally {
        folder.remove();
      }
    },
  );
});
