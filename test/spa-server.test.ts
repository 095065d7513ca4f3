import { afterAll, beforeAll, expect, test } from "vitest";
// The example is JavaScript, for people without a build step.
// @ts-expect-error it has no types
import { startSpa } from "../examples/spa/serve.js";
import { ask } from "./support/http.ts";

interface Spa {
  readonly url: string;
  stop(): Promise<void>;
}

let spa: Spa;
let domain = "http://localhost:4567";
beforeAll(async () => {
  spa = await startSpa(0, () => ({ domain, petsUrl: "http://127.0.0.1:1/pets", testUrl: "http://127.0.0.1:2/test" }));
});
afterAll(() => spa.stop());

test.each([
  ["/", "text/html; charset=utf-8", "<title>Pets SPA</title>"],
  ["/?code=1&state=2", "text/html; charset=utf-8", "<title>Pets SPA</title>"],
  ["/app.js", "text/javascript; charset=utf-8", "createAuth0Client"],
  ["/style.css", "text/css; charset=utf-8", "color-scheme"],
  ["/auth0-spa-js.production.esm.js", "text/javascript; charset=utf-8", "createAuth0Client"],
  ["/auth0-spa-js.worker.production.js", "text/javascript; charset=utf-8", "refresh_token"],
])("%s is served", async (path, type, part) => {
  const response = await fetch(spa.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await response.text()).toContain(part);
});

test("what is given goes over auth_config.json, and may change", async () => {
  expect(await (await fetch(`${spa.url}/auth_config.json`)).json()).toEqual({
    domain: "http://localhost:4567",
    clientId: "petsSpaPetsSpaPetsSpaPetsSpaPets",
    audience: "https://pets.example",
    petsUrl: "http://127.0.0.1:1/pets",
    testAudience: "https://test-api.example",
    testUrl: "http://127.0.0.1:2/test",
  });
  domain = "tenant.eu.auth0.com";
  const response = await fetch(`${spa.url}/auth_config.json`);
  expect(await response.json()).toMatchObject({ domain });
  expect(response.headers.get("content-security-policy")).toContain("frame-src https://tenant.eu.auth0.com;");
});

test("the page may load its own scripts, ask the issuer and the APIs, frame the issuer, and nothing else", async () => {
  domain = "http://localhost:4567";
  const { headers } = await fetch(spa.url);
  expect(headers.get("content-security-policy")?.split("; ")).toEqual([
    "default-src 'none'",
    expect.stringMatching(/^script-src 'self' 'sha256-[\w+/]{43}='$/),
    "worker-src 'self'",
    "style-src 'self'",
    "img-src data:",
    "connect-src 'self' http://localhost:4567 http://127.0.0.1:1 http://127.0.0.1:2",
    "frame-src http://localhost:4567",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test.each(["/serve.js", "/tenant.yaml", "/../petstore/petstore.yaml", "/%2e%2e/package.json", "/toString", "//"])(
  "%s is not served",
  async (path) => {
    const { status } = await ask(spa.url + path);
    expect(status).toBe(404);
  },
);

test("is read only, and under this machine's names only", async () => {
  expect((await fetch(spa.url, { method: "POST" })).status).toBe(405);
  expect((await fetch(spa.url, { method: "HEAD" })).status).toBe(200);
  const { status } = await ask(spa.url, { headers: ["Host", "rebound.example"] });
  expect(status).toBe(403);
});
