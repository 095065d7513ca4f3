import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, until } from "./support/http.ts";
import { logLines } from "./support/log-lines.ts";
import { functionMethod, makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * Cognito authorizers of a REST API through the whole server, with two ways to have the development issuer stand in for a
 * user pool: speaking for the pool's own issuer, or an issuer of its own that the project names for the pool.
 */

const pool = (id: string): string => `arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_${id}`;
const SPOKEN_FOR = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Spoken";

let running: TestServer;
let issuer: string;

const project = makeProject({
  "echo.mjs":
    "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer) });",
});

const cognito = (...providerARNs: readonly string[]) => ({
  type: "apiKey",
  name: "Authorization",
  in: "header",
  "x-amazon-apigateway-authtype": "cognito_user_pools",
  "x-amazon-apigateway-authorizer": { type: "cognito_user_pools", providerARNs },
});

beforeAll(async () => {
  project.write(
    "api.json",
    openApi(
      {
        "/function": { get: { ...functionMethod("echo"), security: [{ spoken: [] }] } },
        "/claims": { get: mockMethod("$context.authorizer.claims.sub", { security: [{ spoken: [] }] }) },
        "/scopes": { get: mockMethod("in", { security: [{ spoken: ["shop/read"] }] }) },
        "/named": { get: mockMethod("in", { security: [{ named: [] }] }) },
        "/named-scopes": { get: mockMethod("in", { security: [{ named: ["shop/read"] }] }) },
        "/away": { get: mockMethod("in", { security: [{ away: [] }] }) },
      },
      { spoken: cognito(pool("Spoken")), named: cognito(pool("Named")), away: cognito(pool("Away")) },
    ),
  );
  project.write("gatewarden.yaml", {
    files: ["api.json"],
    functions: { echo: { handler: "echo.handler", runtime: "nodejs22.x" } },
    issuers: { [SPOKEN_FOR]: "local" },
    userPools: {
      [pool("Named")]: "${gatewarden.issuer}us-east-1_Named",
      // Nobody listens there.
      [pool("Away")]: "http://127.0.0.1:9/us-east-1_Away",
    },
    stages: {
      api: {
        accessLog: {
          format:
            "$context.requestId $context.status $context.authorizer.claims.sub $context.authorizer.claims.token_use $context.authorizer.error",
          destination: "access.log",
        },
      },
    },
  });
  running = await startTestServer(project, { issuer: true });
  issuer = running.server.ready.issuer ?? "";
});
afterAll(async () => {
  await running?.stop();
  project.remove();
});

type Order = Parameters<TestServer["server"]["mint"]>[0];

/** As `gatewarden token` prints it: of the pool's own kind without being told. */
const mint = (poolId: string, order: Order = {}): string =>
  running.server.mint({ api: `us-east-1_${poolId}`, ...order });
const idToken = (poolId: string, order: Order = {}): string => mint(poolId, { as: "ann", idToken: true, ...order });

async function get(path: string, token?: string) {
  const headers = token === undefined ? [] : ["Authorization", token];
  const reply = await ask(`${running.url("api")}${path}`, { headers });
  return { ...reply, record: running.record(reply.requestId) };
}

test("nothing is found amiss", () => {
  expect(running.told.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("the local issuer knows each pool that it stands in for as an API, by its id, with the scopes of its methods", () => {
  for (const [id, iss] of [
    ["Spoken", SPOKEN_FOR],
    ["Named", `${issuer}us-east-1_Named`],
  ] as const) {
    const [, payload = ""] = mint(id).split(".");
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
      iss,
      token_use: "access",
      client_id: `us-east-1_${id}`,
      scope: "shop/read",
    });
  }
  expect(() => mint("Away")).toThrow(/no API/);
});

describe("a pool that the local issuer speaks for", () => {
  test("has its ID tokens taken, their claims passed on as texts", async () => {
    const reply = await get("/function", idToken("Spoken", { groups: ["a", "b"] }));
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({
      claims: expect.objectContaining({
        iss: SPOKEN_FOR,
        token_use: "id",
        "cognito:username": "ann",
        "cognito:groups": "a,b",
        exp: expect.stringMatching(/^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}$/),
        auth_time: expect.stringMatching(/^\d{10}$/),
      }),
    });
    expect(reply.record?.authorization).toMatchObject({
      type: "COGNITO_USER_POOLS",
      authorizerName: "spoken",
      decision: "allow",
      token: { alg: "RS256", claims: { iss: SPOKEN_FOR } },
    });
  });

  test("has its access tokens taken where scopes are wanted, and nothing else", async () => {
    expect(await get("/scopes", `Bearer ${mint("Spoken", { scopes: ["shop/read"] })}`)).toMatchObject({ status: 200 });
    for (const [path, token, reason] of [
      ["/scopes", undefined, "jwt_missing"],
      ["/scopes", mint("Spoken", { scopes: ["shop/other"] }), "cognito_scope_insufficient"],
      ["/scopes", idToken("Spoken"), "cognito_access_token_wanted"],
      ["/claims", mint("Spoken"), "cognito_id_token_wanted"],
      ["/claims", idToken("Spoken", { badSignature: true }), "bad_signature"],
      ["/claims", idToken("Named"), "issuer_mismatch"],
    ] as const) {
      const reply = await get(path, token);
      expect(reply).toMatchObject({
        status: 401,
        body: '{"message":"Unauthorized"}',
        errorType: "UnauthorizedException",
        record: {
          authorization: { type: "COGNITO_USER_POOLS" },
          answer: { responseType: "UNAUTHORIZED" },
          refusal: { reason },
        },
      });
      expect(reply.headers).not.toHaveProperty("www-authenticate");
    }
    expect(await get("/claims", idToken("Spoken", { expired: true }))).toMatchObject({
      status: 401,
      body: '{"message":"The incoming token has expired"}',
    });
  });
});

test("a pool for which the project names an issuer of its own takes that issuer's tokens, and no others", async () => {
  expect(await get("/named", idToken("Named"))).toMatchObject({ status: 200, body: "in" });
  expect(await get("/named-scopes", mint("Named"))).toMatchObject({ status: 200, body: "in" });
  const real = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Named";
  expect(await get("/named", idToken("Named", { issuer: real }))).toMatchObject({
    status: 401,
    record: { refusal: { reason: "issuer_mismatch", expected: [`${issuer}us-east-1_Named`] } },
  });
});

test("a pool that is away is told at start with what to correct, and its tokens are the authorizer's failure", async () => {
  await until("the pool to be missed", () =>
    running.told.troubles.some((each) => each.includes(`userPools in gatewarden.yaml names it for ${pool("Away")}`)),
  );
  const token = idToken("Named", { issuer: "http://127.0.0.1:9/us-east-1_Away" });
  expect(await get("/away", token)).toMatchObject({
    status: 500,
    body: '{"message":null}',
    record: { answer: { responseType: "AUTHORIZER_FAILURE" } },
  });
});

test("the access log names who was let in, and why another was not", async () => {
  const good = await get("/claims", idToken("Spoken"));
  const bad = await get("/claims", mint("Spoken"));
  const lines = await until("the log", () => {
    const written = logLines(project.path("access.log"));
    return written.some((line) => line.startsWith(bad.requestId)) && written;
  });
  const lineOf = ({ requestId }: typeof good) => lines.find((line) => line.startsWith(requestId));
  expect(lineOf(good)).toBe(`${good.requestId} 200 ${good.body} id -`);
  expect(lineOf(bad)).toMatch(new RegExp(`^${bad.requestId} 401 - - token_use is 'access', wanted 'id'`));
});
