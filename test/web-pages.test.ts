import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Reply } from "./support/http.ts";
import { customAuthorizer, functionMethod, makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * A page in the developer's browser can send requests to every port of this machine. It must learn nothing from them and
 * cause nothing by them: whatever it sends, from whatever name it was loaded, there is no CORS header and no answer.
 */

const GUARD = `
exports.handler = async (event) => {
  console.log("event", JSON.stringify(event));
  if (!event.authorizationToken.startsWith("eyJ")) throw new Error("Unauthorized");
  return {
    principalId: "user",
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" }] },
    context: { secret: "context-secret-value" },
  };
};
`;
const project = makeProject({
  "api.json": openApi(
    {
      "/open": { get: mockMethod("open"), post: mockMethod("open") },
      "/guarded": { get: mockMethod("in", { security: [{ guard: [] }] }) },
      "/cookie": { get: mockMethod("in", { security: [{ cookie: [] }] }) },
      "/proxied": { get: functionMethod("proxied") },
    },
    {
      guard: customAuthorizer("guard", { header: "X-Pet-Token" }),
      cookie: customAuthorizer("guard", {
        type: "request",
        identitySource: "method.request.header.Cookie, method.request.querystring.key",
      }),
    },
  ),
  "guard.cjs": GUARD,
  "proxied.cjs": 'exports.handler = async () => ({ statusCode: 200, body: "proxied" });',
  "gatewarden.yaml": {
    files: ["api.json"],
    functions: { guard: { handler: "guard.handler" }, proxied: { handler: "proxied.handler" } },
  },
});
let running: TestServer;
let gateway: string;
let issuer: string;
let token: string;

beforeAll(async () => {
  running = await startTestServer(project, { issuer: true });
  gateway = running.server.ready.gateway;
  issuer = (running.server.ready.issuer ?? "").replace("localhost", "127.0.0.1");
  token = readFileSync(project.path(".gatewarden/token"), "utf8").trim();
});
afterAll(async () => {
  await running.stop();
  project.remove();
});

const SIGNED =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00";
const hasCors = (reply: Reply): boolean =>
  Object.keys(reply.headers).some((name) => name.startsWith("access-control-"));

/** What a browser adds that a page cannot leave out. */
const FROM_PAGES: Readonly<Record<string, readonly string[]>> = {
  "a page of another site": ["Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"],
  "a sandboxed frame": ["Origin", "null"],
  "an image or a link of another site": ["Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"],
  "another port of this machine": ["Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site"],
  "an image at another port of this machine": ["Sec-Fetch-Site", "same-site"],
  "a form of its own origin": ["Origin", "http://127.0.0.1:4566", "Sec-Fetch-Site", "same-origin"],
  "an extension": ["Origin", "chrome-extension://abcdefgh"],
  "a name that was rebound to this machine": ["Host", "evil.example"],
  "a name that begins like this machine's": ["Host", "localhost.evil.example"],
  "a name that ends like this machine's": ["Host", "evil-localhost"],
  "the unspecified address": ["Host", "0.0.0.0"],
};

describe.each(Object.entries(FROM_PAGES))("from %s", (_who, headers) => {
  test.each(["health", "metrics", "requests", "requests/1", "", "nothing"])(
    "/_gatewarden/%s answers 403, even with the project token",
    async (path) => {
      const sent = [...headers, "Authorization", `Bearer ${token}`];
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const reply = await ask(`${gateway}/_gatewarden/${path}`, { method, headers: sent });
        expect(reply).toMatchObject({ status: 403 });
        expect(hasCors(reply)).toBe(false);
      }
    },
  );

  test("a management call answers 403, signed or not", async () => {
    for (const authorization of [[], ["Authorization", SIGNED]]) {
      const reply = await ask(`${gateway}/restapis`, {
        method: "POST",
        headers: [...headers, ...authorization],
        body: "{}",
      });
      expect(reply).toMatchObject({ status: 403 });
      expect(hasCors(reply)).toBe(false);
    }
  });
});

describe("the management port", () => {
  test("is not opened by credentials in the query", async () => {
    const query =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261121%2Fus-east-1%2Fapigateway%2Faws4_request";
    expect(await ask(`${gateway}/restapis?${query}`)).toMatchObject({ status: 404 });
  });

  test("names the operation that is not built, to a signed call only", async () => {
    const reply = await ask(`${gateway}/restapis`, { headers: ["Authorization", SIGNED] });
    expect(reply).toMatchObject({ status: 501, body: expect.stringContaining("apigateway GET /restapis") });
    expect(await ask(`${gateway}/restapis`)).toMatchObject({ status: 404 });
  });
});

describe("the project token", () => {
  test.each([
    ["none", () => []],
    ["an empty one", () => ["Authorization", "Bearer "]],
    ["another one of its length", () => ["Authorization", `Bearer ${"A".repeat(token.length)}`]],
    ["its beginning", () => ["Authorization", `Bearer ${token.slice(0, -1)}`]],
    ["another scheme", () => ["Authorization", `Basic ${token}`]],
    ["a cookie", () => ["Cookie", `token=${token}`]],
  ])("is needed for records: %s is 401", async (_what, headers) => {
    for (const path of ["requests", `requests/x`, `requests?token=${token}`]) {
      expect(await ask(`${gateway}/_gatewarden/${path}`, { headers: headers() })).toMatchObject({ status: 401 });
    }
  });

  test("opens them, to reading only", async () => {
    const headers = ["Authorization", `Bearer ${token}`];
    expect(await ask(`${gateway}/_gatewarden/requests`, { headers })).toMatchObject({ status: 200 });
    for (const method of ["POST", "PUT", "DELETE"])
      expect(await ask(`${gateway}/_gatewarden/requests`, { headers, method })).toMatchObject({ status: 405 });
  });
});

describe("an API", () => {
  test("is for pages: an Origin is the API's own affair", async () => {
    const headers = ["Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"];
    expect(await ask(`${running.url()}/open`, { headers })).toMatchObject({ status: 200 });
    const byHost = await ask(`${gateway}/dev/open`, { headers: [...headers, "Host", "api.execute-api.localhost"] });
    expect(byHost).toMatchObject({ status: 200, body: "open" });
  });

  test("at its own host takes every path, so that no page of it reaches the own interface", async () => {
    const headers = ["Host", "api.execute-api.localhost", "Authorization", `Bearer ${token}`];
    expect(await ask(`${gateway}/_gatewarden/requests`, { headers })).toMatchObject({
      status: 403,
      body: '{"message":"Forbidden"}',
    });
  });
});

describe("the issuer", () => {
  test("answers no rebound name, and says that it is for development", async () => {
    const reply = await ask(`${issuer}.well-known/jwks.json`, { headers: ["Host", "evil.example"] });
    expect(reply).toMatchObject({ status: 403 });
    expect(await ask(`${issuer}.well-known/jwks.json`)).toMatchObject({
      status: 200,
      headers: { "x-dev-issuer": "gatewarden" },
    });
  });

  test("publishes no private part of a key", async () => {
    const { keys } = JSON.parse((await ask(`${issuer}.well-known/jwks.json`)).body) as { keys: object[] };
    for (const key of keys) expect(Object.keys(key)).not.toEqual(expect.arrayContaining(["d"]));
  });
});

describe("a record", () => {
  test("keeps the names of what identifies a caller, and none of its values", async () => {
    const secret = (name: string): string => `${name}-secret-1f4a7c`;
    const jwt = `eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.${Buffer.from('{"sub":"x","private":"claim-secret-1f4a7c"}').toString("base64url")}.c2lnbmF0dXJl`;
    const headers = [
      ...["X-Pet-Token", jwt],
      ...["Cookie", `session=${secret("cookie")}`],
      ...["X-Api-Key", secret("key")],
      ...["X-Amz-Security-Token", secret("security")],
      ...["Authorization", `Bearer ${secret("bearer")}`],
      ...["X-Forwarded-For", "203.0.113.9"],
      ...["X-Custom", secret("custom")],
      ...["Referer", `https://app.example/?code=${secret("referer")}`],
    ];
    const path = `/guarded?key=${secret("query")}`;
    const replies = [
      await ask(`${running.url()}${path}`, { headers }),
      await ask(`${running.url()}/missing?key=${secret("query")}`, { headers }),
      await ask(`${running.url()}/open`, { method: "POST", headers, body: secret("body") }),
      await ask(`${running.url()}/proxied`, { headers }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 403, 200, 200]);
    const records = replies.map((reply) => running.record(reply.requestId));
    expect(records[0]?.request).toMatchObject({
      queryNames: ["key"],
      headerNames: expect.arrayContaining(["x-pet-token", "cookie", "x-api-key", "authorization", "x-custom"]),
    });
    expect(records[0]?.authorization?.token).toMatchObject({ kid: "k", claims: { sub: "x" } });
    // What the function logged of its own accord, with the token masked, is looked at elsewhere.
    const decided = records.map((record) => ({
      ...record,
      authorization: { ...record?.authorization, functionLogs: [] },
    }));
    const kept = JSON.stringify(decided);
    expect(kept).not.toContain("secret");
    for (const part of jwt.split(".")) expect(JSON.stringify([records, running.told.functionLogs])).not.toContain(part);
    expect(records.map((record) => record?.request.sourceIp)).toEqual(Array(4).fill("127.0.0.1"));
  });
});
