import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sampleClient } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";
import { MAX_TOKEN_REQUEST_BYTES, MAX_TOKEN_REQUEST_SCOPE_CHARS } from "./read-token-request.ts";

const spa = sampleClient();
const web = sampleClient({
  clientId: "WebWebWebWebWebWebWebWebWebWeb12",
  clientSecret: "w".repeat(64),
  tokenEndpointAuthMethod: "client_secret_post",
  callbacks: ["https://web.example/callback"],
  webOrigins: [],
  allowedOrigins: ["https://cdn.example"],
});
let endpoint: SampleTokenEndpoint;
beforeEach(async () => {
  endpoint = await sampleTokenEndpoint({ clients: [spa, web] });
});
afterEach(() => endpoint.close());

const refreshStatus = async (refresh_token: string) =>
  (await endpoint.token({ grant_type: "refresh_token", client_id: spa.clientId, refresh_token })).status;

describe("POST /oauth/revoke", () => {
  const revoke = (body: object) => endpoint.ask("POST", "/oauth/revoke", { body });

  test("ends the token's family and answers 200 with nothing", async () => {
    const { refresh_token } = (await endpoint.exchange()).json();
    const answer = await revoke({ client_id: spa.clientId, token: refresh_token });
    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(await refreshStatus(refresh_token)).toBe(403);
  });

  test("takes a form too", async () => {
    const { refresh_token } = (await endpoint.exchange()).json();
    const form = new URLSearchParams({
      client_id: spa.clientId,
      token: refresh_token,
      token_type_hint: "refresh_token",
    });
    expect((await revoke(form)).status).toBe(200);
    expect(await refreshStatus(refresh_token)).toBe(403);
  });

  test("answers the same for a token that is unknown, another client's, or an access token", async () => {
    const { access_token, refresh_token } = (await endpoint.exchange()).json();
    const webSecret = { client_id: web.clientId, client_secret: web.clientSecret };
    for (const body of [
      { client_id: spa.clientId, token: "unknown" },
      { client_id: spa.clientId, token: access_token },
      { ...webSecret, token: refresh_token },
    ]) {
      expect(await revoke(body)).toMatchObject({ status: 200, text: "" });
    }
    expect(await refreshStatus(refresh_token)).toBe(200);
  });

  test("wants the client proven, and a token", async () => {
    expect((await revoke({ client_id: web.clientId, token: "x" })).status).toBe(401);
    expect((await revoke({ client_id: spa.clientId })).json()).toEqual({
      error: "invalid_request",
      error_description: "Missing required parameter: token",
    });
    expect(endpoint.events.map((event) => "endpoint" in event && event.endpoint)).toEqual([
      "POST /oauth/revoke",
      "POST /oauth/revoke",
    ]);
  });
});

describe("pages of other origins", () => {
  const allowed = (origin: string) => (answer: { header(name: string): string | undefined }) =>
    expect(answer.header("access-control-allow-origin")).toBe(origin);

  test.each([
    ["/oauth/token", "POST"],
    ["/oauth/revoke", "POST"],
    ["/userinfo", "GET, POST"],
  ])("may ask %s beforehand if they are some client's", async (target, methods) => {
    for (const origin of ["http://localhost:3000", "https://web.example", "https://cdn.example"]) {
      const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "dpop" };
      const answer = await endpoint.ask("OPTIONS", target, { headers });
      expect(answer).toMatchObject({ status: 204, text: "" });
      allowed(origin)(answer);
      expect(answer.header("vary")).toBe("Origin");
      expect(answer.header("access-control-allow-methods")).toBe(methods);
      expect(answer.header("access-control-allow-headers")).toBe("authorization, content-type, auth0-client, dpop");
      expect(answer.header("access-control-allow-credentials")).toBeUndefined();
    }
  });

  test.each([
    "https://evil.example",
    "http://localhost:3000/",
    "http://localhost:3001",
    "null",
    "*",
    "HTTP://LOCALHOST:3000",
  ])("are let in nowhere as %j, and that is said", async (origin) => {
    const answers = [
      await endpoint.ask("OPTIONS", "/oauth/token", { headers: { origin } }),
      await endpoint.ask("GET", "/userinfo", { headers: { origin } }),
      await endpoint.token({ client_id: spa.clientId }, { origin }),
    ];
    for (const answer of answers) {
      expect(answer.headers("access-control-allow-origin")).toEqual([]);
      expect(answer.header("access-control-allow-methods")).toBeUndefined();
      expect(answer.header("vary")).toBe("Origin");
    }
    expect(endpoint.events.filter(({ kind }) => kind === "warned")).toHaveLength(3);
  });

  test("read the token endpoint's answer only as pages of the client that they name, granted or refused", async () => {
    const origin = "https://cdn.example";
    const asWeb = { grant_type: "authorization_code", client_id: web.clientId, client_secret: web.clientSecret };
    allowed(origin)(await endpoint.token(asWeb, { origin }));
    allowed(origin)(await endpoint.token({ ...asWeb, client_secret: "wrong" }, { origin }));
    const asSpa = await endpoint.token({ ...asWeb, client_id: spa.clientId }, { origin });
    expect(asSpa.header("access-control-allow-origin")).toBeUndefined();
    const answer = await endpoint.ask("POST", "/oauth/revoke", {
      headers: { origin: "http://localhost:3000" },
      body: { client_id: spa.clientId, token: "x" },
    });
    allowed("http://localhost:3000")(answer);
  });

  test("read userinfo's as pages of any client", async () => {
    const { access_token } = (await endpoint.exchange()).json();
    const origin = "https://web.example";
    const answer = await endpoint.ask("GET", "/userinfo", {
      headers: { origin, authorization: `Bearer ${access_token}` },
    });
    expect(answer.status).toBe(200);
    allowed(origin)(answer);
  });

  test("the issuer's own page needs no leave, and no warning", async () => {
    await endpoint.ask("GET", "/userinfo", { headers: { origin: "http://localhost:4567" } });
    expect(endpoint.events.filter(({ kind }) => kind === "warned")).toEqual([]);
  });
});

describe("hostile bodies", () => {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const post = (target: string, body: string, headers: Readonly<Record<string, string>>) =>
    endpoint.ask("POST", target, { body, headers });

  test.each(["/oauth/token", "/oauth/revoke"])("%s refuses what is not a request", async (target) => {
    const statuses = [];
    for (const [body, headers] of [
      ["code=a&code=b", form],
      ["client_id=a&client_id=b", form],
      ["{}", { "content-type": "text/plain" }],
      ["{}", {}],
      ["{", { "content-type": "application/json" }],
      ['{"client_id":{"$ne":""}}', { "content-type": "application/json" }],
      ['{"client_id":["a"]}', { "content-type": "application/json" }],
      [" ".repeat(MAX_TOKEN_REQUEST_BYTES + 1), form],
    ] as const) {
      statuses.push((await post(target, body, headers)).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 400, 413]);
  });

  test("a member named like an object's own is a parameter like any other", async () => {
    const body = '{"__proto__":"x","constructor":"y","grant_type":"authorization_code"}';
    const answer = await post("/oauth/token", body, { "content-type": "application/json" });
    expect(answer.status).toBe(401);
  });

  test.each(["/oauth/token", "/oauth/revoke"])("%s refuses a secret in the address, even a right one", async (path) => {
    const { clientId: client_id, clientSecret: client_secret } = spa;
    for (const query of ["client_secret=", "a=b?&client_secret=x", "%63lient_secret=x"]) {
      const body = { grant_type: "client_credentials", client_id, client_secret, token: "x" };
      const answer = await endpoint.ask("POST", `${path}?${query}`, { body });
      expect([answer.status, answer.json().error]).toEqual([400, "invalid_request"]);
      expect(endpoint.events.at(-1)).toMatchObject({ reason: "secret_in_address" });
    }
  });

  test.each([
    ["swapped-with-the-secret", "swapped-…"],
    ["nobody", "nob…"],
    [spa.clientId, spa.clientId],
  ])("an event tells the client_id %s as %s", async (client_id, told) => {
    await endpoint.ask("POST", "/oauth/token", { body: { grant_type: "client_credentials", client_id } });
    expect(endpoint.events.at(-1)).toMatchObject({ kind: "refused", clientId: told });
  });

  test("more scopes than anybody defines are refused before they are compared", async () => {
    const scope = "a ".repeat(MAX_TOKEN_REQUEST_SCOPE_CHARS / 2);
    const parameters = { grant_type: "authorization_code", client_id: spa.clientId, code: "x" };
    expect((await endpoint.token({ ...parameters, scope })).status).toBe(403);
    const answer = await endpoint.token({ ...parameters, scope: `${scope}a` });
    expect(answer.json().error_description).toBe("The scope has more than 65536 characters");
  });

  test("a large value of every parameter is answered, and cut in the events", async () => {
    const large = "x".repeat(100_000);
    const parameters = { client_id: spa.clientId, code: large, code_verifier: large, redirect_uri: large };
    for (const more of [
      { grant_type: "authorization_code" },
      { grant_type: "refresh_token", refresh_token: large },
      { grant_type: large },
      { grant_type: "authorization_code", client_id: large, audience: large },
    ]) {
      expect((await endpoint.token({ ...parameters, ...more })).status).toBeGreaterThanOrEqual(400);
    }
    expect(JSON.stringify(endpoint.events).length).toBeLessThan(5000);
  });
});
