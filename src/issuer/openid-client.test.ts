import type { webcrypto } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as client from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  SAMPLE_ISSUER_URL,
  type SampleIssuer,
  sampleApi,
  sampleClient,
  sampleIssuer,
  sampleUser,
} from "./fixtures/sample-issuer.ts";

/* A certified client library runs whole flows against the issuer over HTTP, with a browser made of fetch. */

const CALLBACK = "http://localhost:3000/callback";
const AUDIENCE = "https://pets.example";
const SCOPE = "openid profile email offline_access read:pets";
const WEB_SECRET = "w".repeat(64);

let sample: SampleIssuer;
let server: Server;
let issuerUrl: string;
let signing: webcrypto.CryptoKeyPair;

beforeAll(async () => {
  signing = await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
    true,
    ["sign", "verify"],
  );
  server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = "", url: target = "", rawHeaders: headers } = incoming;
    const answer = await sample.issuer.handle({ method, target, headers, body: Buffer.concat(chunks) }, issuerUrl);
    outgoing.writeHead(answer.status, answer.headers as string[]).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const app = { callbacks: [CALLBACK], grantTypes: ["authorization_code", "refresh_token", "client_credentials"] };
  const publicJwk = await crypto.subtle.exportKey("jwk", signing.publicKey);
  sample = await sampleIssuer(
    {
      apis: [sampleApi()],
      users: [sampleUser()],
      clients: [
        sampleClient({ ...app, clientId: "spa", tokenEndpointAuthMethod: "none" }),
        sampleClient({
          ...app,
          clientId: "web",
          clientSecret: WEB_SECRET,
          tokenEndpointAuthMethod: "client_secret_basic",
        }),
        sampleClient({
          ...app,
          clientId: "signer",
          tokenEndpointAuthMethod: "private_key_jwt",
          publicKeys: [publicJwk as Readonly<Record<string, unknown>>],
        }),
      ],
      clientGrants: [
        { id: "cgr_1", clientId: "signer", audience: AUDIENCE, scopes: ["read:pets"], subjectType: "client" },
      ],
    },
    { issuerUrl: SAMPLE_ISSUER_URL, clock: Date.now },
  );
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  sample.close();
});

const discover = (clientId: string, authentication: client.ClientAuth): Promise<client.Configuration> =>
  client.discovery(new URL(issuerUrl), clientId, {}, authentication, { execute: [client.allowInsecureRequests] });

const authentications: readonly (readonly [string, () => client.ClientAuth])[] = [
  ["spa", () => client.None()],
  ["web", () => client.ClientSecretBasic(WEB_SECRET)],
  ["web", () => client.ClientSecretPost(WEB_SECRET)],
  ["signer", () => client.PrivateKeyJwt(signing.privateKey)],
];

/** Follows redirects within the issuer with its cookies, and presses the first button of a form. */
async function browse(url: URL): Promise<URL> {
  const jar = new Map<string, string>();
  let next = url;
  let init: RequestInit = {};
  for (let hops = 0; hops < 10; hops++) {
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(next, { ...init, redirect: "manual", headers: { cookie } });
    for (const each of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (each.split(";")[0] ?? "").split("=");
      jar.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location !== null) {
      next = new URL(location, next);
      if (next.href.startsWith(CALLBACK)) return next;
      init = {};
      continue;
    }
    const page = await answer.text();
    const state = /name="state" value="([^"]+)"/.exec(page)?.[1];
    const user = /name="user" value="([^"]+)"/.exec(page)?.[1];
    const action = /action="([^"]+)"/.exec(page)?.[1];
    if (!answer.ok || !state || !user || !action) throw new Error(`No way on from ${next.pathname}: ${page}`);
    next = new URL(action, next);
    init = { method: "POST", body: new URLSearchParams({ state, user }) };
  }
  throw new Error("Too many redirects");
}

async function logIn(config: client.Configuration, parameters: Readonly<Record<string, string>> = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: SCOPE,
    audience: AUDIENCE,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    max_age: "600",
    ...parameters,
  });
  const callback = await browse(url);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 600, idTokenExpected: true };
  return { callback, checks };
}

const invalidGrant = (description: string) => ({ error: "invalid_grant", error_description: description, status: 403 });
const UNKNOWN_REFRESH_TOKEN = invalidGrant("Unknown or invalid refresh token.");

describe.each(authentications)("%s", (clientId, authenticate) => {
  test("logs in, asks who it is, refreshes, and is found out when it reuses a refresh token", async () => {
    const config = await discover(clientId, authenticate());
    const { callback, checks } = await logIn(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    expect(tokens.claims()).toMatchObject({ sub: "auth0|alice", aud: clientId, email: "alice@pets.example" });
    expect(tokens.expires_in).toBe(86_400);
    expect(tokens.scope).toBe(SCOPE);
    const user = await client.fetchUserInfo(config, tokens.access_token, "auth0|alice");
    expect(user).toMatchObject({ name: "Alice", email_verified: true });

    const second = await client.refreshTokenGrant(config, tokens.refresh_token!);
    expect(second.refresh_token).not.toBe(tokens.refresh_token);
    expect(second.claims()?.sub).toBe("auth0|alice");
    const third = await client.refreshTokenGrant(config, second.refresh_token!, { scope: "openid read:pets" });
    expect(third.scope).toBe("openid read:pets");

    await expect(client.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject(UNKNOWN_REFRESH_TOKEN);
    await expect(client.refreshTokenGrant(config, third.refresh_token!)).rejects.toMatchObject(UNKNOWN_REFRESH_TOKEN);
  });

  test("uses a code twice, which ends what the first use got", async () => {
    const config = await discover(clientId, authenticate());
    const { callback, checks } = await logIn(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject(
      invalidGrant("Invalid authorization code"),
    );
    await expect(client.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject(UNKNOWN_REFRESH_TOKEN);
  });

  test("revokes its refresh token", async () => {
    const config = await discover(clientId, authenticate());
    const { callback, checks } = await logIn(config);
    const { refresh_token } = await client.authorizationCodeGrant(config, callback, checks);
    await client.tokenRevocation(config, refresh_token!);
    await client.tokenRevocation(config, refresh_token!);
    await expect(client.refreshTokenGrant(config, refresh_token!)).rejects.toMatchObject(UNKNOWN_REFRESH_TOKEN);
  });

  test("cannot do with another verifier than its own", async () => {
    const config = await discover(clientId, authenticate());
    const { callback, checks } = await logIn(config);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    await expect(
      client.authorizationCodeGrant(config, callback, { ...checks, pkceCodeVerifier }),
    ).rejects.toMatchObject(invalidGrant("Failed to verify code verifier"));
  });

  test("without an audience gets an opaque token that is good at userinfo", async () => {
    const config = await discover(clientId, authenticate());
    const { callback, checks } = await logIn(config, { audience: "" });
    const { access_token } = await client.authorizationCodeGrant(config, callback, checks);
    expect(access_token.split(".")).toHaveLength(5);
    expect((await client.fetchUserInfo(config, access_token, "auth0|alice")).nickname).toBe("alice");
  });
});

test("a client with a key gets a token for itself, each time by another assertion", async () => {
  const config = await discover("signer", client.PrivateKeyJwt(signing.privateKey));
  for (let count = 0; count < 2; count++) {
    const tokens = await client.clientCredentialsGrant(config, { audience: AUDIENCE });
    expect(tokens.scope).toBe("read:pets");
  }
  const other = await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
  const stranger = await discover("signer", client.PrivateKeyJwt(other.privateKey));
  await expect(client.clientCredentialsGrant(stranger, { audience: AUDIENCE })).rejects.toMatchObject({
    error: "access_denied",
    status: 401,
  });
});
