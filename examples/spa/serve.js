/**
 * Serves the app on this machine: `node serve.js [PORT]`, port 4569 by default. Any web server can do the same; what it
 * should take over is the Content-Security-Policy.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";

const TYPES = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
};
const OWN_FILES = ["index.html", "app.js", "style.css"];
const SDK_FILES = ["auth0-spa-js.production.esm.js", "auth0-spa-js.worker.production.js"];

/**
 * Starts the server on a loopback port (0 takes any free one) and answers with the app's address and a way to stop it.
 * What `config` has goes over auth_config.json; a function is asked at every request.
 */
export async function startSpa(port, config = {}) {
  const read = (folder, name) => [`/${name}`, readFileSync(join(folder, name))];
  const sdk = sdkFolder();
  const files = new Map([
    ...OWN_FILES.map((name) => read(import.meta.dirname, name)),
    ...SDK_FILES.map((name) => read(sdk, name)),
  ]);
  const preset = JSON.parse(readFileSync(join(import.meta.dirname, "auth_config.json"), "utf8"));
  const importMap = hashOf(/<script type="importmap">([^<]*)</.exec(files.get("/index.html"))[1]);
  const server = createServer((request, response) => {
    const current = { ...preset, ...(typeof config === "function" ? config() : config) };
    const path = request.url.split("?", 1)[0].replace(/^\/$/, "/index.html");
    const body = path === "/auth_config.json" ? JSON.stringify(current) : files.get(path);
    const isRead = request.method === "GET" || request.method === "HEAD";
    const status = !isLoopback(request.headers.host) ? 403 : body === undefined ? 404 : isRead ? 200 : 405;
    response.writeHead(status, {
      "Content-Type": status === 200 ? TYPES[path.split(".").at(-1)] : "text/plain",
      "Content-Security-Policy": contentSecurityPolicy(current, importMap),
      "Cache-Control": "no-cache",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    });
    response.end(status === 200 ? body : `${status}\n`);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    // Not 127.0.0.1: to a browser that is another site than the issuer's localhost, and silent renewal would fail.
    url: `http://localhost:${server.address().port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** Scripts and styles of our own only; requests to the issuer and the APIs only; a frame of the issuer's, for renewal. */
function contentSecurityPolicy({ domain, petsUrl, testUrl }, importMap) {
  const issuer = originOf(/^https?:/.test(domain) ? domain : `https://${domain}`);
  return [
    "default-src 'none'",
    `script-src 'self' ${importMap}`,
    "worker-src 'self'",
    "style-src 'self'",
    "img-src data:",
    `connect-src 'self' ${[...new Set([issuer, originOf(petsUrl), originOf(testUrl)])].join(" ")}`,
    `frame-src ${issuer}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** As Content-Security-Policy names an inline script: this one text and no other. */
function hashOf(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function originOf(url) {
  return new URL(url).origin;
}

/** A page elsewhere that lets its own name lead to this machine still sends that name. */
function isLoopback(host) {
  return /^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(host ?? "");
}

/** @auth0/auth0-spa-js: as it comes with the gatewarden package, or as npm has installed it. */
function sdkFolder() {
  const folders = [join(import.meta.dirname, "../../dist/examples-vendor")];
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    folders.push(join(folder, "node_modules/@auth0/auth0-spa-js/dist"));
  }
  const found = folders.find((folder) => SDK_FILES.every((name) => existsSync(join(folder, name))));
  if (found === undefined)
    throw new Error("the browser app needs @auth0/auth0-spa-js: npm install @auth0/auth0-spa-js");
  return found;
}

if (process.argv[1] === import.meta.filename) {
  const { url } = await startSpa(Number(process.argv[2] ?? 4569));
  console.log(`The app is at ${url}`);
}
