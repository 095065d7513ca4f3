import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SAMPLE_NOW_SECONDS, sampleApi, sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";
import { REALM } from "./grant-password.ts";

const REALM_GRANT = "http://auth0.com/oauth/grant-type/password-realm";
const client = sampleClient({
  clientSecret: "p".repeat(64),
  tokenEndpointAuthMethod: "client_secret_post",
  grantTypes: ["password", REALM_GRANT, "refresh_token"],
});
let endpoint: SampleTokenEndpoint;

beforeEach(async () => {
  endpoint = await sampleTokenEndpoint({ clients: [client] });
});
afterEach(() => endpoint.close());

const login = (parameters: object = {}) =>
  endpoint.token({
    grant_type: "password",
    client_id: client.clientId,
    client_secret: client.clientSecret,
    audience: "https://pets.example",
    username: "alice@pets.example",
    password: "correct horse battery staple",
    ...parameters,
  });

describe("email and password", () => {
  test("give a user's tokens that say how they were got", async () => {
    const { access_token, id_token, refresh_token, ...rest } = (
      await login({ scope: "openid read:pets offline_access" })
    ).json();
    expect(rest).toEqual({ scope: "openid read:pets offline_access", expires_in: 86_400, token_type: "Bearer" });
    expect(decodeJwt(access_token)).toMatchObject({ sub: "auth0|alice", gty: "password", azp: client.clientId });
    expect(decodeJwt(id_token)).toMatchObject({ sub: "auth0|alice", iat: SAMPLE_NOW_SECONDS });
    const refreshed = await login({ grant_type: "refresh_token", refresh_token });
    expect(refreshed.status).toBe(200);
  });

  test("without a scope give all that the API defines, less what RBAC keeps back", async () => {
    expect((await login()).json().scope).toBe("read:pets write:pets");
    const permissions = { "https://pets.example": ["read:pets"] };
    endpoint.tenant = {
      ...endpoint.tenant,
      apis: [sampleApi({ enforcePolicies: true })],
      users: [sampleUser({ permissions })],
    };
    expect((await login()).json().scope).toBe("read:pets");
  });

  test("without an audience give an opaque token, or one for the tenant's default", async () => {
    expect((await login({ audience: undefined })).json().access_token.split(".")).toHaveLength(5);
    endpoint.tenant = { ...endpoint.tenant, defaultAudience: "https://pets.example" };
    for (const audience of [undefined, ""]) {
      expect(decodeJwt((await login({ audience })).json().access_token).aud).toBe("https://pets.example");
    }
  });

  test("the email's case does not count, the password's does", async () => {
    expect((await login({ username: "ALICE@pets.example" })).status).toBe(200);
    expect((await login({ password: "Correct horse battery staple" })).status).toBe(403);
  });

  test("the username is as good as the email", async () => {
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ username: "alice.liddell" })] };
    expect((await login({ username: "Alice.Liddell" })).status).toBe(200);
    expect((await login({ username: "alice.liddell", password: "wrong" })).status).toBe(403);
  });

  test("of a user whose password is empty, or who has no email, are never right", async () => {
    const { email, ...nameless } = sampleUser();
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ password: "" }), nameless] };
    expect((await login()).status).toBe(403);
    expect((await login({ password: "" })).json().error_description).toBe("Missing required parameter: password");
    expect((await login({ username: "undefined" })).status).toBe(403);
  });

  test("for an unknown audience are not looked at", async () => {
    const answer = await login({ audience: "https://unknown", password: "wrong" });
    expect(answer.json().error_description).toBe("Service not enabled within domain: https://unknown");
  });

  test("are in no event", async () => {
    await login({ password: "a wrong password" });
    await login();
    expect(JSON.stringify(endpoint.events)).not.toMatch(/a wrong password|correct horse/);
  });
});

describe("with a realm", () => {
  test("the database's own name is good, another and none are not", async () => {
    const byRealm = (realm?: string) => login({ grant_type: REALM_GRANT, realm });
    expect((await byRealm(REALM)).status).toBe(200);
    expect((await byRealm("google-oauth2")).json().error).toBe("invalid_request");
    expect((await byRealm()).json().error_description).toBe("Missing required parameter: realm");
  });

  test("the client needs that very grant type", async () => {
    endpoint.tenant = { ...endpoint.tenant, clients: [{ ...client, grantTypes: ["password"] }] };
    expect((await login({ grant_type: REALM_GRANT, realm: REALM })).json().error_description).toBe(
      "Grant type 'http://auth0.com/oauth/grant-type/password-realm' not allowed for the client.",
    );
  });
});
