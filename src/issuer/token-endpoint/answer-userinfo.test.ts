import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { signJwt } from "../../token/sign-jwt.ts";
import {
  SAMPLE_ISSUER_URL,
  SAMPLE_NOW_SECONDS,
  sampleApi,
  sampleClient,
  sampleUser,
} from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";

let endpoint: SampleTokenEndpoint;
beforeEach(async () => {
  endpoint = await sampleTokenEndpoint({ users: [sampleUser({ picture: "https://pets.example/a.png" })] });
});
afterEach(() => endpoint.close());

const userinfo = (token: string, method = "GET") =>
  endpoint.ask(method, "/userinfo", { headers: { authorization: `Bearer ${token}` } });
const accessToken = async (grant = {}): Promise<string> => (await endpoint.exchange({}, grant)).json().access_token;
const opaque = { audience: undefined };

describe("claims are told by scope", () => {
  test.each([{}, opaque])("all of them, as recorded of Auth0 (%j)", async (grant) => {
    for (const method of ["GET", "POST"]) {
      const answer = await userinfo(await accessToken(grant), method);
      expect(answer.status).toBe(200);
      expect(answer.header("cache-control")).toBe("no-store");
      expect(answer.header("content-type")).toBe("application/json; charset=utf-8");
      expect(answer.json()).toEqual({
        sub: "auth0|alice",
        nickname: "alice",
        name: "Alice",
        picture: "https://pets.example/a.png",
        updated_at: "2026-01-01T00:00:00.000Z",
        email: "alice@pets.example",
        email_verified: true,
      });
    }
  });

  test.each<[readonly string[], readonly string[]]>([
    [["openid"], ["sub"]],
    [
      ["openid", "email"],
      ["sub", "email", "email_verified"],
    ],
    [
      ["openid", "profile"],
      ["sub", "nickname", "name", "picture", "updated_at"],
    ],
  ])("%j", async (scopes, names) => {
    for (const grant of [{ scopes }, { scopes, ...opaque }]) {
      const claims = (await userinfo(await accessToken(grant))).json();
      expect(Object.keys(claims).sort()).toEqual([...names].sort());
    }
  });

  test("as the tenant knows the user now", async () => {
    const token = await accessToken();
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ name: "Alicia" })] };
    expect((await userinfo(token)).json().name).toBe("Alicia");
  });

  test.each([{}, opaque])("with an Action's claims of the ID token, which replace no subject (%j)", async (grant) => {
    const idTokenClaims = { "https://ns/role": "vet", sub: "x" };
    const claims = (await userinfo(await accessToken({ ...grant, idTokenClaims }))).json();
    expect(claims).toMatchObject({ sub: "auth0|alice", "https://ns/role": "vet" });
  });

  test("with an Action's claims of each token's own, also after a refresh", async () => {
    const tokens = (await endpoint.exchange({}, { idTokenClaims: { "https://ns/role": "vet" } })).json();
    const other = await accessToken({ sessionId: "session-2", scopes: ["openid", "read:pets"] });
    expect((await userinfo(other)).json()).not.toHaveProperty(["https://ns/role"]);
    const refresh_token = tokens.refresh_token;
    const clientId = sampleClient().clientId;
    const refreshed = await endpoint.token({ grant_type: "refresh_token", client_id: clientId, refresh_token });
    // The sample has no Action that sets them again.
    expect((await userinfo(refreshed.json().access_token)).json()).not.toHaveProperty(["https://ns/role"]);
    expect((await userinfo(tokens.access_token)).json()).toHaveProperty(["https://ns/role"], "vet");
  });

  test("of an API that speaks for another issuer too", async () => {
    endpoint.tenant = { ...endpoint.tenant, apis: [sampleApi({ issuer: "https://t.eu.auth0.com/" })] };
    expect((await userinfo(await accessToken())).status).toBe(200);
  });

  test("of an API that signs PS256 too", async () => {
    endpoint.tenant = { ...endpoint.tenant, apis: [sampleApi({ signingAlg: "PS256" })] };
    expect((await userinfo(await accessToken())).status).toBe(200);
  });
});

describe("a token is refused", () => {
  async function expectRefused(token: string, actual: string): Promise<void> {
    const answer = await userinfo(token);
    expect(answer).toMatchObject({ status: 401, text: "Unauthorized" });
    expect(answer.header("www-authenticate")).toBe('Bearer error="invalid_token"');
    expect(endpoint.events.at(-1)).toMatchObject({ endpoint: "GET /userinfo", reason: "access_token_refused", actual });
    if (token.length > 20) expect(JSON.stringify(endpoint.events)).not.toContain(token.slice(-20));
  }

  test("that was not granted openid", async () => {
    await expectRefused(await accessToken({ scopes: ["profile", "read:pets"] }), "audience_mismatch");
    await expectRefused(await accessToken({ scopes: ["profile"], ...opaque }), "openid_missing");
  });

  test.each([{}, opaque])("that has expired (%j)", async (grant) => {
    const token = await accessToken(grant);
    endpoint.clock.nowMs += 86_400_000 - 1;
    expect((await userinfo(token)).status).toBe(200);
    endpoint.clock.nowMs += 1;
    await expectRefused(token, token.split(".").length === 5 ? "opaque_token_unknown" : "token_expired");
  });

  test("whose user is blocked or gone", async () => {
    const token = await accessToken();
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser({ isBlocked: true })] };
    await expectRefused(token, "user_blocked");
    endpoint.tenant = { ...endpoint.tenant, users: [] };
    await expectRefused(token, "user_unknown");
  });

  test("that is an ID token, of another issuer, or signed by nobody", async () => {
    const { id_token } = (await endpoint.exchange()).json();
    await expectRefused(id_token, "audience_mismatch");
    const { privateKey, kid } = endpoint.keys.current;
    const claims = {
      iss: SAMPLE_ISSUER_URL,
      aud: `${SAMPLE_ISSUER_URL}userinfo`,
      sub: "auth0|alice",
      scope: "openid",
      exp: SAMPLE_NOW_SECONDS + 60,
    };
    const sign = (more: object) => signJwt({ ...claims, ...more }, { algorithm: "RS256", privateKey, kid });
    expect((await userinfo(sign({}))).status).toBe(200);
    await expectRefused(sign({ iss: "https://other/", aud: "https://other/userinfo" }), "issuer_mismatch");
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    await expectRefused(`${part({ alg: "none", kid })}.${part(claims)}.`, "algorithm_not_allowed");
  });

  test("of another project's opaque kind, or changed in any part", async () => {
    const token = await accessToken(opaque);
    const parts = token.split(".");
    for (const index of [0, 1, 2, 3, 4]) {
      const changed = parts.map((part, at) => (at === index ? flipped(part) : part)).join(".");
      await expectRefused(changed, "opaque_token_unknown");
    }
    const stranger = await sampleTokenEndpoint();
    const { access_token } = (await stranger.exchange({}, opaque)).json();
    stranger.close();
    await expectRefused(access_token, "opaque_token_unknown");
  });

  function flipped(part: string): string {
    return part === "" ? "AAAA" : `${part.slice(0, 5)}${part[5] === "A" ? "B" : "A"}${part.slice(6)}`;
  }

  test.each<[Readonly<Record<string, string>>, string]>([
    [{}, "token_missing"],
    [{ authorization: "Basic YTpi" }, "authorization_malformed"],
    [{ authorization: "Bearer" }, "authorization_malformed"],
    [{ authorization: "Bearer a b" }, "authorization_malformed"],
    [{ Authorization: "Bearer a", authorization: "Bearer b" }, "authorization_malformed"],
  ])("that is sent as %j", async (headers, actual) => {
    const answer = await endpoint.ask("GET", "/userinfo?access_token=x", { headers });
    expect(answer.status).toBe(401);
    expect(endpoint.events.at(-1)).toMatchObject({ actual });
  });
});
