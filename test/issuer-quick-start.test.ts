import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, openBrowser } from "./support/browser.ts";
import { chromium } from "./support/chromium.ts";
import { gatewarden, type Serving, serve } from "./support/command-line.ts";
import { makeProject, type Project } from "./support/project.ts";

/*
 * Somebody follows Auth0's quick start for single-page apps, with this issuer for a domain and nothing else changed: an
 * application is made, its id pasted into the page, and a person logs in and out.
 */

if (chromium === undefined) console.info("the quick start is not tried: no Chromium is installed");

/** What the quick start has one write: no audience, the page's own address for a callback. */
const page = (domain: string, clientId: string): string => `<!doctype html>
<button id="login">Log in</button> <button id="logout">Log out</button> <p id="profile">Nobody</p>
<script type="module">
import { createAuth0Client } from "/auth0-spa-js.js";
const auth0 = await createAuth0Client({
  domain: "${domain}",
  clientId: "${clientId}",
  authorizationParams: { redirect_uri: window.location.origin },
});
document.getElementById("login").addEventListener("click", () => auth0.loginWithRedirect());
document.getElementById("logout").addEventListener("click", () =>
  auth0.logout({ logoutParams: { returnTo: window.location.origin } }));
if (location.search.includes("state=") && (location.search.includes("code=") || location.search.includes("error="))) {
  await auth0.handleRedirectCallback();
  window.history.replaceState({}, document.title, "/");
}
const user = (await auth0.isAuthenticated()) ? await auth0.getUser() : undefined;
if (user) document.getElementById("profile").innerText = user.name + " <" + user.email + ">";
document.documentElement.dataset.ready = "yes";
</script>`;

describe.skipIf(chromium === undefined)("the quick start for single-page apps", { timeout: 60_000 }, () => {
  let project: Project;
  let issuer: Serving;
  let app: Server;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    project = makeProject();
    issuer = await serve(["issuer", "start", "--issuer-port", "0"], { cwd: project.folder });
    let html = "";
    // Its package exports no path to the file itself.
    const sdk = join(
      dirname(createRequire(import.meta.url).resolve("@auth0/auth0-spa-js/package.json")),
      "dist/auth0-spa-js.production.esm.js",
    );
    app = createServer((request, response) => {
      const isSdk = request.url === "/auth0-spa-js.js";
      response.setHeader("content-type", isSdk ? "text/javascript" : "text/html");
      response.end(isSdk ? readFileSync(sdk) : html);
    }).listen(0, "127.0.0.1");
    await once(app, "listening");
    url = `http://localhost:${(app.address() as AddressInfo).port}`;
    const create = ["issuer", "app", "create", "Quick start", "--type", "spa", "--callback", url, "--logout-url", url];
    const { code, stdout } = await gatewarden([...create, "--json"], { cwd: project.folder });
    expect(code).toBe(0);
    const made = JSON.parse(stdout);
    expect(made.client.web_origins).toEqual([url]);
    html = page(made.issuer.replace(/\/$/, ""), made.client.client_id);
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    app?.closeAllConnections();
    app?.close();
    await issuer?.stop();
    project?.remove();
  });

  test("logs a person in, keeps the login over a reload, and logs out", async () => {
    const READY = "document.documentElement.dataset.ready";
    const tab = await browser.open(url);
    await tab.until(READY);
    expect(await tab.text("#profile")).toBe("Nobody");
    await tab.click("#login");
    await tab.click("button", "Alice");
    await tab.until(`${READY} && document.getElementById("profile").innerText !== "Nobody"`);
    expect(await tab.text("#profile")).toBe("Alice <alice@example.com>");
    expect(await tab.evaluate("location.href")).toBe(`${url}/`);

    await tab.goto(`${url}/`);
    await tab.until(READY);
    expect(await tab.text("#profile")).toBe("Alice <alice@example.com>");

    await tab.evaluate(`delete ${READY}`);
    await tab.click("#logout");
    await tab.until(READY);
    expect(await tab.text("#profile")).toBe("Nobody");
    await tab.goto(`${url}/`);
    await tab.until(READY);
    expect(await tab.text("#profile")).toBe("Nobody");
    expect(tab.errors).toEqual([]);
    expect(issuer.stderr()).not.toMatch(/defect/);
  });
});
