import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryDocuments } from "../store/memory-documents.ts";
import { fixedTenantStore } from "./fixtures/fixed-tenant-store.ts";
import { createIssuer, type Issuer } from "./issuer.ts";
import { type IssuerEvent, MAX_EVENT_TEXT_CHARS } from "./issuer-event.ts";
import type { IssuerAnswer, IssuerRequest } from "./issuer-request.ts";
import { type KeyRing, openKeyRing } from "./keys/keys.ts";
import { openStateFolder } from "./state-folder.ts";
import { deriveTenant } from "./tenant/derived-tenant.ts";
import type { Tenant, TokenDialect } from "./tenant/tenant.ts";
import { MAX_TOKEN_REQUEST_BYTES, MAX_TOKEN_REQUEST_PARAMETERS } from "./token-endpoint/read-token-request.ts";

const issuerUrl = "http://localhost:4567/";
const audience = "https://pets.example/";
const nowSeconds = 1_800_000_000;
const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-issuer-"));
const folder = openStateFolder(dataDir);
const documents = createMemoryDocuments;
let keys: KeyRing;
let tenant: Tenant;
let issuer: Issuer;
let client: { client_id: string; client_secret: string };
let events: IssuerEvent[] = [];

beforeAll(async () => {
  keys = await openKeyRing(folder);
  tenant = await deriveTenant(folder, {
    project: "demo",
    apis: [
      { identifier: audience, scopes: ["read:pets", "write:pets"] },
      { identifier: "no-scopes", scopes: [] },
      ...(["access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"] satisfies TokenDialect[]).map(
        (tokenDialect) => ({ identifier: tokenDialect, scopes: ["read:pets", "write:pets"], tokenDialect }),
      ),
    ],
  });
  issuer = issuerOf(tenant);
  client = credentialsOf(0);
});
afterAll(() => rmSync(dataDir, { recursive: true }));

function issuerOf(with_: Tenant): Issuer {
  events = [];
  return createIssuer({
    issuerUrl,
    tenants: fixedTenantStore(with_),
    keys,
    folder,
    documents,
    clock: () => nowSeconds * 1000 + 999,
    onEvent: (event) => events.push(event),
  });
}

function credentialsOf(index: number) {
  const { clientId, clientSecret } = tenant.clients[index]!;
  return { client_id: clientId, client_secret: clientSecret };
}

function request(method: string, target: string, headers: readonly string[] = [], body = ""): IssuerRequest {
  return { method, target, headers: ["Host", "localhost:4567", ...headers], body: Buffer.from(body) };
}

function askToken(parameters: object, headers: readonly string[] = [], of = issuer): Promise<IssuerAnswer> {
  const body = JSON.stringify({ grant_type: "client_credentials", ...parameters });
  return of.handle(request("POST", "/oauth/token", ["Content-Type", "application/json", ...headers], body));
}

function headerOf(answer: IssuerAnswer, name: string): string | undefined {
  const index = answer.headers.findIndex((each, n) => n % 2 === 0 && each.toLowerCase() === name);
  return index === -1 ? undefined : answer.headers[index + 1];
}

const jsonOf = (answer: IssuerAnswer) => JSON.parse(String(answer.body)) as Record<string, string>;

describe("a granted token", () => {
  test("is answered as Auth0 does", async () => {
    const answer = await askToken({ ...client, audience });
    expect(answer.status).toBe(200);
    expect(headerOf(answer, "content-type")).toBe("application/json");
    expect(headerOf(answer, "cache-control")).toBe("no-store");
    const { access_token, ...rest } = jsonOf(answer);
    expect(rest).toEqual({ scope: "read:pets write:pets", expires_in: 86_400, token_type: "Bearer" });
    expect(decodeProtectedHeader(access_token!)).toEqual({ alg: "RS256", typ: "JWT", kid: keys.current.kid });
    expect(decodeJwt(access_token!)).toEqual({
      iss: issuerUrl,
      sub: `${client.client_id}@clients`,
      aud: audience,
      iat: nowSeconds,
      exp: nowSeconds + 86_400,
      scope: "read:pets write:pets",
      gty: "client-credentials",
      azp: client.client_id,
    });
  });

  test("is the same for a JSON body, a form body, and Basic with either", async () => {
    const basic = `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}`;
    const form = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"];
    const fields = { grant_type: "client_credentials", audience };
    const answers = await Promise.all([
      askToken({ ...client, audience }),
      issuer.handle(request("POST", "/oauth/token", form, String(new URLSearchParams({ ...fields, ...client })))),
      issuer.handle(
        request("POST", "/oauth/token", [...form, "authorization", basic], String(new URLSearchParams(fields))),
      ),
      askToken({ audience, client_id: client.client_id }, ["Authorization", basic]),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => String(body))).size).toBe(1); // no jti: one second, one token (P)
  });

  test("has the requested scopes when the grant holds them", async () => {
    const body = jsonOf(await askToken({ ...client, audience, scope: " write:pets  write:pets" }));
    expect(body.scope).toBe("write:pets");
    expect(decodeJwt(body.access_token!).scope).toBe("write:pets");
  });

  test("has no scope at all when none is granted", async () => {
    const body = jsonOf(await askToken({ ...credentialsOf(1), audience: "no-scopes" }));
    expect(Object.keys(body)).toEqual(["access_token", "expires_in", "token_type"]);
    expect(decodeJwt(body.access_token!)).not.toHaveProperty("scope");
  });

  test("is for the tenant's default audience when the request names none", async () => {
    const body = jsonOf(await askToken(client, [], issuerOf({ ...tenant, defaultAudience: audience })));
    expect(decodeJwt(body.access_token!).aud).toBe(audience);
  });

  test("in an authz dialect has the grant's scopes as permissions, however narrow its scope", async () => {
    const body = jsonOf(await askToken({ ...credentialsOf(2), audience: "access_token_authz", scope: "read:pets" }));
    expect(decodeJwt(body.access_token!)).toMatchObject({
      scope: "read:pets",
      permissions: ["read:pets", "write:pets"],
      azp: credentialsOf(2).client_id,
    });
  });

  test("in the RFC 9068 dialect has its type, client_id and jti", async () => {
    for (const [index, dialect] of [
      [3, "rfc9068_profile"],
      [4, "rfc9068_profile_authz"],
    ] as const) {
      const body = jsonOf(await askToken({ ...credentialsOf(index), audience: dialect }));
      expect(decodeProtectedHeader(body.access_token!).typ).toBe("at+jwt");
      const claims = decodeJwt(body.access_token!);
      expect(claims).toMatchObject({ client_id: credentialsOf(index).client_id, jti: expect.any(String) });
      expect(claims).not.toHaveProperty("gty");
      expect(claims).not.toHaveProperty("azp");
      expect("permissions" in claims).toBe(dialect === "rfc9068_profile_authz");
    }
  });
});

describe("a refusal has Auth0's status and body", () => {
  async function expectRefusal(answer: IssuerAnswer, status: number, body: object): Promise<void> {
    expect(jsonOf(answer)).toEqual(body);
    expect(answer.status).toBe(status);
    expect(headerOf(answer, "cache-control")).toBe("no-store");
    expect(headerOf(answer, "content-type")).toBe("application/json");
  }

  const accessDenied = (error_description: string) => ({ error: "access_denied", error_description });

  test("for an audience that is no API, also when only a slash differs", async () => {
    for (const unknown of ["https://pets.example", "https://PETS.example/", "constructor"]) {
      await expectRefusal(
        await askToken({ ...client, audience: unknown }),
        403,
        accessDenied(`Service not enabled within domain: ${unknown}`),
      );
    }
  });

  test("for a client without a grant for the API", async () => {
    await expectRefusal(
      await askToken({ ...client, audience: "no-scopes" }),
      403,
      accessDenied(
        `Client "${client.client_id}" is not authorized to access resource server "no-scopes". You need to create a "client-grant" associated to this API.`,
      ),
    );
  });

  test("for a wrong secret, an unknown client and no secret alike", async () => {
    const { client_id, client_secret } = client;
    for (const credentials of [
      { client_id, client_secret: `${client_secret}x` },
      { client_id, client_secret: credentialsOf(1).client_secret },
      { client_id, client_secret: "" },
      { client_id: "unknown", client_secret },
      { client_id: "unknown", client_secret: "" },
      { client_id },
      {},
    ]) {
      await expectRefusal(await askToken({ ...credentials, audience }), 401, accessDenied("Unauthorized"));
    }
    const basic = ["Authorization", `Basic ${btoa(`${client_id}:wrong`)}`];
    await expectRefusal(await askToken({ audience }, basic), 401, accessDenied("Unauthorized"));
  });

  test("for a client whose secret is empty, whatever is sent", async () => {
    const clients = tenant.clients.map((each) => ({ ...each, clientSecret: "" }));
    const of = issuerOf({ ...tenant, clients });
    await expectRefusal(
      await askToken({ ...client, client_secret: "", audience }, [], of),
      401,
      accessDenied("Unauthorized"),
    );
  });

  test("for a grant type that the client has not", async () => {
    const clients = tenant.clients.map((each) => ({ ...each, grantTypes: ["authorization_code"] }));
    await expectRefusal(await askToken({ ...client, audience }, [], issuerOf({ ...tenant, clients })), 403, {
      error: "unauthorized_client",
      error_description: "Grant type 'client_credentials' not allowed for the client.",
      error_uri: "https://auth0.com/docs/clients/client-grant-types",
    });
  });

  test("for no audience", async () => {
    const description = "No audience parameter was provided, and no default audience has been configured";
    await expectRefusal(await askToken(client), 403, accessDenied(description));
    await expectRefusal(await askToken({ ...client, audience: "" }), 403, accessDenied(description));
  });

  test("for a scope beyond the grant", async () => {
    await expectRefusal(
      await askToken({ ...client, audience, scope: "read:pets delete:pets" }),
      403,
      accessDenied("Client has not been granted scopes: delete:pets"),
    );
  });

  test("for a grant type that is not there yet it says what is", async () => {
    await expectRefusal(await askToken({ ...client, audience, grant_type: "device_code" }), 400, {
      error: "unsupported_grant_type",
      error_description:
        "Gatewarden's development issuer does not support the grant type 'device_code'. It supports: authorization_code, refresh_token, client_credentials, password, http://auth0.com/oauth/grant-type/password-realm.",
    });
    await expectRefusal(await askToken({ ...client, audience, grant_type: null }), 400, {
      error: "invalid_request",
      error_description: "Missing required parameter: grant_type",
    });
  });
});

describe("a malformed token request is refused with the reason", () => {
  const jsonType = ["Content-Type", "application/json"];
  const formType = ["Content-Type", "application/x-www-form-urlencoded"];
  const many = Object.fromEntries(Array.from({ length: MAX_TOKEN_REQUEST_PARAMETERS + 1 }, (_, n) => [`p${n}`, ""]));

  test.each<[string, readonly string[], string | Buffer, string]>([
    ["text that is no JSON", jsonType, "{", "The request body is not JSON"],
    ["JSON that is no object", jsonType, "[]", "The request body must be a JSON object"],
    ["a parameter that is no string", jsonType, '{"scope":["a"]}', 'The parameter "scope" must be a string'],
    ["bytes that are not UTF-8", jsonType, Buffer.of(0x7b, 0xff), "The request body is not UTF-8"],
    ["a repeated parameter", formType, "audience=a&audience=b", 'The parameter "audience" is repeated'],
    ["too many form parameters", formType, String(new URLSearchParams(many)), "More than 64 parameters"],
    ["too many JSON members", jsonType, JSON.stringify(many), "More than 64 parameters"],
    [
      "another content type",
      ["Content-Type", "text/plain"],
      "grant_type=client_credentials",
      "Content-Type must be application/json or application/x-www-form-urlencoded",
    ],
    [
      "no content type",
      [],
      "grant_type=client_credentials",
      "Content-Type must be application/json or application/x-www-form-urlencoded",
    ],
    [
      "another authorization scheme",
      [...formType, "Authorization", "Bearer x"],
      "",
      "The Authorization header is not well-formed Basic",
    ],
    [
      "two Authorization headers",
      [...formType, "Authorization", "Basic YTpi", "authorization", "Basic YTpi"],
      "",
      "The Authorization header is not well-formed Basic",
    ],
    [
      "secrets in two places",
      [...formType, "Authorization", "Basic YTpi"],
      "client_id=a&client_secret=b",
      "Client credentials are in the header and in the body",
    ],
    [
      "two clients",
      [...formType, "Authorization", "Basic YTpi"],
      "client_id=c",
      "The header and the body name different clients",
    ],
  ])("%s", async (_, headers, body, error_description) => {
    const answer = await issuer.handle({ ...request("POST", "/oauth/token", headers), body: Buffer.from(body) });
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)).toEqual({ error: "invalid_request", error_description });
  });

  test("a body over the bound", async () => {
    const body = Buffer.alloc(MAX_TOKEN_REQUEST_BYTES + 1, " ");
    const answer = await issuer.handle({ ...request("POST", "/oauth/token", jsonType), body });
    expect(answer.status).toBe(413);
  });

  test("a secret in the address is not read", async () => {
    const query = new URLSearchParams({ ...client, audience, grant_type: "client_credentials" });
    const answer = await issuer.handle(request("POST", `/oauth/token?${query}`, formType));
    expect(answer.status).toBe(400);
  });
});

describe("events", () => {
  test("say what was granted or refused, and hold no secret and no token", async () => {
    const of = issuerOf(tenant);
    const { access_token } = jsonOf(await askToken({ ...client, audience }, [], of));
    await askToken({ ...client, audience: "x/".repeat(500) }, [], of);
    const refused = "Service not enabled within domain: ".padEnd(MAX_EVENT_TEXT_CHARS, "x/");
    expect(events).toEqual([
      {
        kind: "token_granted",
        grantType: "client_credentials",
        clientId: client.client_id,
        audience,
        scope: "read:pets write:pets",
        lifetimeSeconds: 86_400,
      },
      {
        kind: "refused",
        endpoint: "POST /oauth/token",
        reason: "audience_unknown",
        description: refused,
        clientId: client.client_id,
        audience: "x/".repeat(MAX_EVENT_TEXT_CHARS / 2),
      },
    ]);
    const logged = JSON.stringify(events);
    expect(logged).not.toContain(client.client_secret);
    expect(logged).not.toContain(access_token!.split(".")[2]);
  });
});

describe("metadata", () => {
  test("discovery names the issuer with its slash and only what works, for any origin", async () => {
    for (const path of ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server?x=1"]) {
      const answer = await issuer.handle(request("GET", path));
      expect(answer.status).toBe(200);
      expect(headerOf(answer, "access-control-allow-origin")).toBe("*");
      const document = jsonOf(answer) as Record<string, unknown>;
      expect(document).toMatchObject({
        issuer: "http://localhost:4567/",
        token_endpoint: "http://localhost:4567/oauth/token",
        jwks_uri: "http://localhost:4567/.well-known/jwks.json",
        authorization_endpoint: "http://localhost:4567/authorize",
        userinfo_endpoint: "http://localhost:4567/userinfo",
        revocation_endpoint: "http://localhost:4567/oauth/revoke",
        end_session_endpoint: "http://localhost:4567/oidc/logout",
        response_types_supported: ["code"],
        grant_types_supported: [
          "authorization_code",
          "refresh_token",
          "client_credentials",
          "password",
          "http://auth0.com/oauth/grant-type/password-realm",
        ],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
      });
      for (const url of Object.values(document).filter((each) => String(each).startsWith(issuerUrl))) {
        if (url === issuerUrl) continue;
        const target = String(url).slice(issuerUrl.length - 1);
        const answers = await Promise.all(["GET", "POST"].map((method) => issuer.handle(request(method, target))));
        expect(answers.some(({ status }) => status !== 404)).toBe(true);
      }
    }
  });

  test("the JWKS is open to any origin, and the token endpoint to none", async () => {
    const answer = await issuer.handle(request("GET", "/.well-known/jwks.json"));
    expect(jsonOf(answer)).toEqual(issuer.jwks());
    expect(headerOf(answer, "access-control-allow-origin")).toBe("*");
    const token = await askToken({ ...client, audience }, ["Origin", "http://localhost:3000"]);
    expect(headerOf(token, "access-control-allow-origin")).toBeUndefined();
  });

  test("the JWKS has a PS256 entry when an API signs so", () => {
    const apis = tenant.apis.map((api) => ({ ...api, signingAlg: "PS256" as const }));
    expect(issuerOf({ ...tenant, apis }).jwks().keys).toHaveLength(2);
    expect(issuer.jwks().keys).toHaveLength(1);
  });

  test("two slashes at the start are not found either, and an event says whose slash it is", async () => {
    const fresh = issuerOf(tenant);
    expect((await fresh.handle(request("GET", "//authorize?client_id=x"))).status).toBe(404);
    expect((await fresh.handle(request("GET", "/nothing"))).status).toBe(404);
    expect(events).toEqual([
      {
        kind: "refused",
        endpoint: "GET //authorize",
        reason: "double_slash",
        description: "Cannot GET //authorize",
      },
    ]);
  });

  test.each([
    "/oauth/par",
    "/oauth/device/code",
    "/oidc/register",
    "/mfa/challenge",
    "/passwordless/start",
    "/dbconnections/signup?a=b",
  ])("%s of Auth0 is not found, and an event says that it is not here", async (target) => {
    const fresh = issuerOf(tenant);
    expect((await fresh.handle(request("POST", target))).status).toBe(404);
    expect(events).toMatchObject([{ kind: "refused", reason: "endpoint_not_supported" }]);
  });

  test("HEAD is GET without the body", async () => {
    const answer = await issuer.handle(request("HEAD", "/.well-known/jwks.json"));
    expect(answer).toMatchObject({ status: 200, body: "" });
  });

  test.each([
    ["GET", "//.well-known/openid-configuration", "Cannot GET //.well-known/openid-configuration"],
    ["GET", "/.well-known/openid-configuration/", "Cannot GET /.well-known/openid-configuration/"],
    ["GET", "/.well-known/../.well-known/jwks.json", "Cannot GET /.well-known/../.well-known/jwks.json"],
    ["GET", "/oauth/token", "Cannot GET /oauth/token"],
    ["PUT", "/", "Cannot PUT /"],
  ])("%s %s is not found", async (method, target, body) => {
    expect(await issuer.handle(request(method, target))).toMatchObject({ status: 404, body });
  });

  test("every answer says that this is a development issuer", async () => {
    const answers = await Promise.all([
      askToken({ ...client, audience }),
      askToken({}),
      issuer.handle(request("GET", "/.well-known/jwks.json")),
      issuer.handle(request("GET", "/nowhere")),
      issuer.handle({ ...request("GET", "/"), headers: ["Host", "evil.example"] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 200, 404, 403]);
    for (const answer of answers) expect(headerOf(answer, "x-dev-issuer")).toBe("gatewarden");
  });
});

describe("only this machine is served", () => {
  const jwksFor = (headers: readonly string[]) =>
    issuer.handle({ method: "GET", target: "/.well-known/jwks.json", headers, body: Buffer.alloc(0) });

  test.each(["localhost", "LOCALHOST:4567", "127.0.0.1:4567", "127.8.9.1", "[::1]:4567", "login.localhost:1"])(
    "Host %s is answered",
    async (host) => {
      expect((await jwksFor(["Host", host])).status).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost",
    "localhost@evil.example",
    "localhost:4567:1",
    "192.168.0.1",
    "0.0.0.0",
    "[::2]",
    "",
  ])("Host %j is refused", async (host) => {
    expect((await jwksFor(["Host", host])).status).toBe(403);
  });

  test("no Host and two Hosts are refused", async () => {
    expect((await jwksFor([])).status).toBe(403);
    expect((await jwksFor(["Host", "localhost", "host", "localhost"])).status).toBe(403);
  });

  test("a custom domain of the tenant is asked by its name, and no other name", async () => {
    const open = createIssuer({
      issuerUrl: "http://localhost:4567/",
      tenants: fixedTenantStore({ ...tenant, customDomains: ["login.example"] }),
      keys,
      folder,
      documents,
    });
    const statuses = await Promise.all(
      ["LOGIN.example", "other.example", "localhost"].map(
        async (host) =>
          (await open.handle({ ...request("GET", "/.well-known/jwks.json"), headers: ["Host", host] })).status,
      ),
    );
    expect(statuses).toEqual([200, 403, 200]);
  });

  test.each([
    "http://localhost:4567",
    "http://localhost:4567/realm/",
    "http://localhost:4567/?a",
    "HTTP://localhost:4567/",
    "http://user@localhost:4567/",
    "ftp://localhost/",
    "localhost",
    "https://tenant.eu.auth0.com/",
    "http://192.168.0.1:4567/",
  ])("the issuer %s cannot be made", (url) => {
    expect(() => createIssuer({ issuerUrl: url, tenants: fixedTenantStore(tenant), keys, folder, documents })).toThrow(
      RangeError,
    );
  });
});
