import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateSigningKey, type SigningKey } from "../src/token/generate-signing-key.ts";
import { signJwt } from "../src/token/sign-jwt.ts";
import { ask, until } from "./support/http.ts";
import { logLines } from "./support/log-lines.ts";
import { functionMethod, makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * JWT authorizers of a REST API through the whole server: two issuers on loopback with real keys, one of which comes up
 * late, and one that the local issuer speaks for.
 */

const PETS = "https://pets.example";
const CLIENT = "client1";
const LOCAL = "https://tenant.example/";

let server: Server;
let running: TestServer;
let base: string;
let keys: SigningKey;
let otherKeys: SigningKey;
let isLateUp = false;
const fetched: string[] = [];

const project = makeProject({
  "echo.mjs":
    "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer) });",
});

const jwt = (issuers: readonly object[], more: object = {}) => ({
  type: "apiKey",
  name: "Authorization",
  in: "header",
  "x-amazon-apigateway-authtype": "custom",
  "x-amazon-apigateway-authorizer": { type: "jwt", jwtConfiguration: { issuers, ...more } },
});

beforeAll(async () => {
  [keys, otherKeys] = await Promise.all([generateSigningKey({ kid: "kid:k1" }), generateSigningKey({ kid: "kid:k1" })]);
  server = createServer((request, response) => {
    const path = request.url ?? "";
    const name = path.split("/")[1];
    fetched.push(path);
    if (name === "late" && !isLateUp) return void response.writeHead(503).end();
    const key = name === "one" ? keys : otherKeys;
    const issuer = name === "one" ? `${base}/one/` : `${base}/${name}`;
    response.setHeader("Content-Type", "application/json");
    if (path.endsWith("/jwks")) return void response.end(JSON.stringify({ keys: [key.publicJwk] }));
    response.end(JSON.stringify({ issuer, jwks_uri: `${base}/${name}/jwks` }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const both = [
    { issuer: `${base}/one/`, audience: [PETS] },
    { issuer: `${base}/two`, audience: [CLIENT] },
  ];
  const claims = mockMethod(
    "$context.authorizer.claims.name|$context.authorizer.claims.n|$context.authorizer.claims.roles",
  );
  project.write("api.json", {
    ...openApi(
      {
        "/function": { get: { ...functionMethod("echo"), security: [{ both: [] }] } },
        "/claims": { get: { ...claims, security: [{ both: [] }] } },
        "/scopes": { get: mockMethod("in", { security: [{ both: ["read:pets", "pets/read"] }] }) },
        "/rules": { get: mockMethod("in", { security: [{ rules: [] }] }) },
        "/late": { get: mockMethod("in", { security: [{ late: [] }] }) },
        "/local": { get: mockMethod("in", { security: [{ local: ["read:pets"] }] }) },
        "/open": { get: mockMethod("in") },
      },
      {
        both: jwt(both),
        rules: jwt(both, { claimRules: [{ claim: "token_use", values: ["access"] }] }),
        late: jwt([{ issuer: `${base}/late`, audience: [PETS] }]),
        local: jwt([{ issuer: LOCAL, audience: [PETS] }]),
      },
    ),
    "x-amazon-apigateway-gateway-responses": {
      AUTHORIZER_FAILURE: {
        statusCode: 503,
        responseTemplates: { "application/json": '{"type":"$context.error.responseType"}' },
      },
    },
  });
  project.write("gatewarden.yaml", {
    files: ["api.json"],
    functions: { echo: { handler: "echo.handler", runtime: "nodejs22.x" } },
    issuers: { [LOCAL]: "local" },
    stages: {
      api: {
        accessLog: {
          format: "$context.requestId $context.status $context.authorizer.claims.sub $context.authorizer.error",
          destination: "access.log",
        },
      },
    },
  });
  running = await startTestServer(project, { issuer: true });
});
afterAll(async () => {
  await running?.stop();
  server.closeAllConnections();
  server.close();
  project.remove();
});

function token(claims: object = {}, key = keys): string {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: `${base}/one/`, aud: PETS, sub: "ann", iat: now, exp: now + 600, ...claims };
  return signJwt(all, { algorithm: "RS256", privateKey: key.privateKey, kid: "k1" });
}

async function get(path: string, bearer?: string) {
  const headers = bearer === undefined ? [] : ["Authorization", `Bearer ${bearer}`];
  const reply = await ask(`${running.url("api")}${path}`, { headers });
  return { ...reply, record: running.record(reply.requestId) };
}

test("nothing is found amiss but that the issuers are for development", () => {
  const errors = running.told.findings.filter(({ severity }) => severity === "error");
  expect(errors).toEqual([]);
  expect(running.told.findings.filter(({ rule }) => rule === "issuer-not-https")).toHaveLength(5);
});

describe("a good token", () => {
  test("reaches a function with the types of its claims", async () => {
    const reply = await get(
      "/function",
      token({ n: 42, version: "42", roles: ["user"], address: { city: "Seattle" } }),
    );
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({
      claims: expect.objectContaining({
        sub: "ann",
        n: 42,
        version: "42",
        roles: ["user"],
        address: { city: "Seattle" },
      }),
    });
    expect(reply.record?.authorization).toMatchObject({
      type: "JWT",
      authorizerName: "both",
      decision: "allow",
      token: { kid: "k1", alg: "RS256", claims: { sub: "ann" } },
    });
  });

  test("reaches a template as JSON texts", async () => {
    const reply = await get("/claims", token({ name: 'Doe, "René"', n: 42, roles: ["user", "editor"] }));
    expect(reply.body).toBe('"Doe, \\"Ren\\u00E9\\""|42|["user","editor"]');
  });

  test("of either issuer is let in, with a scope in either's manner", async () => {
    expect(await get("/scopes", token({ scope: "openid read:pets" }))).toMatchObject({ status: 200, body: "in" });
    const two = token({ iss: `${base}/two`, aud: CLIENT, scope: "pets/read" }, otherKeys);
    expect(await get("/scopes", two)).toMatchObject({ status: 200, body: "in" });
  });
});

describe("a refusal", () => {
  test("without a token, and with a bad one, is REST's 401 without a challenge", async () => {
    for (const [bearer, reason] of [
      [undefined, "jwt_missing"],
      ["opaque", "not_a_jwt"],
      [token({ iss: `${base}/two`, aud: CLIENT }), "bad_signature"],
      [token({ aud: CLIENT }), "audience_mismatch"],
      [token({ exp: 1 }), "token_expired"],
      [token({ iss: "https://eve.example/" }), "issuer_mismatch"],
    ] as const) {
      const reply = await get("/scopes", bearer);
      expect(reply).toMatchObject({
        status: 401,
        body: '{"message":"Unauthorized"}',
        errorType: "UnauthorizedException",
        record: { authorization: { type: "JWT" }, answer: { responseType: "UNAUTHORIZED" }, refusal: { reason } },
      });
      expect(reply.headers).not.toHaveProperty("www-authenticate");
    }
  });

  test("of a token without the scope is 403", async () => {
    expect(await get("/scopes", token({ scope: "write:pets" }))).toMatchObject({
      status: 403,
      body: '{"message":"Forbidden"}',
      errorType: "AccessDeniedException",
      record: { refusal: { reason: "scope_insufficient", actual: ["write:pets"] } },
    });
  });

  test("by a claim rule is 401, and the same token is good where there is none", async () => {
    const bearer = token({ token_use: "id" });
    expect(await get("/claims", bearer)).toMatchObject({ status: 200 });
    expect(await get("/rules", bearer)).toMatchObject({ status: 401, record: { refusal: { actual: '"id"' } } });
    expect(await get("/rules", token({ token_use: "access" }))).toMatchObject({ status: 200 });
  });

  test("is told in the access log, as is who was let in", async () => {
    const good = await get("/open");
    const named = await get("/claims", token());
    const bad = await get("/claims", token({ exp: 1 }));
    const log = project.path("access.log");
    const lines = await until("the log", () => {
      const written = logLines(log);
      return written.some((line) => line.startsWith(bad.requestId)) && written;
    });
    const lineOf = ({ requestId }: typeof good) => lines.find((line) => line.startsWith(requestId));
    expect(lineOf(good)).toBe(`${good.requestId} 200 - -`);
    expect(lineOf(named)).toBe(`${named.requestId} 200 "ann" -`);
    expect(lineOf(bad)).toMatch(new RegExp(`^${bad.requestId} 401 - token expired .* ago`));
  });
});

test("an issuer that is away is told at start and answered by AUTHORIZER_FAILURE, until it is up", async () => {
  await until("the issuer to be missed", () =>
    running.told.troubles.some((each) => each.includes(`Invalid issuer: ${base}/late.`)),
  );
  const bearer = token({ iss: `${base}/late` }, otherKeys);
  expect(await get("/late", bearer)).toMatchObject({
    status: 503,
    body: '{"type":"AUTHORIZER_FAILURE"}',
    errorType: "AuthorizerFailureException",
    record: { refusal: { reason: "discovery_unreachable" } },
  });
  isLateUp = true;
  await until("the issuer to be asked again", async () => (await get("/late", bearer)).status === 200);
});

test("an issuer that the local one speaks for needs no network", async () => {
  const bearer = running.server.mint({ api: PETS, scopes: ["read:pets"] });
  expect(await get("/local", bearer)).toMatchObject({
    status: 200,
    body: "in",
    record: { authorization: { token: { claims: { iss: LOCAL } } } },
  });
  expect(await get("/local", running.server.mint({ api: PETS, scopes: [] }))).toMatchObject({ status: 403 });
});

test("keys are fetched once, whatever is sent", async () => {
  for (let at = 0; at < 20; at++) await get("/claims", token({ jti: String(at) }));
  expect(fetched.filter((path) => path === "/one/jwks")).toHaveLength(1);
});
