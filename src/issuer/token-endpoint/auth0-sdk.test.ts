import { generateKeyPairSync } from "node:crypto";
import { AuthApiError, AuthenticationClient } from "auth0/legacy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SAMPLE_ISSUER_URL, sampleClient } from "../fixtures/sample-issuer.ts";
import { SAMPLE_VERIFIER, type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";

/*
 * Auth0's own Node SDK, which knows https only: its fetch is turned to the endpoint in process. Its keys come by another
 * way, so nobody asks for an ID token here; openid-client does.
 */

const DOMAIN = "localhost:4567";
const AUDIENCE = "https://pets.example";
const REALM = "Username-Password-Authentication";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const grantTypes = [
  "authorization_code",
  "refresh_token",
  "client_credentials",
  "password",
  "http://auth0.com/oauth/grant-type/password-realm",
];
const web = sampleClient({
  clientId: "WebWebWebWebWebWebWebWebWebWeb12",
  clientSecret: "w".repeat(64),
  tokenEndpointAuthMethod: "client_secret_post",
  grantTypes,
});
const signer = sampleClient({
  clientId: "SigSigSigSigSigSigSigSigSigSig12",
  tokenEndpointAuthMethod: "private_key_jwt",
  publicKeys: [publicKey.export({ format: "jwk" }) as Readonly<Record<string, unknown>>],
  grantTypes,
});

let endpoint: SampleTokenEndpoint;
beforeAll(async () => {
  endpoint = await sampleTokenEndpoint(
    {
      clients: [web, signer],
      clientGrants: [web, signer].map(({ clientId }) => ({
        id: clientId,
        clientId,
        audience: AUDIENCE,
        scopes: ["read:pets"],
        subjectType: "client" as const,
      })),
    },
    {},
  );
  endpoint.clock.nowMs = Date.now(); // the SDK's clock cannot be set
});
afterAll(() => endpoint.close());

async function fetchInProcess(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const { pathname } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const answer = await endpoint.ask(request.method, pathname, { headers, body: await request.text() });
  const contentType = answer.header("content-type");
  return new Response(answer.text, {
    status: answer.status,
    ...(contentType && { headers: { "content-type": contentType } }),
  });
}

const clients: readonly (readonly [string, AuthenticationClient])[] = [
  [
    web.clientId,
    new AuthenticationClient({
      domain: DOMAIN,
      clientId: web.clientId,
      clientSecret: web.clientSecret,
      fetch: fetchInProcess,
    }),
  ],
  [
    signer.clientId,
    new AuthenticationClient({
      domain: DOMAIN,
      clientId: signer.clientId,
      clientAssertionSigningKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      fetch: fetchInProcess,
    }),
  ],
];

describe.each(clients)("the SDK as %s", (clientId, { oauth }) => {
  // The SDK says https, and the sample issuer is http.
  beforeAll(() => {
    endpoint.issuerUrl = SAMPLE_ISSUER_URL.replace("http:", "https:");
  });

  test("gets a token for itself", async () => {
    const { data, status } = await oauth.clientCredentialsGrant({ audience: AUDIENCE });
    expect(status).toBe(200);
    expect(data).toMatchObject({ scope: "read:pets", token_type: "Bearer", expires_in: 86_400 });
  });

  test("exchanges a code, refreshes, revokes, and then is told the token is unknown", async () => {
    const code = endpoint.login({ clientId, scopes: ["read:pets", "offline_access"] });
    const redirect_uri = "http://localhost:3000";
    const { data } = await oauth.authorizationCodeGrantWithPKCE({ code, redirect_uri, code_verifier: SAMPLE_VERIFIER });
    const refreshed = await oauth.refreshTokenGrant({ refresh_token: data.refresh_token! });
    const refresh_token = refreshed.data.refresh_token!;
    await oauth.revokeRefreshToken({ token: refresh_token });
    const refused = await oauth.refreshTokenGrant({ refresh_token }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AuthApiError);
    expect(refused).toMatchObject({
      statusCode: 403,
      error: "invalid_grant",
      error_description: "Unknown or invalid refresh token.",
    });
  });

  test("logs a user in by password, with and without the realm", async () => {
    const credentials = {
      username: "alice@pets.example",
      password: "correct horse battery staple",
      audience: AUDIENCE,
    };
    // A copy each time: the SDK writes its assertion into what it is given, and that is good once.
    expect((await oauth.passwordGrant({ ...credentials })).data).toMatchObject({ scope: "read:pets write:pets" });
    expect((await oauth.passwordGrant({ ...credentials, realm: REALM, scope: "read:pets" })).status).toBe(200);
    await expect(oauth.passwordGrant({ ...credentials, password: "wrong" })).rejects.toMatchObject({
      statusCode: 403,
      error_description: "Wrong email or password.",
    });
  });
});
