import { expect, test } from "vitest";
import { sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import { hiddenState, holderOf, type SampleLogin, sampleLogin } from "../fixtures/sample-login.ts";
import type { Tenant } from "../tenant/tenant.ts";
import { MAX_SHOWN_USERS } from "./login-page.ts";
import { MAX_LOGIN_FAILURES, TRANSACTION_LIFETIME_SECONDS } from "./transactions.ts";

function start(tenant: Partial<Tenant> = {}, issuerUrl?: string): SampleLogin {
  return sampleLogin(tenant, issuerUrl === undefined ? {} : { issuerUrl });
}

const HOSTILE = `"><script>alert(1)</script>`;
const bob = sampleUser({ userId: "auth0|bob", name: "Bob", email: "bob@pets.example" });

test("the page has a button for each user, works without JavaScript, and is framed and kept by nobody", async () => {
  const sample = start({ users: [sampleUser(), bob] });
  const browser = sample.browser();
  const started = await browser.authorize();
  expect(started.status).toBe(302);
  expect(started.header("set-cookie")).toMatch(
    /^gatewarden_login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const page = await browser.get(started.location);
  expect(page.status).toBe(200);
  expect(page.text).toContain("Development issuer");
  expect(page.text).toContain("Log in to Pets SPA");
  expect(page.text).toContain('name="user" value="auth0|alice"');
  expect(page.text).toContain('name="user" value="auth0|bob"');
  expect(page.text).not.toContain("<script");
  expect(page.text).not.toContain("password");
  expect(page.header("content-security-policy")).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
  expect(page.header("x-frame-options")).toBe("DENY");
  expect(page.header("cache-control")).toBe("no-store");
});

test("a button logs in: a session cookie, an event, and back to the application with a code", async () => {
  const sample = start({ users: [sampleUser(), bob] });
  const browser = sample.browser();
  const answer = await browser.logIn({}, "auth0|bob");
  expect(answer.status).toBe(302);
  expect(answer.location).toMatch(/^http:\/\/localhost:3000\?code=[\w-]+&state=st$/);
  expect(answer.header("set-cookie")).toMatch(/^auth0=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(sample.grantOf(answer)).toMatchObject({ userId: "auth0|bob" });
  expect(sample.events).toEqual([{ kind: "logged_in", clientId: sampleClient().clientId, userId: "auth0|bob" }]);
});

test("over https the cookies are Secure", async () => {
  const sample = start({}, "https://localhost:4567/");
  const browser = sample.browser();
  const started = await browser.authorize();
  expect(started.header("set-cookie")).toMatch(/; Secure$/);
  const page = await browser.get(started.location);
  const form = { state: hiddenState(page), user: "auth0|alice" };
  const answer = await browser.post("/u/login", form, { Origin: "https://localhost:4567" });
  expect(answer.header("set-cookie")).toMatch(/; HttpOnly; SameSite=None; Secure$/);
});

test("a tenant without users says how to add one", async () => {
  const browser = start({ users: [] }).browser();
  const page = await browser.get((await browser.authorize()).location);
  expect(page.text).toContain("gatewarden issuer user create EMAIL");
  expect(page.text).not.toContain("<button");
});

test("a login by popup ends in a page that tells its opener", async () => {
  const answer = await start().browser().logIn({ response_mode: "web_message" });
  expect(answer.status).toBe(200);
  expect(answer.text).toMatch(
    /\.postMessage\(\{"type":"authorization_response","response":\{"code":"[\w-]+","state":"st"\}\}, "http:\/\/localhost:3000"\)/,
  );
  expect(answer.header("set-cookie")).toMatch(/^auth0=/);
});

test("names, hints and client names are never HTML", async () => {
  const sample = start({
    clients: [sampleClient({ name: HOSTILE })],
    users: [sampleUser({ userId: `auth0|${HOSTILE}`, name: HOSTILE, email: HOSTILE })],
  });
  const browser = sample.browser();
  for (const login of ["buttons", "password"] as const) {
    sample.tenant = { ...sample.tenant, login };
    const page = await browser.get((await browser.authorize({ login_hint: HOSTILE, state: HOSTILE })).location);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain("<script");
    expect(page.text).toContain("&#34;&#62;&#60;script&#62;");
  }
});

test("login_hint brings a user to the front, by email or id, and at most a hundred are shown", async () => {
  const users = Array.from({ length: MAX_SHOWN_USERS + 5 }, (_, index) =>
    sampleUser({ userId: `auth0|${index}`, name: `User ${index}`, email: `u${index}@pets.example` }),
  );
  const sample = start({ users });
  const browser = sample.browser();
  const buttons = async (login_hint?: string) => {
    const page = await browser.get((await browser.authorize({ login_hint })).location);
    return [...page.text.matchAll(/name="user" value="([^"]+)"( class="first" autofocus)?/g)].map(([, id, first]) => [
      id,
      !!first,
    ]);
  };
  expect(await buttons()).toHaveLength(MAX_SHOWN_USERS);
  expect((await buttons("U104@pets.example"))[0]).toEqual(["auth0|104", true]);
  expect((await buttons("auth0|103"))[0]).toEqual(["auth0|103", true]);
  expect((await buttons("nobody"))[0]).toEqual(["auth0|0", false]);
});

test("the form asks for a username where users have one, and either logs in", async () => {
  const sample = start({ login: "password", users: [sampleUser({ username: "alice.liddell" })] });
  for (const email of ["Alice.Liddell", "alice@pets.example"]) {
    const browser = sample.browser();
    const page = await browser.get((await browser.authorize()).location);
    expect(page.text).toContain('Username or email <input type="text"');
    const sent = await browser.post("/u/login", { state: hiddenState(page), email, password: sampleUser().password });
    expect(sample.grantOf(sent)).toMatchObject({ userId: "auth0|alice" });
  }
});

test("the form for email and password takes the right one only, and never a button's field", async () => {
  const sample = start({ login: "password", users: [sampleUser(), { ...bob, password: "" }] });
  const browser = sample.browser();
  const started = await browser.authorize({ login_hint: "alice@pets.example" });
  const page = await browser.get(started.location);
  expect(page.text).toContain('type="password"');
  expect(page.text).toContain('value="alice@pets.example"');
  expect(page.text).not.toContain('name="user"');
  const state = hiddenState(page);
  const wrong: Record<string, string>[] = [
    { email: "alice@pets.example", password: "wrong" },
    { email: "alice@pets.example", password: "" },
    { email: "nobody@pets.example", password: "" },
    { email: "bob@pets.example", password: "" },
    { email: "", password: "" },
    { user: "auth0|alice" },
    { user: "auth0|alice", email: "alice@pets.example", password: "wrong" },
  ];
  for (const form of wrong) {
    const answer = await browser.post("/u/login", { state, ...form });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('<p class="error">Wrong email or password.</p>');
    expect(browser.cookies.has("auth0")).toBe(false);
  }
  const right = { state, email: "Alice@Pets.example", password: sampleUser().password };
  expect(sample.grantOf(await browser.post("/u/login", right))).toMatchObject({ userId: "auth0|alice" });
  expect(new Set(sample.reasons())).toEqual(new Set(["password_wrong"]));
  expect(JSON.stringify(sample.events)).not.toContain(sampleUser().password);
});

test("guessing passwords ends the login after ten attempts", async () => {
  const sample = start({ login: "password" });
  const browser = sample.browser();
  const state = hiddenState(await browser.get((await browser.authorize()).location));
  for (let count = 1; count < MAX_LOGIN_FAILURES; count++) {
    expect((await browser.post("/u/login", { state, email: "alice@pets.example", password: "x" })).status).toBe(400);
  }
  expect((await browser.post("/u/login", { state, email: "alice@pets.example", password: "x" })).status).toBe(403);
  const right = { state, email: "alice@pets.example", password: sampleUser().password };
  expect((await browser.post("/u/login", right)).status).toBe(403);
});

test("a blocked user is told so through the application, and has no session", async () => {
  const sample = start({ users: [sampleUser({ isBlocked: true })] });
  const browser = sample.browser();
  const answer = await browser.logIn();
  expect(Object.fromEntries(answer.sent)).toEqual({
    error: "unauthorized",
    error_description: "user is blocked",
    state: "st",
  });
  expect(browser.cookies.has("auth0")).toBe(false);
  expect(sample.reasons()).toEqual(["user_blocked"]);
});

test("a user with a second factor gets no code: nothing here could have asked for the factor", async () => {
  const sample = start({ users: [sampleUser({ hasMultifactor: true })] });
  expect(Object.fromEntries((await sample.browser().logIn()).sent)).toEqual({
    error: "access_denied",
    error_description: "Multifactor authentication required",
    state: "st",
  });
  expect(sample.reasons()).toEqual(["mfa_required"]);
});

test("a form that was sent twice is refused the second time, and gets no second code", async () => {
  const sample = start();
  const browser = sample.browser();
  const started = await browser.authorize();
  const form = { state: hiddenState(await browser.get(started.location)), user: "auth0|alice" };
  const answers = await Promise.all([browser.post("/u/login", form), browser.post("/u/login", form)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([302, 403]);
  const again = await browser.post("/u/login", form);
  expect(again.status).toBe(403);
  expect(again.text).toContain("invalid_request: You may have pressed the back button, refreshed during login");
  expect((await browser.get(started.location)).status).toBe(403);
  expect(sample.reasons()).toEqual(["transaction_unknown", "transaction_unknown", "transaction_unknown"]);
});

test("another browser can neither see nor send the form of a login, whatever it knows of it", async () => {
  const sample = start();
  const victim = sample.browser();
  const started = await victim.authorize();
  const state = hiddenState(await victim.get(started.location));
  const attacker = sample.browser();
  for (const prepare of [() => {}, () => attacker.authorize(), () => attacker.cookies.set("gatewarden_login", state)]) {
    await prepare();
    expect((await attacker.get(started.location)).status).toBe(403);
    expect((await attacker.post("/u/login", { state, user: "auth0|alice" })).status).toBe(403);
    expect(attacker.cookies.has("auth0")).toBe(false);
  }
  expect((await victim.post("/u/login", { state, user: "auth0|alice" })).status).toBe(302);
});

test("two transaction cookies are nobody's", async () => {
  const sample = start();
  const browser = sample.browser();
  const started = await browser.authorize();
  const state = hiddenState(await browser.get(started.location));
  const Cookie = `gatewarden_login=${"p".repeat(43)}; gatewarden_login=${browser.cookies.get("gatewarden_login")}`;
  expect((await browser.post("/u/login", { state, user: "auth0|alice" }, { Cookie })).status).toBe(403);
});

test.each([
  "http://evil.example",
  "http://localhost:3000",
  "https://localhost:4567",
  "http://app.localhost:4567",
  "null",
])("a form from %s is refused", async (Origin) => {
  const sample = start();
  const browser = sample.browser();
  const state = hiddenState(await browser.get((await browser.authorize()).location));
  expect((await browser.post("/u/login", { state, user: "auth0|alice" }, { Origin })).status).toBe(403);
  expect(sample.reasons()).toEqual(["origin_foreign"]);
  expect((await browser.post("/u/login", { state, user: "auth0|alice" })).status).toBe(302);
});

test("the issuer under 127.0.0.1 is an origin of its own", async () => {
  const sample = start();
  const browser = sample.browser();
  const state = hiddenState(await browser.get((await browser.authorize()).location));
  const form = { state, user: "auth0|alice" };
  const Host = "127.0.0.1:4567";
  expect((await browser.post("/u/login", form, { Host, Origin: "http://localhost:4567" })).status).toBe(403);
  const noPort = { Host: "localhost:99999", Origin: "http://localhost:99999" };
  expect((await browser.post("/u/login", form, noPort)).status).toBe(403);
  expect((await browser.post("/u/login", form, { Host, Origin: "http://127.0.0.1:4567" })).status).toBe(302);
});

test("a login is over after ten minutes", async () => {
  const sample = start();
  const browser = sample.browser();
  const state = hiddenState(await browser.get((await browser.authorize()).location));
  sample.clock.nowMs += TRANSACTION_LIFETIME_SECONDS * 1000;
  expect((await browser.post("/u/login", { state, user: "auth0|alice" })).status).toBe(403);
});

test("two tabs of one browser log in side by side", async () => {
  const sample = start();
  const browser = sample.browser();
  const one = hiddenState(await browser.get((await browser.authorize({ state: "one" })).location));
  const two = hiddenState(await browser.get((await browser.authorize({ state: "two" })).location));
  const answers = [one, two].map((state) => browser.post("/u/login", { state, user: "auth0|alice" }));
  expect((await Promise.all(answers)).map(({ sent }) => sent.get("state"))).toEqual(["one", "two"]);
});

test("what the tenant no longer allows is refused in the middle of a login", async () => {
  const sample = start();
  const browser = sample.browser();
  const state = hiddenState(await browser.get((await browser.authorize()).location));
  sample.tenant = { ...sample.tenant, clients: [sampleClient({ callbacks: ["http://localhost:9999"] })] };
  const answer = await browser.post("/u/login", { state, user: "auth0|alice" });
  expect(answer.status).toBe(403);
  expect(answer.text).toContain("Callback URL mismatch.");
  expect(browser.cookies.has("auth0")).toBe(false);
});

test("a new login ends the session before it", async () => {
  const sample = start({ users: [sampleUser(), bob] });
  const browser = sample.browser();
  await browser.logIn();
  const before = browser.cookies.get("auth0")!;
  const answer = await browser.logIn({ prompt: "login" }, "auth0|bob");
  expect(sample.grantOf(answer)).toMatchObject({ userId: "auth0|bob" });
  expect(browser.cookies.get("auth0")).not.toBe(before);
  expect(await sample.state.sessions.find(before, holderOf(sample))).toBeUndefined();
});

test("a session cookie that somebody planted is never taken up", async () => {
  const sample = start();
  const browser = sample.browser();
  browser.cookies.set("auth0", "p".repeat(43));
  await browser.logIn();
  expect(browser.cookies.get("auth0")).not.toBe("p".repeat(43));
});

test("a button that is none, and a form that is no form, log nobody in", async () => {
  const sample = start();
  const browser = sample.browser();
  const state = hiddenState(await browser.get((await browser.authorize()).location));
  expect((await browser.post("/u/login", { state, user: "auth0|nobody" })).status).toBe(400);
  expect((await browser.post("/u/login", { state })).status).toBe(400);
  const json = await browser.post("/u/login", { state, user: "auth0|alice" }, { "Content-Type": "application/json" });
  expect(json.status).toBe(400);
  expect((await browser.post("/u/login", { user: "auth0|alice" })).status).toBe(403);
  expect((await browser.get("/u/login")).status).toBe(403);
  expect(browser.cookies.has("auth0")).toBe(false);
});
