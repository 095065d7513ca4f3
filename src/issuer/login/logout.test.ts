import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { signJwt } from "../../token/sign-jwt.ts";
import { SAMPLE_ISSUER_URL, SAMPLE_NOW_SECONDS, sampleClient } from "../fixtures/sample-issuer.ts";
import { holderOf, type SampleLogin, sampleLogin } from "../fixtures/sample-login.ts";
import { openKeyRing } from "../keys/keys.ts";
import { openStateFolder } from "../state-folder.ts";
import type { Tenant } from "../tenant/tenant.ts";

const folder = mkdtempSync(join(tmpdir(), "gatewarden-logout-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const keys = await openKeyRing(openStateFolder(folder));

function start(tenant: Partial<Tenant> = {}): SampleLogin {
  return sampleLogin({ allowedLogoutUrls: ["https://tenant.example/bye"], ...tenant }, { keys });
}

const { clientId } = sampleClient();
const APP = "http://localhost:3000";

function query(parameters: Readonly<Record<string, string>>): string {
  return String(new URLSearchParams(parameters));
}

describe("/v2/logout", () => {
  test("ends the session, clears the cookie and goes where the application's list allows", async () => {
    const sample = start();
    const browser = sample.browser();
    await browser.logIn();
    const secret = browser.cookies.get("auth0")!;
    const answer = await browser.get(`/v2/logout?${query({ client_id: clientId, returnTo: APP })}`);
    expect([answer.status, answer.location]).toEqual([302, APP]);
    expect(answer.header("set-cookie")).toBe("auth0=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    expect(await sample.state.sessions.find(secret, holderOf(sample))).toBeUndefined();
    expect((await browser.authorize({ prompt: "none" })).sent.get("error")).toBe("login_required");
    expect(sample.events).toContainEqual({ kind: "logged_out", clientId, userId: "auth0|alice" });
  });

  test("takes the application's first URL when none is named, federated or not", async () => {
    const sample = start({ clients: [sampleClient({ allowedLogoutUrls: [`${APP}/first`, `${APP}/second`] })] });
    expect((await sample.browser().get(`/v2/logout?federated&client_id=${clientId}`)).location).toBe(`${APP}/first`);
  });

  test("answers OK where there is nowhere to go", async () => {
    const sample = start({ clients: [sampleClient({ allowedLogoutUrls: [] })] });
    const browser = sample.browser();
    await browser.logIn();
    const secret = browser.cookies.get("auth0")!;
    const answer = await browser.get("/v2/logout");
    expect([answer.status, answer.text, answer.header("content-type")]).toEqual([
      200,
      "OK",
      "text/plain; charset=utf-8",
    ]);
    expect(await sample.state.sessions.find(secret, holderOf(sample))).toBeUndefined();
    expect((await browser.get(`/v2/logout?client_id=${clientId}`)).text).toBe("OK");
  });

  test("without a client counts the tenant's list, with one the application's", async () => {
    const browser = start().browser();
    const bye = "https://tenant.example/bye";
    expect((await browser.get(`/v2/logout?${query({ returnTo: bye })}`)).location).toBe(bye);
    expect((await browser.get(`/v2/logout?${query({ returnTo: APP })}`)).status).toBe(400);
    expect((await browser.get(`/v2/logout?${query({ returnTo: bye, client_id: clientId })}`)).status).toBe(400);
  });

  test("does not look at query and fragment", async () => {
    const browser = start().browser();
    for (const returnTo of [`${APP}?a=b`, `${APP}#a`, `${APP}?@evil.example`]) {
      expect((await browser.get(`/v2/logout?${query({ client_id: clientId, returnTo })}`)).location).toBe(returnTo);
    }
  });

  test.each([
    "http://evil.example",
    "http://localhost:3000@evil.example",
    "http://localhost:3000.evil.example",
    "http://localhost:3000/",
    "http://localhost:3001",
    "//localhost:3000",
    "javascript:alert(1)",
    "http://localhost:3000?\r\nSet-Cookie: a=b",
    "http://localhost:3000?\\evil",
    '"><script>alert(1)</script>',
  ])("refuses %j, and the session goes on", async (returnTo) => {
    const sample = start();
    const browser = sample.browser();
    await browser.logIn();
    const answer = await browser.get(`/v2/logout?${query({ client_id: clientId, returnTo })}`);
    expect([answer.status, answer.location]).toEqual([400, ""]);
    expect(answer.text).toContain("querystring parameter");
    expect(answer.text).not.toContain("<script");
    expect(sample.events).toContainEqual(
      expect.objectContaining({
        reason: "logout_url_not_listed",
        description: `The "returnTo" querystring parameter "${returnTo}" is not defined as a valid URL in "Allowed Logout URLs".`,
      }),
    );
    expect((await browser.authorize({ prompt: "none" })).sent.has("code")).toBe(true);
  });

  test.each(["javascript:alert(1)", "https://*.example", "data:text/html,x"])(
    "goes nowhere that should never have been listed: %s",
    async (url) => {
      const sample = start({ clients: [sampleClient({ allowedLogoutUrls: [url] })] });
      expect((await sample.browser().get(`/v2/logout?client_id=${clientId}`)).status).toBe(400);
      expect((await sample.browser().get(`/v2/logout?${query({ client_id: clientId, returnTo: url })}`)).status).toBe(
        400,
      );
    },
  );

  test("refuses a client that does not exist, and parameters that are repeated", async () => {
    const browser = start().browser();
    const unknown = await browser.get("/v2/logout?client_id=nobody");
    expect([unknown.status, unknown.text.includes("Unknown client: nobody")]).toEqual([400, true]);
    expect((await browser.get(`/v2/logout?returnTo=${APP}&returnTo=${APP}`)).status).toBe(400);
  });
});

describe("/oidc/logout", () => {
  function idToken(claims: Readonly<Record<string, unknown>> = {}): string {
    const iat = SAMPLE_NOW_SECONDS - 10;
    const all = { iss: SAMPLE_ISSUER_URL, aud: clientId, sub: "auth0|alice", iat, exp: iat + 100, ...claims };
    const { kid, privateKey } = keys.current;
    return signJwt(all, { algorithm: "RS256", kid, privateKey });
  }

  test("takes the client from the ID token, an expired one too, and adds the state", async () => {
    const sample = start();
    for (const exp of [SAMPLE_NOW_SECONDS + 5, SAMPLE_NOW_SECONDS - 5]) {
      const browser = sample.browser();
      await browser.logIn();
      const parameters = { id_token_hint: idToken({ exp }), post_logout_redirect_uri: APP, state: "a b" };
      const answer = await browser.get(`/oidc/logout?${query(parameters)}`);
      expect([answer.status, answer.location]).toEqual([302, `${APP}?state=a%20b`]);
      expect(browser.cookies.has("auth0")).toBe(false);
      expect(sample.events.at(-1)).toEqual({ kind: "logged_out", clientId, userId: "auth0|alice" });
    }
  });

  test("goes by client_id, by POST too, and by the tenant's list without a client", async () => {
    const sample = start();
    const browser = sample.browser();
    const form = { client_id: clientId, post_logout_redirect_uri: `${APP}?a=b`, state: "st" };
    expect((await browser.post("/oidc/logout", form)).location).toBe(`${APP}?a=b&state=st`);
    const bye = "https://tenant.example/bye";
    expect((await browser.get(`/oidc/logout?${query({ post_logout_redirect_uri: bye })}`)).location).toBe(bye);
    expect((await browser.get(`/oidc/logout?client_id=${clientId}`)).location).toBe(APP);
    expect((await browser.get("/oidc/logout")).text).toBe("OK");
  });

  test("refuses a URL that is not listed, with its own parameter's name", async () => {
    const sample = start();
    const parameters = { client_id: clientId, post_logout_redirect_uri: "http://evil.example" };
    const answer = await sample.browser().get(`/oidc/logout?${query(parameters)}`);
    expect([answer.status, answer.location]).toEqual([400, ""]);
    expect(sample.events).toMatchObject([
      {
        description:
          'The "post_logout_redirect_uri" querystring parameter "http://evil.example" is not defined as a valid URL in "Allowed Logout URLs".',
      },
    ]);
  });

  test("refuses a hint that is not this issuer's ID token for one of its clients", async () => {
    const sample = start();
    const { kid } = keys.current;
    const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const iat = SAMPLE_NOW_SECONDS - 10;
    const claims = { iss: SAMPLE_ISSUER_URL, aud: clientId, sub: "auth0|alice", iat, exp: iat + 100 };
    const good = idToken();
    const hints = [
      signJwt(claims, { algorithm: "RS256", kid, privateKey: foreign.privateKey }),
      signJwt(claims, { algorithm: "HS256", kid, privateKey: Buffer.from("x".repeat(32)) }),
      `${good.slice(0, good.lastIndexOf("."))}.`,
      idToken({ aud: "nobody" }),
      idToken({ aud: [clientId] }),
      idToken({ iss: "https://evil.example/" }),
      idToken({ iss: "https://evil.example/", exp: iat }),
      "x.y.z",
    ];
    const browser = sample.browser();
    await browser.logIn();
    for (const id_token_hint of hints) {
      const answer = await browser.get(`/oidc/logout?${query({ id_token_hint, post_logout_redirect_uri: APP })}`);
      expect([answer.status, answer.location]).toEqual([400, ""]);
    }
    expect(sample.reasons()).toEqual(hints.map(() => "id_token_hint_invalid"));
    const told = JSON.stringify(sample.events);
    for (const hint of hints) expect(told).not.toContain(hint);
    expect((await browser.authorize({ prompt: "none" })).sent.has("code")).toBe(true);
  });

  test("refuses a client_id that is not the hint's", async () => {
    const sample = start({ clients: [sampleClient(), sampleClient({ clientId: "other" })] });
    const parameters = { id_token_hint: idToken(), client_id: "other", post_logout_redirect_uri: APP };
    expect((await sample.browser().get(`/oidc/logout?${query(parameters)}`)).status).toBe(400);
  });
});
