import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Browser, openBrowser, type Tab } from "./support/browser.ts";
import { chromium } from "./support/chromium.ts";
import { gatewarden, type Serving, serve } from "./support/command-line.ts";
import { makeProject, type Project } from "./support/project.ts";
import { waitFor } from "./support/wait-for.ts";

/*
 * The demo's browser app as people use it: a real browser, the real SDK, the real processes. Each test is a person with a
 * browser of their own.
 */

if (chromium === undefined) console.log("the browser app is not tried: no Chromium is installed");

const READY = "document.documentElement.dataset.ready";

describe.skipIf(chromium === undefined)("the browser app of the demo", { timeout: 60_000 }, () => {
  let project: Project;
  let demo: Serving;
  let app: string;
  let browser: Browser;
  let tabs: Tab[] = [];

  beforeAll(async () => {
    project = makeProject();
    demo = await serve(["demo", "--port", "0", "--issuer-port", "0"], { cwd: project.folder });
    app = demo.json.spa as string;
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    if (project) rmSync(project.folder, { recursive: true, force: true });
  });
  afterEach(() => {
    const errors = tabs.flatMap((tab) => tab.errors);
    tabs = [];
    expect(errors, "errors on the console").toEqual([]);
  });

  async function open(url = app): Promise<Tab> {
    const tab = await browser.open(url);
    tabs.push(tab);
    await tab.until(READY);
    return tab;
  }

  async function logIn(tab: Tab, name: string): Promise<void> {
    await tab.click("#login");
    await tab.click("button", name);
    await tab.until(READY);
    expect(await tab.text("#state")).toBe(`Logged in as ${name}.`);
  }

  async function openAs(name: string): Promise<Tab> {
    const tab = await open();
    await logIn(tab, name);
    return tab;
  }

  /** What the page shows of a call's answer. */
  async function call(tab: Tab, id: string) {
    await tab.click(`#${id} button`);
    await tab.until(
      `document.querySelector("#${id} .answer").dataset.status && !document.querySelector("#${id} button").disabled`,
    );
    const answer = (await tab.evaluate(`(() => {
      const answer = document.querySelector("#${id} .answer");
      const texts = (selector) => [...answer.querySelectorAll(selector)].map((each) => each.textContent);
      const facts = texts("dt").map((name, at) => [name, texts("dd")[at]]);
      return { status: texts(".status")[0], reason: texts(".reason")[0], body: texts(".body")[0], facts: Object.fromEntries(facts) };
    })()`)) as { status: string; reason: string; body: string; facts: Record<string, string> };
    return answer;
  }

  async function renew(tab: Tab): Promise<string> {
    await tab.evaluate("for (const id of ['renewed', 'error']) document.getElementById(id).hidden = true");
    await tab.click("#renew");
    await tab.until("['renewed', 'error'].some((id) => document.getElementById(id).checkVisibility())");
    return tab.evaluate(
      "['renewed', 'error'].map((id) => document.getElementById(id)).find((each) => each.checkVisibility()).innerText",
    );
  }

  async function chooseRefreshTokens(tab: Tab): Promise<void> {
    await tab.evaluate(`delete ${READY}`);
    await tab.click("#by-refresh-token");
    await tab.until(READY);
  }

  const reload = async (tab: Tab): Promise<void> => {
    await tab.goto(await tab.evaluate("location.href"));
    await tab.until(READY);
  };

  test("nobody is logged in at first, and a call without a token shows the 401 and why", async () => {
    const tab = await open();
    expect(await tab.text("#state")).toBe("Nobody is logged in.");
    expect(await call(tab, "read-without-token")).toMatchObject({
      status: "401",
      reason: "No token was sent.",
      body: '{"message":"Unauthorized"}',
      facts: {
        "x-amzn-errortype": "UnauthorizedException",
        "x-amzn-requestid": expect.stringMatching(/^[\da-f-]{36}$/),
      },
    });
    expect(await call(tab, "test-without-token")).toMatchObject({
      status: "401",
      body: '{"message":"Unauthorized"}',
      facts: { "www-authenticate": "Bearer" },
    });
  });

  test("Alice logs in with a click and may do all: both APIs, and the issuer's own", async () => {
    const tab = await openAs("Alice");
    expect(await tab.text("#sub")).toBe("auth0|alice");
    expect(await tab.text("#email")).toBe("alice@example.com");
    expect(await tab.evaluate("location.href")).toBe(`${app}/`);
    const read = await call(tab, "read");
    expect(read).toMatchObject({ status: "200", reason: "", body: expect.stringContaining('"type":"dog"') });
    expect(read.facts["the token's scope"]?.split(" ")).toEqual(expect.arrayContaining(["read:pets", "create:pets"]));
    expect(await call(tab, "sell")).toMatchObject({
      status: "201",
      body: expect.stringContaining("The bird is in the shop."),
    });
    const other = await call(tab, "test");
    expect(other.status).toBe("200");
    expect(JSON.parse(other.body)).toMatchObject({ route: "GET /test", caller: "auth0|alice" });
    const userinfo = await call(tab, "userinfo");
    expect(userinfo.status).toBe("200");
    expect(JSON.parse(userinfo.body)).toMatchObject({ sub: "auth0|alice", name: "Alice", email: "alice@example.com" });
  });

  test("Bob may read, not sell: 403, since his roles permit less than the app asks for", async () => {
    const tab = await openAs("Bob");
    expect(await call(tab, "read")).toMatchObject({ status: "200" });
    const refused = await call(tab, "sell");
    expect(refused).toMatchObject({
      status: "403",
      reason: "The token lacks create:pets. The app asked for it; the user's roles do not permit it.",
      facts: { "x-amzn-errortype": "AccessDeniedException" },
    });
    expect(refused.facts["the token's scope"]?.split(" ")).toContain("read:pets");
    expect(refused.facts["the token's scope"]).not.toContain("create:pets");
    const [, , ...explain] = (refused.facts["why, in full"] ?? "").split(" ");
    const { stdout } = await gatewarden(explain, { cwd: project.folder });
    expect(stdout).toContain("403 POST /test/pets");
  });

  test("a reload keeps the login: a frame at the issuer renews it without a word", async () => {
    const tab = await openAs("Alice");
    await reload(tab);
    expect(await tab.text("#state")).toBe("Logged in as Alice.");
    const loaded = await tab.evaluate<string[]>("performance.getEntriesByType('resource').map(({ name }) => name)");
    expect(loaded).toContainEqual(expect.stringMatching(/\/authorize\?.*prompt=none.*response_mode=web_message/));
    expect(await renew(tab)).toMatch(/^A new token until .* for .*read:pets create:pets/);
    expect(await call(tab, "read")).toMatchObject({ status: "200" });
  });

  test("refresh tokens renew without the login's cookie, again and again", async () => {
    const tab = await openAs("Alice");
    await chooseRefreshTokens(tab);
    expect(await tab.text("#state")).toBe("Logged in as Alice.");
    expect(await renew(tab)).toContain("offline_access");
    await tab.clearCookies();
    for (const _ of [1, 2, 3]) expect(await renew(tab)).toMatch(/^A new token until .*offline_access/);
    expect(await call(tab, "sell")).toMatchObject({ status: "201" });
  });

  test("a logout ends the login at the issuer, too", async () => {
    const tab = await openAs("Bob");
    await tab.evaluate(`delete ${READY}`);
    await tab.click("#logout");
    await tab.until(READY);
    expect(await tab.text("#state")).toBe("Nobody is logged in.");
    expect(await call(tab, "read")).toMatchObject({
      status: "No answer",
      reason: expect.stringContaining("login_required"),
    });
    await logIn(tab, "Alice");
  });

  describe("at 127.0.0.1, to a browser another site than the issuer's localhost,", () => {
    const elsewhere = (): string => app.replace("localhost", "127.0.0.1");

    test("logs in, but cannot renew by the login's cookie, and says why", async () => {
      const tab = await open(elsewhere());
      await logIn(tab, "Alice");
      expect(await call(tab, "read")).toMatchObject({ status: "200" });
      expect(await renew(tab)).toMatch(/^login_required: .* The page is at 127\.0\.0\.1 and the issuer at localhost/);
      expect(await tab.text("#state")).toBe("Nobody is logged in.");
    });

    test("renews by refresh token", async () => {
      const tab = await open(elsewhere());
      await tab.evaluate("localStorage.setItem('renewal', 'refresh token')");
      await reload(tab);
      await logIn(tab, "Alice");
      expect(await renew(tab)).toMatch(/^A new token until /);
      expect(await call(tab, "read")).toMatchObject({ status: "200" });
    });

    test("cannot read the HTTP API, which allows the app's one origin", async () => {
      const tab = await open(elsewhere());
      expect(await call(tab, "test-without-token")).toMatchObject({
        status: "No answer",
        reason: expect.stringContaining("CORS"),
      });
      tabs = []; // These errors are meant.
      await waitFor(() => expect(tab.errors).toContainEqual(expect.stringContaining("blocked by CORS policy")));
    });
  });
});
