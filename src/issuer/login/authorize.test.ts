import { describe, expect, test } from "vitest";
import { sampleApi, sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import {
  hiddenState,
  SAMPLE_CHALLENGE,
  SAMPLE_VERIFIER,
  type SampleBrowser,
  sampleLogin,
} from "../fixtures/sample-login.ts";

const HOSTILE = `"><script>alert(1)</script>`;
const webApp = sampleClient({
  clientId: "web",
  name: "Web",
  appType: "regular_web",
  tokenEndpointAuthMethod: "client_secret_post",
});

describe("nobody is redirected", () => {
  test("for an unknown client, whose page tells how to create it", async () => {
    const sample = sampleLogin();
    const answer = await sample.browser().authorize({ client_id: "nobody" });
    expect(answer.status).toBe(400);
    expect(answer.location).toBe("");
    expect(answer.text).toContain('<p class="error">Unknown client: nobody</p>');
    expect(answer.text).toContain(
      "gatewarden issuer app create NAME --client-id nobody --callback http://localhost:3000 --type spa</code>",
    );
    expect(sample.events).toEqual([
      {
        kind: "refused",
        endpoint: "GET /authorize",
        reason: "client_unknown",
        description: "Unknown client: nob…",
        clientId: "nob…",
      },
    ]);
  });

  test("nor is what a client is called ever HTML, or part of a command that runs something else", async () => {
    const sample = sampleLogin();
    const answer = await sample.browser().authorize({ client_id: HOSTILE, redirect_uri: "http://x/;rm" });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain("<script");
    expect(answer.text).toContain("--client-id ID --callback URL --type spa");
    const pasted = await sample.browser().authorize({ client_id: "$(reboot)" });
    expect(pasted.text).toContain("--client-id ID ");
  });

  test.each([
    "http://localhost:3001",
    "http://localhost:3000/",
    "http://localhost:3000?x=1",
    "http://localhost:3000/callback",
    "http://127.0.0.1:3000",
    "HTTP://localhost:3000",
    "https://localhost:3000",
    "http://localhost:3000@evil.example",
    "http://evil.example",
    "//evil.example",
    "javascript:alert(1)",
    "http://localhost:3000\r\nSet-Cookie: a=b",
    `http://localhost:3000/${HOSTILE}`,
  ])("to a callback that is not listed: %j", async (redirect_uri) => {
    const sample = sampleLogin();
    const answer = await sample.browser().authorize({ redirect_uri });
    expect(answer.status).toBe(403);
    expect(answer.location).toBe("");
    expect(answer.text).toContain(
      "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
    );
    expect(answer.text).toContain("<li><code>http://localhost:3000</code></li>");
    expect(answer.text).not.toContain("<script");
    expect(answer.header("x-frame-options")).toBe("DENY");
    expect(sample.events).toMatchObject([
      { reason: "callback_mismatch", expected: ["http://localhost:3000"], actual: redirect_uri },
    ]);
  });

  test.each([
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://*.example/cb",
    "http://localhost:3000/#/callback",
    "/callback",
    "http://localhost:3000/\r\nSet-Cookie: a=b",
  ])("to a callback that should never have been listed: %j", async (redirect_uri) => {
    const sample = sampleLogin({ clients: [sampleClient({ callbacks: [redirect_uri] })] });
    const answer = await sample.browser().authorize({ redirect_uri });
    expect(answer.status).toBe(403);
    expect(answer.location).toBe("");
    expect(sample.reasons()).toEqual(["callback_unusable"]);
  });

  test("without a redirect_uri, unless the client has exactly one", async () => {
    const one = sampleLogin();
    const answer = await one.browser().logIn({ redirect_uri: undefined });
    expect(answer.location).toMatch(/^http:\/\/localhost:3000\?code=/);
    expect(one.grantOf(answer)).toMatchObject({ redirectUri: "http://localhost:3000", isRedirectUriImplied: true });
    for (const callbacks of [[], ["http://localhost:3000", "http://localhost:3001"]]) {
      const other = sampleLogin({ clients: [sampleClient({ callbacks })] });
      const refused = await other.browser().authorize({ redirect_uri: undefined });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain("Missing required parameter: redirect_uri");
    }
  });

  test("with a client secret in the address, a request object, or a parameter that is repeated or too long", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    expect((await browser.authorize({ client_secret: "s3cret" })).status).toBe(400);
    expect((await browser.authorize({ request_uri: "urn:x" })).status).toBe(400);
    expect((await browser.authorize({ state: "s".repeat(5000) })).status).toBe(400);
    const { clientId } = sampleClient();
    const twice = await browser.get(
      `/authorize?client_id=${clientId}&redirect_uri=http://localhost:3000&state=a&state=b`,
    );
    expect(twice.status).toBe(400);
    expect(sample.reasons()).toEqual([
      "secret_in_address",
      "parameters_malformed",
      "parameters_malformed",
      "parameters_malformed",
    ]);
    expect(JSON.stringify(sample.events)).not.toContain("s3cret");
  });

  test("by web_message to a callback without an origin", async () => {
    const callback = "com.example.app://cb";
    const sample = sampleLogin({ clients: [sampleClient({ callbacks: [callback] })] });
    const answer = await sample
      .browser()
      .authorize({ redirect_uri: callback, response_mode: "web_message", prompt: "none" });
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain("postMessage");
  });
});

test("by web_message only pages of web_origins are told, and the refusal names what to add", async () => {
  const silent = { response_mode: "web_message", prompt: "none" };
  const webOrigins = ["http://localhost:3001"];
  const callbacks = ["http://localhost:3000/callback", "http://localhost:3001/callback"];
  const client = sampleClient({ name: "Pets", callbacks, webOrigins, allowedOrigins: ["http://localhost:3000"] });
  const sample = sampleLogin({ clients: [client] });
  const browser = sample.browser();
  await browser.logIn({ redirect_uri: callbacks[0] });
  const refused = await browser.authorize({ ...silent, redirect_uri: callbacks[0] });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain("does not have a registered origin.");
  expect(refused.text).toContain("<p>Add <code>http://localhost:3000</code> to the web_origins of Pets.</p>");
  expect(refused.text).not.toContain("postMessage");
  expect(refused.header("x-frame-options")).toBe("DENY");
  expect(sample.events.at(-1)).toEqual({
    kind: "refused",
    endpoint: "GET /authorize",
    reason: "web_origin_missing",
    description: "The specified redirect_uri 'http://localhost:3000/callback' does not have a registered origin.",
    clientId: client.clientId,
    expected: ["http://localhost:3001", "http://localhost:3000"],
    actual: ["http://localhost:3001"],
  });
  const answered = await browser.authorize({ ...silent, redirect_uri: callbacks[1] });
  expect(answered.text).toContain('"response":{"code":');
  sample.tenant = { ...sample.tenant, clients: [{ ...client, webOrigins: [] }] };
  expect((await browser.authorize({ ...silent, redirect_uri: callbacks[1] })).status).toBe(400);
  expect((await browser.authorize({ prompt: "none", redirect_uri: callbacks[1] })).sent.has("code")).toBe(true);
});

describe("a session", () => {
  const silently = async (browser: SampleBrowser) => (await browser.authorize({ prompt: "none" })).sent.get("error");

  test("ends with another password", async () => {
    const sample = sampleLogin();
    const [browser, other] = [sample.browser(), sample.browser()];
    await browser.logIn();
    expect(await silently(browser)).toBeNull();
    sample.tenant = { ...sample.tenant, users: [sampleUser({ password: "changed" })] };
    expect(await silently(browser)).toBe("login_required");
    await other.logIn();
    expect(await silently(other)).toBeNull();
  });

  test("is not that of who has the user's id later", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    await browser.logIn();
    sample.generation += 1;
    expect(await silently(browser)).toBe("login_required");
    await browser.logIn();
    expect(await silently(browser)).toBeNull();
  });

  test("is not gone on with for an application that has the id of the one that began", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    const page = await browser.get((await browser.authorize()).location);
    sample.generation += 1;
    const answer = await browser.post("/u/login", { state: hiddenState(page), user: "auth0|alice" });
    expect(answer.status).toBe(403);
    expect(sample.reasons()).toEqual(["transaction_unknown"]);
    expect((await browser.logIn()).sent.has("code")).toBe(true);
  });
});

describe("the application is told", () => {
  const api = sampleApi();
  const closed = sampleApi({ identifier: "https://closed.example", userPolicy: "deny_all" });
  const granted = sampleApi({ identifier: "https://granted.example", userPolicy: "require_client_grant" });

  test.each([
    [
      { response_type: "token" },
      "unsupported_response_type",
      "The development issuer supports response_type=code only",
    ],
    [{ response_type: undefined }, "invalid_request", "Missing required parameter: response_type"],
    [
      { response_mode: "smoke" },
      "invalid_request",
      "response_mode must be one of query, fragment, form_post, web_message",
    ],
    [{ prompt: "none login" }, "invalid_request", "prompt=none cannot be combined"],
    [{ prompt: "create" }, "invalid_request", "prompt must be of none, login, consent, select_account"],
    [{ max_age: "-1" }, "invalid_request", "max_age must be a number of seconds"],
    [{ audience: "https://nowhere" }, "access_denied", "Service not found: https://nowhere"],
    [{ audience: "https://pets.example/" }, "access_denied", "Service not found: https://pets.example/"],
    [
      { audience: closed.identifier },
      "invalid_request",
      `Client "${sampleClient().clientId}" is not authorized to access resource server "https://closed.example".`,
    ],
    [
      { audience: granted.identifier },
      "invalid_request",
      `Client "${sampleClient().clientId}" is not authorized to access resource server "https://granted.example".`,
    ],
    [{ prompt: "none" }, "login_required", "Login required"],
  ])("%o is %s: %s", async (parameters, error, description) => {
    const sample = sampleLogin({ apis: [api, closed, granted] });
    const answer = await sample.browser().authorize(parameters);
    expect(answer.status).toBe(302);
    expect(answer.location).toMatch(/^http:\/\/localhost:3000[?#]error=/);
    expect(Object.fromEntries(answer.sent)).toEqual({ error, error_description: description, state: "st" });
    expect(sample.events).toMatchObject([{ kind: "refused", endpoint: "GET /authorize", description }]);
  });

  test("of an implicit flow's refusal in the fragment, where it looks", async () => {
    const answer = await sampleLogin().browser().authorize({ response_type: "token id_token" });
    expect(answer.location).toMatch(/^http:\/\/localhost:3000#error=unsupported_response_type&/);
  });

  test("that its grant types leave out the code", async () => {
    const sample = sampleLogin({ clients: [sampleClient({ grantTypes: ["refresh_token"] })] });
    const answer = await sample.browser().authorize();
    expect(Object.fromEntries(answer.sent)).toEqual({
      error: "unauthorized_client",
      error_description: "Grant type 'authorization_code' not allowed for the client.",
      state: "st",
    });
    expect(sample.reasons()).toEqual(["grant_type_off"]);
  });

  test("without a state when it sent none", async () => {
    const answer = await sampleLogin().browser().authorize({ prompt: "none", state: undefined });
    expect(answer.location).toBe("http://localhost:3000?error=login_required&error_description=Login%20required");
  });

  test.each(["none", " none ", "none login"])("in a frame of its own origin, by web_message (%j)", async (prompt) => {
    const answer = await sampleLogin().browser().authorize({ prompt, response_mode: "web_message" });
    expect(answer.status).toBe(200);
    const error = prompt === "none login" ? "invalid_request" : "login_required";
    expect(answer.text).toContain(`"error":"${error}","error_description":`);
    expect(answer.header("content-security-policy")).toContain("frame-ancestors http://localhost:3000");
  });
});

describe("PKCE", () => {
  test.each([
    ["nothing", { code_challenge: undefined, code_challenge_method: undefined }],
    ["plain", { code_challenge: SAMPLE_VERIFIER, code_challenge_method: "plain" }],
    ["a challenge without a method, which means plain", { code_challenge_method: undefined }],
    ["an unknown method", { code_challenge_method: "S512" }],
    ["a challenge that is no SHA-256", { code_challenge: "short" }],
    ["an empty challenge", { code_challenge: "" }],
  ])("a public client must send S256, not %s", async (_, parameters) => {
    const sample = sampleLogin();
    const answer = await sample.browser().authorize(parameters);
    expect(answer.sent.get("error")).toBe("invalid_request");
  });

  test("a confidential client may send S256, plain or nothing, but nothing malformed", async () => {
    const sample = sampleLogin({ clients: [webApp] });
    const challengeOf = async (parameters: Record<string, string | undefined>) => {
      const answer = await sample.browser().logIn({ client_id: "web", ...parameters });
      return answer.sent.has("error") ? answer.sent.get("error") : sample.grantOf(answer).codeChallenge;
    };
    expect(await challengeOf({})).toEqual({ method: "S256", value: SAMPLE_CHALLENGE });
    const plain = { code_challenge: SAMPLE_VERIFIER, code_challenge_method: "plain" };
    expect(await challengeOf(plain)).toEqual({ method: "plain", value: SAMPLE_VERIFIER });
    expect(await challengeOf({ ...plain, code_challenge_method: undefined })).toMatchObject({ method: "plain" });
    expect(await challengeOf({ code_challenge: undefined, code_challenge_method: undefined })).toBeUndefined();
    expect(await challengeOf({ code_challenge: undefined })).toBe("invalid_request");
    expect(await challengeOf({ code_challenge: "x y" })).toBe("invalid_request");
  });
});

describe("who is logged in already", () => {
  test("gets a code at once, silently too, with the session's time and id", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    const first = sample.grantOf(await browser.logIn());
    sample.clock.nowMs += 60_000;
    const answer = await browser.authorize({ prompt: "none", nonce: "n1" });
    const grant = sample.grantOf(answer);
    expect(grant).toMatchObject({ userId: "auth0|alice", nonce: "n1", hasMaxAge: false });
    expect(grant.authTimeSeconds).toBe(first.authTimeSeconds);
    expect(grant.sessionId).toBe(first.sessionId);
    expect(answer.sent.get("state")).toBe("st");
  });

  test.each(["login", "select_account", "login consent"])("logs in again for prompt=%s", async (prompt) => {
    const sample = sampleLogin();
    const browser = sample.browser();
    await browser.logIn();
    expect((await browser.authorize({ prompt })).location).toMatch(/^\/u\/login\?state=/);
  });

  test("logs in again when the login is older than max_age, and silently cannot", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    const answer = await browser.logIn({ max_age: "0" });
    expect(sample.grantOf(answer).hasMaxAge).toBe(true);
    sample.clock.nowMs += 59_000;
    expect(sample.grantOf(await browser.authorize({ max_age: "60" })).hasMaxAge).toBe(true);
    expect((await browser.authorize({ max_age: "0" })).location).toMatch(/^\/u\/login/);
    sample.clock.nowMs += 2_000;
    expect((await browser.authorize({ max_age: "60" })).location).toMatch(/^\/u\/login/);
    expect((await browser.authorize({ max_age: "60", prompt: "none" })).sent.get("error")).toBe("login_required");
  });

  test("is nobody once the user is blocked or gone, and the session ends", async () => {
    for (const users of [[sampleUser({ isBlocked: true })], []]) {
      const sample = sampleLogin();
      const browser = sample.browser();
      await browser.logIn();
      sample.tenant = { ...sample.tenant, users };
      expect((await browser.authorize({ prompt: "none" })).sent.get("error")).toBe("login_required");
      sample.tenant = { ...sample.tenant, users: [sampleUser()] };
      expect((await browser.authorize({ prompt: "none" })).sent.get("error")).toBe("login_required");
    }
  });

  test("is nobody with two session cookies, and the terminal is told why", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    await browser.logIn();
    const own = `auth0=${browser.cookies.get("auth0")}`;
    const { clientId } = sampleClient();
    const target = `/authorize?response_type=code&prompt=none&client_id=${clientId}&redirect_uri=http://localhost:3000&code_challenge=${SAMPLE_CHALLENGE}&code_challenge_method=S256`;
    expect((await browser.get(target, { Cookie: own })).sent.has("code")).toBe(true);
    const both = await browser.get(target, { Cookie: `auth0=${"p".repeat(43)}; ${own}` });
    expect(both.sent.get("error")).toBe("login_required");
    expect(sample.events).toContainEqual(expect.objectContaining({ kind: "warned", reason: "cookie_ambiguous" }));
  });
});

describe("what is granted", () => {
  test("is for the API that was asked for, with the scopes it defines; the rest is left out and said aloud", async () => {
    const sample = sampleLogin({ apis: [sampleApi()] });
    const answer = await sample
      .browser()
      .logIn({ audience: "https://pets.example", scope: "openid read:pets  read:pets fly:pets" });
    expect(sample.grantOf(answer)).toMatchObject({
      clientId: sampleClient().clientId,
      audience: "https://pets.example",
      scopes: ["openid", "read:pets"],
      redirectUri: "http://localhost:3000",
      isRedirectUriImplied: false,
      codeChallenge: { method: "S256", value: SAMPLE_CHALLENGE },
    });
    expect(sample.events).toContainEqual({
      kind: "warned",
      reason: "scope_dropped",
      message:
        '"Pets SPA" asked for the scope "fly:pets" of "https://pets.example" for auth0|alice: left out, since the API does not define it, or no API was asked for.',
    });
  });

  test("is for no API when none was asked for, or /userinfo, and for the default audience where there is one", async () => {
    const sample = sampleLogin({ apis: [sampleApi()] });
    const browser = sample.browser();
    expect(sample.grantOf(await browser.logIn())).not.toHaveProperty("audience");
    const userinfo = await browser.authorize({ audience: "http://localhost:4567/userinfo" });
    expect(sample.grantOf(userinfo)).not.toHaveProperty("audience");
    sample.tenant = { ...sample.tenant, defaultAudience: "https://pets.example" };
    expect(sample.grantOf(await browser.authorize())).toMatchObject({ audience: "https://pets.example" });
    expect(sample.grantOf(await browser.authorize({ audience: "" }))).toMatchObject({
      audience: "https://pets.example",
    });
  });

  test("does not depend on parameters of Auth0's that mean nothing here; Actions see them", async () => {
    const sample = sampleLogin();
    let seen: unknown;
    sample.actions = {
      ...sample.actions,
      postLogin: async (event) => {
        seen = event;
        return {
          ok: true,
          scopes: ["openid", "added"],
          accessTokenClaims: { a: 1 },
          idTokenClaims: { b: 2 },
          warnings: [{ reason: "action_claim_dropped", message: "roles was dropped" }],
        };
      },
    };
    const ignored = { organization: "org_1", connection: "c", screen_hint: "signup", auth0Client: "e30=", odd: "1" };
    const answer = await sample.browser().logIn({ ...ignored, scope: "openid x" });
    expect(sample.grantOf(answer)).toMatchObject({
      scopes: ["openid", "added"],
      accessTokenClaims: { a: 1 },
      idTokenClaims: { b: 2 },
    });
    expect(seen).toMatchObject({
      user: { userId: "auth0|alice" },
      client: { clientId: sampleClient().clientId },
      api: undefined,
      requestedScopes: ["openid", "x"],
      scopes: ["openid"],
      protocol: "oidc-basic-profile",
      request: {
        method: "GET",
        hostname: "localhost",
        ip: "127.0.0.1",
        query: { ...ignored, scope: "openid x" },
        body: {},
      },
    });
    expect(sample.events).toContainEqual({
      kind: "warned",
      reason: "action_claim_dropped",
      message: "roles was dropped",
    });
  });

  test("is nothing when an Action denies, with its words, or fails", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    sample.actions = {
      ...sample.actions,
      postLogin: async () => ({
        ok: false,
        reason: "action_denied",
        error: "access_denied",
        description: "not on a Sunday",
      }),
    };
    const denied = await browser.logIn();
    expect(Object.fromEntries(denied.sent)).toEqual({
      error: "access_denied",
      error_description: "not on a Sunday",
      state: "st",
    });
    sample.actions = {
      ...sample.actions,
      postLogin: async () => ({ ok: false, reason: "action_failed", error: "access_denied", description: "boom" }),
    };
    expect(Object.fromEntries((await browser.authorize()).sent)).toMatchObject({
      error: "access_denied",
      error_description: "boom",
    });
    expect(sample.reasons()).toEqual(["action_denied", "action_failed"]);
  });

  test("goes to a form_post as a form, and the whole request may be a POST", async () => {
    const sample = sampleLogin();
    const browser = sample.browser();
    await browser.logIn();
    const { clientId } = sampleClient();
    const posted = await browser.post("/authorize", {
      response_type: "code",
      response_mode: "form_post",
      client_id: clientId,
      redirect_uri: "http://localhost:3000",
      state: HOSTILE,
      code_challenge: SAMPLE_CHALLENGE,
      code_challenge_method: "S256",
    });
    expect(posted.status).toBe(200);
    expect(posted.text).toMatch(/name="code" value="[\w-]+"/);
    expect(posted.text).not.toContain("alert(1)</script>");
  });
});

test("no event holds a code, a cookie or a state", async () => {
  const sample = sampleLogin({ apis: [sampleApi()], consent: "auth0" });
  const browser = sample.browser();
  await browser.logIn({ audience: "https://pets.example", scope: "openid nothing", state: "the-state" });
  const told = JSON.stringify(sample.events);
  for (const secret of [...browser.cookies.values(), "the-state", SAMPLE_CHALLENGE]) expect(told).not.toContain(secret);
});
