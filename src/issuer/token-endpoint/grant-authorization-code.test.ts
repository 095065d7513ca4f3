import { createHash } from "node:crypto";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  SAMPLE_ISSUER_URL,
  SAMPLE_NOW_SECONDS,
  sampleApi,
  sampleClient,
  sampleUser,
} from "../fixtures/sample-issuer.ts";
import { SAMPLE_VERIFIER, type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";
import { CODE_LIFETIME_SECONDS } from "./authorization-codes.ts";

const spa = sampleClient();
const web = sampleClient({
  clientId: "WebWebWebWebWebWebWebWebWebWeb12",
  clientSecret: "w".repeat(64),
  tokenEndpointAuthMethod: "client_secret_post",
});
const webSecret = { client_id: web.clientId, client_secret: web.clientSecret };

let endpoint: SampleTokenEndpoint;
beforeEach(async () => {
  endpoint = await sampleTokenEndpoint({ clients: [spa, web] });
});
afterEach(() => endpoint.close());

const refusals = () => endpoint.events.flatMap((event) => (event.kind === "refused" ? [event.reason] : []));

describe("a code of a login to an API", () => {
  test("gives an access token, an ID token and a refresh token", async () => {
    const answer = await endpoint.exchange({}, { nonce: "n-1" });
    expect(answer.status).toBe(200);
    expect(answer.header("cache-control")).toBe("no-store");
    const { access_token, id_token, refresh_token, ...rest } = answer.json();
    expect(Object.keys(answer.json())).toEqual([
      "access_token",
      "refresh_token",
      "id_token",
      "scope",
      "expires_in",
      "token_type",
    ]);
    expect(rest).toEqual({
      scope: "openid profile email read:pets offline_access",
      expires_in: 86_400,
      token_type: "Bearer",
    });
    expect(refresh_token).toMatch(/^[A-Za-z0-9_-]{75}$/);

    expect(decodeProtectedHeader(access_token)).toEqual({ alg: "RS256", typ: "JWT", kid: endpoint.keys.current.kid });
    expect(decodeJwt(access_token)).toEqual({
      iss: SAMPLE_ISSUER_URL,
      sub: "auth0|alice",
      aud: ["https://pets.example", `${SAMPLE_ISSUER_URL}userinfo`],
      iat: SAMPLE_NOW_SECONDS,
      exp: SAMPLE_NOW_SECONDS + 86_400,
      scope: "openid profile email read:pets offline_access",
      azp: spa.clientId,
    });

    const keys = createLocalJWKSet(endpoint.keys.jwks(["RS256"]) as never);
    const verified = await jwtVerify(id_token, keys, {
      issuer: SAMPLE_ISSUER_URL,
      audience: spa.clientId,
      currentDate: new Date(SAMPLE_NOW_SECONDS * 1000),
    });
    expect(verified.payload).toEqual({
      nickname: "alice",
      name: "Alice",
      updated_at: "2026-01-01T00:00:00.000Z",
      email: "alice@pets.example",
      email_verified: true,
      iss: SAMPLE_ISSUER_URL,
      aud: spa.clientId,
      iat: SAMPLE_NOW_SECONDS,
      exp: SAMPLE_NOW_SECONDS + 36_000,
      sub: "auth0|alice",
      sid: "session-1",
      nonce: "n-1",
    });
    expect(endpoint.events).toEqual([
      {
        kind: "token_granted",
        grantType: "authorization_code",
        clientId: spa.clientId,
        audience: "https://pets.example",
        userId: "auth0|alice",
        scope: "openid profile email read:pets offline_access",
        lifetimeSeconds: 86_400,
      },
    ]);
  });

  test("has the time of the login in the ID token when max_age was asked for", async () => {
    const { id_token } = (await endpoint.exchange({}, { hasMaxAge: true })).json();
    expect(decodeJwt(id_token).auth_time).toBe(SAMPLE_NOW_SECONDS - 100);
  });

  test("without openid has a string for its audience and no ID token", async () => {
    const { access_token, ...rest } = (await endpoint.exchange({}, { scopes: ["read:pets"] })).json();
    expect(decodeJwt(access_token).aud).toBe("https://pets.example");
    expect(rest).toEqual({ scope: "read:pets", expires_in: 86_400, token_type: "Bearer" });
  });

  test.each([
    ["the API allows no offline access", { apis: [sampleApi({ allowOfflineAccess: false })] }],
    ["the client may not refresh", { clients: [sampleClient({ grantTypes: ["authorization_code"] })] }],
  ])("gives no refresh token when %s", async (_, changed) => {
    endpoint.tenant = { ...endpoint.tenant, ...changed };
    expect((await endpoint.exchange()).json()).not.toHaveProperty("refresh_token");
  });

  test("has an Action's claims, which replace none of the token's own", async () => {
    const forged = { sub: "auth0|root", aud: "x", permissions: ["all"], iss: "x", scope: "all", exp: 1, nonce: "x" };
    const { access_token, id_token } = (
      await endpoint.exchange(
        {},
        {
          accessTokenClaims: { "https://ns/role": "vet", ...forged },
          idTokenClaims: { "https://ns/role": ["vet"], ...forged, sid: "x" },
        },
      )
    ).json();
    const claims = decodeJwt(access_token);
    expect(claims).toMatchObject({ "https://ns/role": "vet", sub: "auth0|alice", iss: SAMPLE_ISSUER_URL });
    expect(claims.exp).toBe(SAMPLE_NOW_SECONDS + 86_400);
    expect(claims).not.toHaveProperty("permissions");
    expect(decodeJwt(id_token)).toMatchObject({ "https://ns/role": ["vet"], sub: "auth0|alice", sid: "session-1" });
    expect(decodeJwt(id_token)).not.toHaveProperty("nonce");
  });

  test("in an authz dialect has all the user's permissions, by role and direct", async () => {
    endpoint.tenant = {
      ...endpoint.tenant,
      apis: [sampleApi({ tokenDialect: "access_token_authz", enforcePolicies: true })],
      roles: [{ id: "rol_1", name: "vet", description: "", permissions: { "https://pets.example": ["write:pets"] } }],
      users: [sampleUser({ roles: ["rol_1"], permissions: { "https://pets.example": ["read:pets"], other: ["x"] } })],
    };
    const { access_token } = (await endpoint.exchange()).json();
    expect(decodeJwt(access_token).permissions).toEqual(["read:pets", "write:pets"]);
  });

  test("has the issuer that the API speaks for, the ID token this one's", async () => {
    endpoint.tenant = { ...endpoint.tenant, apis: [sampleApi({ issuer: "https://t.eu.auth0.com/" })] };
    const { access_token, id_token } = (await endpoint.exchange()).json();
    expect(decodeJwt(access_token)).toMatchObject({
      iss: "https://t.eu.auth0.com/",
      aud: ["https://pets.example", "https://t.eu.auth0.com/userinfo"],
    });
    expect(decodeJwt(id_token).iss).toBe(SAMPLE_ISSUER_URL);
  });
});

describe("a code of a login to no API", () => {
  test.each([undefined, `${SAMPLE_ISSUER_URL}userinfo`])(
    "gives an opaque token for 86400 s (audience %s)",
    async (audience) => {
      const grant = { scopes: ["openid"], audience };
      const { access_token, id_token, ...rest } = (await endpoint.exchange({}, grant)).json();
      expect(rest).toEqual({ scope: "openid", expires_in: 86_400, token_type: "Bearer" });
      expect(access_token.split(".")).toHaveLength(5);
      expect(decodeProtectedHeader(access_token)).toEqual({ alg: "dir", enc: "A256GCM", iss: SAMPLE_ISSUER_URL });
      expect(id_token).toBeDefined();
    },
  );
});

describe("PKCE", () => {
  test("with the plain method compares the verifier itself", async () => {
    const codeChallenge = { method: "plain", value: SAMPLE_VERIFIER } as const;
    expect((await endpoint.exchange({}, { codeChallenge })).status).toBe(200);
    expect((await endpoint.exchange({ code_verifier: `${SAMPLE_VERIFIER}x` }, { codeChallenge })).status).toBe(403);
  });

  test.each(["w".repeat(43), "", "short", `${SAMPLE_VERIFIER}x`, "é".repeat(43), SAMPLE_VERIFIER.toUpperCase()])(
    "refuses the verifier %j, and the code is spent",
    async (code_verifier) => {
      const code = endpoint.login();
      expect((await endpoint.exchange({ code, code_verifier })).json()).not.toHaveProperty("access_token");
      expect((await endpoint.exchange({ code })).json().error_description).toBe("Invalid authorization code");
    },
  );

  test("a verifier as long as RFC 7636 allows is good, a longer one is not", async () => {
    const verify = (length: number) => {
      const code_verifier = "v".repeat(length);
      const value = createHash("sha256").update(code_verifier).digest("base64url");
      return endpoint.exchange({ code_verifier }, { codeChallenge: { method: "S256", value } });
    };
    const statuses = [];
    for (const length of [42, 43, 128, 129]) statuses.push((await verify(length)).status);
    expect(statuses).toEqual([403, 200, 200, 403]);
  });

  test("a verifier for a code without a challenge is refused: somebody took the challenge away", async () => {
    const asWeb = { clientId: web.clientId, codeChallenge: undefined };
    expect((await endpoint.exchange(webSecret, asWeb)).json().error_description).toBe("Failed to verify code verifier");
    expect((await endpoint.exchange({ ...webSecret, code_verifier: undefined }, asWeb)).status).toBe(200);
  });

  test("a public client cannot do without it", async () => {
    const answer = await endpoint.exchange({ code_verifier: undefined }, { codeChallenge: undefined });
    expect(answer.json().error_description).toBe("Parameter 'code_verifier' is required");
  });
});

describe("a code is refused", () => {
  test("when it is used again, and the first use's refresh token ends", async () => {
    const code = endpoint.login();
    const { refresh_token } = (await endpoint.exchange({ code })).json();
    expect((await endpoint.exchange({ code })).status).toBe(403);
    const refreshed = await endpoint.token({ grant_type: "refresh_token", client_id: spa.clientId, refresh_token });
    expect(refreshed.json().error_description).toBe("Unknown or invalid refresh token.");
    expect(refusals()).toEqual(["code_reused", "refresh_token_unknown"]);
  });

  test.each([{}, { audience: undefined }, { scopes: ["openid"] }])(
    "when it is used again, and /userinfo no longer takes the first use's access token (%o)",
    async (grant) => {
      const [code, other] = [endpoint.login(grant), endpoint.login(grant)];
      const userinfo = async (token: string) => {
        const headers = { authorization: `Bearer ${token}` };
        return (await endpoint.ask("GET", "/userinfo", { headers })).status;
      };
      const { access_token: first } = (await endpoint.exchange({ code })).json();
      expect(await userinfo(first)).toBe(200);
      expect((await endpoint.exchange({ code })).status).toBe(403);
      expect(await userinfo(first)).toBe(401);
      expect(endpoint.events.at(-1)).toMatchObject({ reason: "access_token_refused", actual: "token_ended" });
      const { access_token: second } = (await endpoint.exchange({ code: other })).json();
      expect(await userinfo(second)).toBe(200);
    },
  );

  test("when its user or its application was removed meanwhile, whoever has the id now", async () => {
    const code = endpoint.login({ holders: "1 0" });
    expect((await endpoint.exchange({ code })).json().error_description).toBe("Invalid authorization code");
    expect(refusals()).toEqual(["code_unknown"]);
  });

  test("when two exchanges race, and none of them gets a token", async () => {
    const code = endpoint.login();
    const answers = await Promise.all([1, 2, 3].map(() => endpoint.exchange({ code })));
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    const bare = endpoint.login({ scopes: ["openid"] });
    const others = await Promise.all([1, 2].map(() => endpoint.exchange({ code: bare })));
    expect(others.map(({ status }) => status)).toEqual([403, 403]);
    expect((await endpoint.state.documents().list("issuer-refresh-families")).documents).toEqual([]);
  });

  test("by another client, and then by its own too", async () => {
    const code = endpoint.login();
    expect((await endpoint.exchange({ ...webSecret, code })).json().error_description).toBe(
      "Invalid authorization code",
    );
    expect((await endpoint.exchange({ code })).json().error_description).toBe("Invalid authorization code");
    expect(refusals()).toEqual(["code_of_other_client", "code_reused"]);
  });

  test("when its time is over", async () => {
    const code = endpoint.login();
    endpoint.clock.nowMs += CODE_LIFETIME_SECONDS * 1000;
    expect((await endpoint.exchange({ code })).status).toBe(403);
    expect(refusals()).toEqual(["code_expired"]);
  });

  test("when its user has been blocked or deleted, or its API has gone", async () => {
    const codes = [endpoint.login(), endpoint.login(), endpoint.login()];
    const { users } = endpoint.tenant;
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ isBlocked: true })] };
    expect((await endpoint.exchange({ code: codes[0] })).status).toBe(403);
    endpoint.tenant = { ...endpoint.tenant, users: [] };
    expect((await endpoint.exchange({ code: codes[1] })).status).toBe(403);
    endpoint.tenant = { ...endpoint.tenant, users, apis: [] };
    const answer = await endpoint.exchange({ code: codes[2] });
    expect(answer.json().error_description).toBe("Service not enabled within domain: https://pets.example");
    expect(refusals()).toEqual(["user_blocked", "user_unknown", "audience_unknown"]);
  });

  test("with a redirect_uri that differs by a slash; one that /authorize was not told need not be sent", async () => {
    const slash = await endpoint.exchange({ redirect_uri: "http://localhost:3000/" });
    expect(slash.json().error_description).toBe(
      "The redirect URI is wrong. You sent http://localhost:3000/, and we expected http://localhost:3000",
    );
    const implied = { isRedirectUriImplied: true };
    expect((await endpoint.exchange({ redirect_uri: undefined }, implied)).status).toBe(200);
    expect((await endpoint.exchange({ redirect_uri: "http://localhost:3001" }, implied)).status).toBe(403);
  });
});

test("no event holds a code, a token, a verifier or a secret", async () => {
  const code = endpoint.login();
  const { access_token, refresh_token } = (await endpoint.exchange({ code })).json();
  await endpoint.exchange({ code });
  await endpoint.exchange({ ...webSecret, code: endpoint.login() });
  const logged = JSON.stringify(endpoint.events);
  for (const secret of [code, access_token, refresh_token, SAMPLE_VERIFIER, web.clientSecret]) {
    expect(logged).not.toContain(secret);
  }
});
