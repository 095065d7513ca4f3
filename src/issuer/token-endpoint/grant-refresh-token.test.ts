import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ActionVerdict, PostLogin } from "../actions/actions.ts";
import { NO_ACTIONS } from "../actions/no-actions.ts";
import { SAMPLE_NOW_SECONDS, sampleApi, sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";

const spa = sampleClient();
let endpoint: SampleTokenEndpoint;
let action: (login: PostLogin) => Promise<ActionVerdict>;

beforeEach(async () => {
  action = NO_ACTIONS.postLogin;
  endpoint = await sampleTokenEndpoint({}, { actions: { ...NO_ACTIONS, postLogin: (login) => action(login) } });
});
afterEach(() => endpoint.close());

const refresh = (refresh_token: string, parameters: object = {}) =>
  endpoint.token({ grant_type: "refresh_token", client_id: spa.clientId, refresh_token, ...parameters });
const loggedIn = async (grant = {}): Promise<string> => (await endpoint.exchange({}, grant)).json().refresh_token;

describe("a refresh", () => {
  test("gives new tokens of the same login, and another refresh token", async () => {
    const first = await loggedIn({ nonce: "n" });
    endpoint.clock.nowMs += 60_000;
    const { access_token, id_token, refresh_token, ...rest } = (await refresh(first)).json();
    expect(rest).toEqual({
      scope: "openid profile email read:pets offline_access",
      expires_in: 86_400,
      token_type: "Bearer",
    });
    expect(refresh_token).not.toBe(first);
    const iat = SAMPLE_NOW_SECONDS + 60;
    expect(decodeJwt(access_token)).toMatchObject({ sub: "auth0|alice", gty: "refresh_token", azp: spa.clientId, iat });
    expect(decodeJwt(id_token)).toMatchObject({ sub: "auth0|alice", sid: "session-1", aud: spa.clientId, iat });
    expect(decodeJwt(id_token)).not.toHaveProperty("nonce");
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  test("of a token that does not rotate gives none", async () => {
    const clients = [sampleClient({ refreshToken: { ...spa.refreshToken, rotation: "non-rotating" } })];
    endpoint.tenant = { ...endpoint.tenant, clients };
    const token = await loggedIn();
    for (let count = 0; count < 2; count++) expect((await refresh(token)).json()).not.toHaveProperty("refresh_token");
  });

  test("twice at once is good for one, and then the family has ended", async () => {
    const token = await loggedIn();
    const answers = await Promise.all([refresh(token), refresh(token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
    const { refresh_token } = answers.find(({ status }) => status === 200)!.json();
    expect((await refresh(refresh_token)).status).toBe(403);
  });

  test("without an API gives an opaque token again", async () => {
    const token = await loggedIn({ audience: undefined, scopes: ["openid", "offline_access"] });
    expect((await refresh(token)).json().access_token.split(".")).toHaveLength(5);
  });
});

describe("scopes of a refresh", () => {
  test("may be fewer, and the next refresh has all again", async () => {
    const first = await refresh(await loggedIn(), { scope: "read:pets" });
    expect(first.json()).not.toHaveProperty("id_token");
    expect(first.json().scope).toBe("read:pets");
    const second = await refresh(first.json().refresh_token);
    expect(second.json().scope).toBe("openid profile email read:pets offline_access");
  });

  test("that were not granted at the login are left out", async () => {
    const { scope } = (await refresh(await loggedIn(), { scope: "read:pets write:pets openid" })).json();
    expect(scope).toBe("read:pets openid");
  });

  test("are judged again: a permission that was taken away is gone", async () => {
    const token = await loggedIn();
    const permissions = { "https://pets.example": ["read:pets"] };
    endpoint.tenant = {
      ...endpoint.tenant,
      apis: [sampleApi({ enforcePolicies: true })],
      users: [sampleUser({ permissions })],
    };
    const kept = (await refresh(token)).json();
    expect(kept.scope).toContain("read:pets");
    endpoint.tenant = { ...endpoint.tenant, users: [sampleUser()] };
    expect((await refresh(kept.refresh_token)).json().scope).toBe("openid profile email offline_access");
  });

  test("are the Action's last word, and its claims are in the tokens", async () => {
    const token = await loggedIn();
    const seen: PostLogin[] = [];
    action = async (login) => {
      seen.push(login);
      return {
        ok: true,
        scopes: [...login.scopes, "admin:pets"],
        accessTokenClaims: { "https://ns/a": 1 },
        idTokenClaims: { "https://ns/b": 2 },
        warnings: [{ reason: "action_claim_dropped", message: "roles was dropped" }],
      };
    };
    const { access_token, id_token, scope } = (await refresh(token)).json();
    expect(scope).toContain("admin:pets");
    expect(decodeJwt(access_token)["https://ns/a"]).toBe(1);
    expect(decodeJwt(id_token)["https://ns/b"]).toBe(2);
    expect(seen).toMatchObject([{ protocol: "oauth2-refresh-token", user: { userId: "auth0|alice" } }]);
    expect(seen[0]?.request.body).toEqual({ grant_type: "refresh_token", client_id: spa.clientId });
    expect(endpoint.events).toContainEqual({
      kind: "warned",
      reason: "action_claim_dropped",
      message: "roles was dropped",
    });
  });
});

describe("a refresh is refused", () => {
  test("by an Action, with its text, and the token stays good", async () => {
    const token = await loggedIn();
    action = async () => ({ ok: false, reason: "action_denied", error: "access_denied", description: "Not today" });
    const denied = await refresh(token);
    expect(denied).toMatchObject({
      status: 403,
      text: '{"error":"access_denied","error_description":"Not today"}',
    });
    action = NO_ACTIONS.postLogin;
    expect((await refresh(token)).status).toBe(200);
  });

  test("when the Action has failed", async () => {
    const token = await loggedIn();
    action = async () => ({ ok: false, reason: "action_failed", error: "access_denied", description: "It threw" });
    expect(await refresh(token)).toMatchObject({
      status: 403,
      text: '{"error":"access_denied","error_description":"It threw"}',
    });
  });

  test("for another API, and for the user policy of its own", async () => {
    const token = await loggedIn();
    expect(await refresh(token, { audience: "https://other" })).toMatchObject({
      status: 400,
      text: '{"error":"invalid_target","error_description":"The refresh token was granted for the API \\"https://pets.example\\"."}',
    });
    endpoint.tenant = { ...endpoint.tenant, apis: [sampleApi({ userPolicy: "require_client_grant" })] };
    expect((await refresh(token)).json().error).toBe("invalid_request");
    endpoint.tenant = { ...endpoint.tenant, apis: [sampleApi()] };
    expect((await refresh(token, { audience: "https://pets.example" })).status).toBe(200);
  });

  test("by another client, which does not end it", async () => {
    const other = sampleClient({ clientId: "OtherOtherOtherOtherOtherOther12" });
    endpoint.tenant = { ...endpoint.tenant, clients: [spa, other] };
    const token = await loggedIn();
    expect((await refresh(token, { client_id: other.clientId })).status).toBe(403);
    expect((await refresh(token)).status).toBe(200);
  });

  test("when its time is over", async () => {
    const token = await loggedIn();
    endpoint.clock.nowMs += spa.refreshToken.idleLifetimeSeconds * 1000;
    expect((await refresh(token)).status).toBe(403);
    expect(endpoint.events.at(-1)).toMatchObject({ reason: "refresh_token_expired" });
  });

  test("without a token", async () => {
    expect((await refresh("")).json().error_description).toBe("Missing required parameter: refresh_token");
  });
});

test("a refresh token is nobody's after its user or its application was removed, whoever has the id now", async () => {
  const token = await loggedIn();
  const later = await loggedIn();
  const { tenants } = endpoint.state;
  expect((await refresh(token)).status).toBe(200);
  const incarnationOf = (section: string) => (section === "users" ? "2" : "1");
  Object.assign(endpoint.state, { tenants: { ...tenants, incarnationOf } });
  const answer = await refresh(later);
  expect([answer.status, answer.json().error_description]).toEqual([403, "Unknown or invalid refresh token."]);
  expect(endpoint.events.at(-1)).toMatchObject({ kind: "refused", reason: "refresh_token_unknown" });
  Object.assign(endpoint.state, { tenants });
  expect((await refresh(later)).status).toBe(403); // Its family has ended.
});
