import { expect, test } from "vitest";
import { sampleApi, sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import {
  type BrowserAnswer,
  hiddenState,
  type SampleBrowser,
  type SampleLogin,
  sampleLogin,
} from "../fixtures/sample-login.ts";
import type { Client, Tenant } from "../tenant/tenant.ts";

function start(tenant: Partial<Tenant> = {}): SampleLogin {
  return sampleLogin({ consent: "auth0", apis: [sampleApi()], ...tenant });
}

const PUBLIC_CALLBACK = "https://app.example/cb";
const asked = { audience: "https://pets.example", scope: "openid read:pets" };

async function decide(browser: SampleBrowser, sentThere: BrowserAnswer, action: string): Promise<BrowserAnswer> {
  expect(sentThere.location).toMatch(/^\/u\/consent\?state=/);
  const page = await browser.get(sentThere.location);
  return browser.post("/u/consent", { state: hiddenState(page), action });
}

test.each([
  ["skip", { isFirstParty: false }, true, false],
  ["auth0", { isFirstParty: false, callbacks: [PUBLIC_CALLBACK] }, true, true],
  ["auth0", { callbacks: [PUBLIC_CALLBACK] }, true, false],
  ["auth0", { callbacks: [PUBLIC_CALLBACK] }, false, true],
  ["auth0", { callbacks: ["http://localhost:3000"] }, true, true],
  ["auth0", { callbacks: ["http://127.0.0.1:3000"] }, true, false],
] as const)("with consent %s, %o and an API that skips it (%s), asks: %s", async (consent, client, skips, isAsked) => {
  const callbacks = "callbacks" in client ? client.callbacks : sampleClient().callbacks;
  const sample = start({
    consent,
    clients: [sampleClient({ ...client, callbacks })],
    apis: [sampleApi({ skipConsentForFirstParty: skips })],
  });
  const answer = await sample.browser().logIn({ ...asked, redirect_uri: callbacks[0] });
  expect(answer.location.startsWith("/u/consent?")).toBe(isAsked);
});

test("the page names the application, the API and the scopes that would be granted, and nothing in it is HTML", async () => {
  const hostile = "<script>alert(1)</script>";
  const sample = start({
    clients: [sampleClient({ name: hostile })],
    apis: [sampleApi({ name: hostile, scopeDescriptions: { "read:pets": hostile } })],
    users: [sampleUser({ name: hostile })],
  });
  const browser = sample.browser();
  const page = await browser.get((await browser.logIn({ ...asked, scope: "openid read:pets fly:pets" })).location);
  expect(page.status).toBe(200);
  expect(page.text).toContain("read:pets");
  expect(page.text).not.toContain("fly:pets");
  expect(page.text).not.toContain("<script");
  expect(page.header("x-frame-options")).toBe("DENY");
});

test("yes grants and is remembered; silently it is missing before, and there after", async () => {
  const sample = start();
  const browser = sample.browser();
  const sentThere = await browser.logIn(asked);
  const silent = await browser.authorize({ ...asked, prompt: "none" });
  expect(Object.fromEntries(silent.sent)).toEqual({
    error: "consent_required",
    error_description: "Consent required",
    state: "st",
  });
  const answer = await decide(browser, sentThere, "accept");
  expect(sample.grantOf(answer)).toMatchObject({ userId: "auth0|alice", scopes: ["openid", "read:pets"] });
  expect((await browser.authorize({ ...asked, prompt: "none" })).sent.has("code")).toBe(true);
  expect((await browser.authorize({ ...asked, scope: "openid", prompt: "none" })).sent.has("code")).toBe(true);
});

test("a yes holds for this user, client, API and these scopes only", async () => {
  const bob = sampleUser({ userId: "auth0|bob" });
  const other: Client = sampleClient({ clientId: "other" });
  const sample = start({
    users: [sampleUser(), bob],
    clients: [sampleClient(), other],
    apis: [sampleApi(), sampleApi({ identifier: "https://other.example" })],
  });
  const browser = sample.browser();
  await decide(browser, await browser.logIn(asked), "accept");
  const silently = async (parameters: Record<string, string | undefined>) =>
    (await browser.authorize({ ...asked, prompt: "none", ...parameters })).sent.get("error");
  expect(await silently({})).toBeNull();
  expect(await silently({ scope: "openid write:pets" })).toBe("consent_required");
  expect(await silently({ client_id: "other" })).toBe("consent_required");
  expect(await silently({ audience: "https://other.example" })).toBe("consent_required");
  expect(await silently({ audience: undefined })).toBe("consent_required");
  await browser.logIn({ ...asked, prompt: "login" }, "auth0|bob");
  expect(await silently({})).toBe("consent_required");
});

test("no is told to the application, and asked again the next time", async () => {
  const sample = start();
  const browser = sample.browser();
  const answer = await decide(browser, await browser.logIn(asked), "decline");
  expect(Object.fromEntries(answer.sent)).toEqual({
    error: "access_denied",
    error_description: "User did not authorize the request",
    state: "st",
  });
  expect(sample.reasons()).toEqual(["consent_denied"]);
  expect((await browser.authorize(asked)).location).toMatch(/^\/u\/consent/);
});

test("prompt=consent asks although it was given, and also where the tenant never asks by itself", async () => {
  const sample = start();
  const browser = sample.browser();
  await decide(browser, await browser.logIn(asked), "accept");
  expect((await browser.authorize({ ...asked, prompt: "consent" })).location).toMatch(/^\/u\/consent/);
  sample.tenant = { ...sample.tenant, consent: "skip" };
  const answer = await decide(browser, await browser.authorize({ ...asked, prompt: "consent" }), "accept");
  expect(answer.sent.has("code")).toBe(true);
});

test("a consent is good once, in its browser, from its page, with a word that it knows", async () => {
  const sample = start();
  const browser = sample.browser();
  const sentThere = await browser.logIn(asked);
  const form = { state: hiddenState(await browser.get(sentThere.location)), action: "accept" };
  const stranger = sample.browser();
  await stranger.logIn();
  expect((await stranger.get(sentThere.location)).status).toBe(403);
  expect((await stranger.post("/u/consent", form)).status).toBe(403);
  expect((await browser.post("/u/consent", form, { Origin: "http://localhost:3000" })).status).toBe(403);
  expect((await browser.post("/u/consent", { ...form, action: "perhaps" })).status).toBe(400);
  expect((await browser.post("/u/login", { ...form, user: "auth0|alice" })).status).toBe(403);
  expect((await browser.post("/u/consent", form)).sent.has("code")).toBe(true);
  expect((await browser.post("/u/consent", form)).status).toBe(403);
});

test("a consent page that was left open grants nothing after the logout, nor to the next user", async () => {
  const bob = sampleUser({ userId: "auth0|bob" });
  const sample = start({ users: [sampleUser(), bob] });
  const browser = sample.browser();
  const form = { state: hiddenState(await browser.get((await browser.logIn(asked)).location)), action: "accept" };
  await browser.get("/v2/logout");
  expect((await browser.post("/u/consent", form)).status).toBe(403);
  await browser.logIn({}, "auth0|bob");
  expect((await browser.post("/u/consent", form)).status).toBe(403);
});

test("a yes counts for the scopes that were shown: where there are more now, the page is shown again", async () => {
  const roles = [{ id: "rol_1", name: "Reader", description: "", permissions: { [asked.audience]: ["read:pets"] } }];
  const wanted = { ...asked, scope: "openid read:pets write:pets" };
  const apis = [sampleApi({ enforcePolicies: true })];
  const sample = start({ apis, roles, users: [sampleUser({ roles: ["rol_1"] })] });
  const browser = sample.browser();
  const page = await browser.get((await browser.logIn(wanted)).location);
  const form = { state: hiddenState(page), action: "accept" };
  expect(page.text).not.toContain("write:pets");
  const permissions = { [asked.audience]: ["read:pets", "write:pets"] };
  sample.tenant = { ...sample.tenant, roles: [{ ...roles[0]!, permissions }] };
  const again = await browser.post("/u/consent", form);
  expect([again.status, again.location]).toEqual([200, ""]);
  expect(again.text).toContain("<code>write:pets</code>");
  expect(again.text).toContain("has changed since this page was shown");
  expect((await sample.state.documents().list("issuer-consents")).documents).toEqual([]);
  const answer = await browser.post("/u/consent", { ...form, state: hiddenState(again) });
  expect(sample.grantOf(answer).scopes).toEqual(["openid", "read:pets", "write:pets"]);
});

test("where there are fewer now than were shown, those are granted and remembered", async () => {
  const sample = start();
  const browser = sample.browser();
  const page = await browser.get((await browser.logIn(asked)).location);
  sample.tenant = { ...sample.tenant, apis: [sampleApi({ scopes: ["write:pets"] })] };
  const answer = await browser.post("/u/consent", { state: hiddenState(page), action: "accept" });
  expect(sample.grantOf(answer).scopes).toEqual(["openid"]);
  sample.tenant = { ...sample.tenant, apis: [sampleApi()] };
  expect((await browser.authorize({ ...asked, prompt: "none" })).sent.get("error")).toBe("consent_required");
});

test("nothing is accepted before the page was shown, and a no needs no page", async () => {
  const sample = start();
  const browser = sample.browser();
  const state = new URL((await browser.logIn(asked)).location, "http://x").searchParams.get("state")!;
  const page = await browser.post("/u/consent", { state, action: "accept" });
  expect([page.status, page.location]).toEqual([200, ""]);
  expect((await browser.post("/u/consent", { state, action: "decline" })).sent.get("error")).toBe("access_denied");
});

test("a yes is not that of who has the user's or the application's id later", async () => {
  const sample = start();
  const browser = sample.browser();
  await decide(browser, await browser.logIn(asked), "accept");
  expect((await browser.authorize(asked)).sent.has("code")).toBe(true);
  sample.generation += 1;
  expect((await browser.logIn(asked)).location).toMatch(/^\/u\/consent/);
});
