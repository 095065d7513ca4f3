import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sampleApi, sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";
import type { Client } from "../tenant/tenant.ts";

/*
 * What these endpoints answer when they refuse: status and body, byte for byte. A text without a label is Auth0's as
 * public code and issues show it (C); (R) is recorded from the service, (?) is not verified, and ours says so.
 */

const AUDIENCE = "https://pets.example";
const m2m: Client = sampleClient({
  clientId: "M2mM2mM2mM2mM2mM2mM2mM2mM2mM2m12",
  clientSecret: "m".repeat(64),
  appType: "non_interactive",
  tokenEndpointAuthMethod: "client_secret_post",
  grantTypes: ["client_credentials", "password", "http://auth0.com/oauth/grant-type/password-realm"],
});
const spa = sampleClient();
const secret = { client_id: m2m.clientId, client_secret: m2m.clientSecret };
const client_credentials = { grant_type: "client_credentials", ...secret, audience: AUDIENCE };
const password = { grant_type: "password", ...secret, audience: AUDIENCE, username: "alice@pets.example" };
const right = { password: "correct horse battery staple" };

let endpoint: SampleTokenEndpoint;
beforeAll(async () => {
  endpoint = await sampleTokenEndpoint();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  endpoint.tenant = {
    ...endpoint.tenant,
    apis: [sampleApi(), sampleApi({ identifier: "granted" })],
    clients: [spa, m2m],
    clientGrants: [
      { id: "cgr_1", clientId: m2m.clientId, audience: "granted", scopes: ["read:pets"], subjectType: "client" },
    ],
    users: [sampleUser(), sampleUser({ userId: "auth0|bob", email: "bob@pets.example", isBlocked: true })],
  };
});

const invalidCode = '{"error":"invalid_grant","error_description":"Invalid authorization code"}';
const invalidRefreshToken = '{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}';
const unauthorized = '{"error":"access_denied","error_description":"Unauthorized"}';

describe("POST /oauth/token refuses", () => {
  test.each<[string, object, number, string]>([
    [
      "an audience that is no API",
      { ...client_credentials, audience: "https://unknown" },
      403,
      '{"error":"access_denied","error_description":"Service not enabled within domain: https://unknown"}',
    ],
    [
      "a client without a grant",
      client_credentials,
      403,
      `{"error":"access_denied","error_description":"Client \\"${m2m.clientId}\\" is not authorized to access resource server \\"https://pets.example\\". You need to create a \\"client-grant\\" associated to this API."}`,
    ],
    ["a wrong secret", { ...client_credentials, client_secret: "wrong" }, 401, unauthorized],
    ["an unknown client", { ...client_credentials, client_id: "unknown" }, 401, unauthorized],
    [
      "a grant type that is off",
      { ...client_credentials, grant_type: "refresh_token" },
      403,
      '{"error":"unauthorized_client","error_description":"Grant type \'refresh_token\' not allowed for the client.","error_uri":"https://auth0.com/docs/clients/client-grant-types"}',
    ],
    [
      "no audience where there is no default",
      { ...client_credentials, audience: undefined },
      403,
      '{"error":"access_denied","error_description":"No audience parameter was provided, and no default audience has been configured"}',
    ],
    [
      "scopes beyond the grant",
      { ...client_credentials, audience: "granted", scope: "write:pets" },
      403,
      '{"error":"access_denied","error_description":"Client has not been granted scopes: write:pets"}',
    ],
    ["a bad code (R)", { grant_type: "authorization_code", client_id: spa.clientId, code: "bad" }, 403, invalidCode],
    [
      "an unknown refresh token",
      { grant_type: "refresh_token", client_id: spa.clientId, refresh_token: "bad" },
      403,
      invalidRefreshToken,
    ],
    [
      "a wrong password",
      { ...password, password: "wrong" },
      403,
      '{"error":"invalid_grant","error_description":"Wrong email or password."}',
    ],
    [
      "a wrong password of a realm",
      {
        ...password,
        grant_type: "http://auth0.com/oauth/grant-type/password-realm",
        realm: "Username-Password-Authentication",
        password: "wrong",
      },
      403,
      '{"error":"invalid_grant","error_description":"Wrong email or password."}',
    ],
    [
      "a blocked user (D, status ?)",
      { ...password, ...right, username: "bob@pets.example" },
      403,
      '{"error":"unauthorized","error_description":"user is blocked"}',
    ],
    [
      "a missing grant_type (?)",
      secret,
      400,
      '{"error":"invalid_request","error_description":"Missing required parameter: grant_type"}',
    ],
    [
      "a missing code (?)",
      { grant_type: "authorization_code", client_id: spa.clientId },
      400,
      '{"error":"invalid_request","error_description":"Missing required parameter: code"}',
    ],
    [
      "an unknown realm (ours)",
      { ...password, ...right, grant_type: "http://auth0.com/oauth/grant-type/password-realm", realm: "other" },
      400,
      '{"error":"invalid_request","error_description":"The realm is unknown."}',
    ],
  ])("%s", async (_, parameters, status, text) => {
    const answer = await endpoint.token(parameters);
    expect(answer.text).toBe(text);
    expect(answer.status).toBe(status);
    expect(answer.header("content-type")).toBe("application/json");
    expect(answer.header("cache-control")).toBe("no-store");
  });

  test.each<[string, object, number, string]>([
    [
      "a wrong code verifier",
      { code_verifier: "w".repeat(43) },
      403,
      '{"error":"invalid_grant","error_description":"Failed to verify code verifier"}',
    ],
    [
      "no code verifier (status ?)",
      { code_verifier: undefined },
      400,
      '{"error":"invalid_request","error_description":"Parameter \'code_verifier\' is required"}',
    ],
    [
      "another redirect_uri (status ?)",
      { redirect_uri: "http://localhost:3001/callback" },
      403,
      '{"error":"unauthorized_client","error_description":"The redirect URI is wrong. You sent http://localhost:3001, and we expected http://localhost:3000"}',
    ],
    [
      "no redirect_uri (status ?)",
      { redirect_uri: undefined },
      403,
      '{"error":"invalid_grant","error_description":"redirect_uri is required if it was included in the authorization request."}',
    ],
  ])("a code with %s", async (_, parameters, status, text) => {
    const answer = await endpoint.exchange(parameters);
    expect(answer.text).toBe(text);
    expect(answer.status).toBe(status);
  });

  test("a reused refresh token, and then its successor", async () => {
    const { refresh_token } = (await endpoint.exchange()).json();
    const refresh = (token: string) =>
      endpoint.token({ grant_type: "refresh_token", client_id: spa.clientId, refresh_token: token });
    const { refresh_token: successor } = (await refresh(refresh_token)).json();
    for (const token of [refresh_token, successor]) {
      expect(await refresh(token)).toMatchObject({ status: 403, text: invalidRefreshToken });
    }
  });

  test("the password of a user with a second factor (C)", async () => {
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ hasMultifactor: true })] };
    const answer = await endpoint.token({ ...password, ...right });
    const { mfa_token: mfaToken } = answer.json();
    expect(answer.text).toBe(
      `{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"${mfaToken}"}`,
    );
    expect(answer.status).toBe(403);
    expect(mfaToken).toMatch(/^[\w-]{43}$/);
    const next = { ...secret, grant_type: "http://auth0.com/oauth/grant-type/mfa-otp", mfa_token: mfaToken, otp: "1" };
    expect((await endpoint.token(next)).json().error).toBe("unsupported_grant_type");
  });

  test("no client without an audience where the tenant has the flag of old ones: an opaque token, no scope (D)", async () => {
    endpoint.tenant = { ...endpoint.tenant, opaqueTokensForClients: true, defaultAudience: AUDIENCE };
    const answer = await endpoint.token({ ...client_credentials, audience: undefined });
    expect(answer.status).toBe(200);
    const { access_token: token, ...rest } = answer.json();
    expect(rest).toEqual({ expires_in: 86_400, token_type: "Bearer" });
    expect(token.split(".")).toHaveLength(5);
    const asked = await endpoint.ask("GET", "/userinfo", { headers: { Authorization: `Bearer ${token}` } });
    expect(asked.status).toBe(401);
  });

  test("a refresh for a user who is gone, or blocked (status ?)", async () => {
    const { refresh_token } = (await endpoint.exchange()).json();
    const refresh = () => endpoint.token({ grant_type: "refresh_token", client_id: spa.clientId, refresh_token });
    endpoint.tenant = { ...endpoint.tenant, users: [] };
    expect(await refresh()).toMatchObject({
      status: 403,
      text: '{"error":"invalid_grant","error_description":"The refresh_token was generated for a user who doesn\'t exist anymore."}',
    });
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ isBlocked: true })] };
    expect(await refresh()).toMatchObject({
      status: 403,
      text: '{"error":"invalid_grant","error_description":"user is blocked"}',
    });
  });

  test("an API whose policy keeps clients or users out (C text of /authorize, status ?)", async () => {
    const apis = [sampleApi({ clientPolicy: "deny_all", userPolicy: "deny_all" })];
    endpoint.tenant = { ...endpoint.tenant, apis };
    const notAuthorized = `Client \\"${m2m.clientId}\\" is not authorized to access resource server \\"https://pets.example\\".`;
    expect(await endpoint.token(client_credentials)).toMatchObject({
      status: 403,
      text: `{"error":"access_denied","error_description":"${notAuthorized}"}`,
    });
    expect(await endpoint.token({ ...password, ...right })).toMatchObject({
      status: 403,
      text: `{"error":"invalid_request","error_description":"${notAuthorized}"}`,
    });
  });
});

describe("the other endpoints refuse", () => {
  test.each(["GET", "POST"])("%s /userinfo without or with a wrong token (?)", async (method) => {
    for (const headers of [{}, { authorization: "Bearer wrong" }]) {
      const answer = await endpoint.ask(method, "/userinfo", { headers });
      expect(answer).toMatchObject({ status: 401, text: "Unauthorized" });
      expect(answer.header("www-authenticate")).toBe('Bearer error="invalid_token"');
    }
  });

  test("POST /oauth/revoke by a client that is not who it says", async () => {
    const body = { ...secret, client_secret: "wrong", token: "any" };
    expect(await endpoint.ask("POST", "/oauth/revoke", { body })).toMatchObject({ status: 401, text: unauthorized });
  });
});
