import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, inParallel, until } from "./support/http.ts";
import { customAuthorizer, makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * An issuer that fails the authorizer in every way a server can. Its fault is a 500 to the caller, never a 401 that
 * sends people looking at their token, and never a 200; when it is well again, so are the answers.
 */

const ISSUER = "https://tenant.example/";
const AUDIENCE = "https://pets.example";
type Key = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

const FAULTS: Readonly<Record<string, (response: ServerResponse, keys: string) => void>> = {
  silent: () => {},
  slow: (response, keys) => {
    response.writeHead(200);
    response.write(keys.slice(0, 10));
  },
  huge: (response) => void response.end(`{"keys": [${'{"kty":"RSA"},'.repeat(700_000)}{}]}`),
  endless: (response) => {
    const pour = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      if (!response.destroyed) response.once("drain", pour);
    };
    pour();
  },
  broken: (response) => void response.destroy(),
  failing: (response) => void response.writeHead(503).end("come back later"),
  limiting: (response) => void response.writeHead(429, { "retry-after": "1" }).end(),
  missing: (response) => void response.writeHead(404).end("{}"),
  redirecting: (response) => void response.writeHead(302, { location: "/good/jwks" }).end(),
  garbage: (response) => void response.end("<!doctype html>"),
  empty: (response) => void response.end(),
  shapeless: (response) => void response.end('{"keys": "none"}'),
  packed: (response, keys) => void response.writeHead(200, { "content-encoding": "gzip" }).end(keys),
};

let jwks: Server;
const fetches = new Map<string, number>();
const mended = new Set<string>();
let keys: string;
let liesKeys: string;
let signingKey: Key;
let port: number;
let running: TestServer;
const modes = [...Object.keys(FAULTS), "good", "flooded", "lying", "keyless", "down"];

const token = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject("user")
    .setExpirationTime("1h")
    .sign(signingKey);

const project = makeProject({
  "api.json": openApi(
    Object.fromEntries(modes.map((mode) => [`/${mode}`, { get: mockMethod("in", { security: [{ [mode]: [] }] }) }])),
    Object.fromEntries(modes.map((mode) => [mode, customAuthorizer(mode, { authorizerResultTtlInSeconds: 0 })])),
  ),
});

beforeAll(async () => {
  const [{ privateKey, publicKey }, other] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  signingKey = privateKey;
  const published = (jwk: JWK): string => JSON.stringify({ keys: [{ ...jwk, kid: "k1", alg: "RS256", use: "sig" }] });
  keys = published(await exportJWK(publicKey));
  liesKeys = published(await exportJWK(other.publicKey));
  jwks = createServer((request, response) => {
    const mode = request.url?.split("/")[1] ?? "";
    fetches.set(mode, (fetches.get(mode) ?? 0) + 1);
    const fault = mended.has(mode) ? undefined : FAULTS[mode];
    if (fault !== undefined) fault(response, keys);
    else if (mode === "keyless") response.end('{"keys": []}');
    else response.end(mode === "lying" ? liesKeys : keys);
  }).listen(0, "127.0.0.1");
  await once(jwks, "listening");
  port = (jwks.address() as AddressInfo).port;
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const closedPort = (closed.address() as AddressInfo).port;
  closed.close();
  const functions = Object.fromEntries(
    modes.map((mode) => [
      mode,
      {
        handler: "gatewarden:authorizer",
        runtime: "nodejs24.x",
        env: {
          TOKEN_ISSUER: ISSUER,
          JWKS_URI: `http://127.0.0.1:${mode === "down" ? closedPort : port}/${mode}/jwks`,
          AUDIENCE,
        },
      },
    ]),
  );
  project.write("gatewarden.yaml", { files: ["api.json"], functions });
  running = await startTestServer(project);
});
afterAll(async () => {
  jwks.closeAllConnections();
  jwks.close();
  await running.stop();
  project.remove();
});

async function get(mode: string, bearer: string) {
  const reply = await ask(`${running.url()}/${mode}`, { headers: ["Authorization", `Bearer ${bearer}`] });
  const record = running.record(reply.requestId);
  return { ...reply, reason: record?.refusal?.reason, why: record?.refusal?.message ?? "" };
}

test("a good issuer is asked once, and its token is served", async () => {
  const bearer = await token();
  for (let round = 0; round < 5; round++) expect(await get("good", bearer)).toMatchObject({ status: 200, body: "in" });
  expect(fetches.get("good")).toBe(1);
});

describe("an issuer's fault is 500, said to be the issuer's, and gone when the issuer is well", () => {
  test.concurrent.each([...Object.keys(FAULTS), "down"])("%s", async (mode) => {
    const bearer = await token();
    const failed = await get(mode, bearer);
    expect(failed).toMatchObject({
      status: 500,
      errorType: "AuthorizerConfigurationException",
      body: '{"message":null}',
      reason: "authorizer_failed",
      why: expect.stringContaining("Keys unavailable"),
    });
    if (mode === "down") return;
    mended.add(mode);
    await until(`${mode} to recover`, async () => (await get(mode, bearer)).status === 200);
  });
});

describe("an issuer that lies", () => {
  test("with a key of its own under a known name lets nobody in", async () => {
    expect(await get("lying", await token())).toMatchObject({ status: 401, reason: "authorizer_said_unauthorized" });
  });

  test("with no keys at all lets nobody in", async () => {
    const { status } = await get("keyless", await token());
    expect([401, 500]).toContain(status);
  });
});

test("two hundred invented key names cost the issuer one fetch, and the good token nothing", async () => {
  expect(await get("flooded", await token())).toMatchObject({ status: 200 });
  expect(fetches.get("flooded")).toBe(1);
  await inParallel(200, 1, async (at) => {
    expect(await get("flooded", await token({}, { kid: `invented-${at}` }))).toMatchObject({ status: 401 });
  });
  expect(fetches.get("flooded")).toBe(2);
  expect(await get("flooded", await token())).toMatchObject({ status: 200 });
});

test("while the issuer is away, the keys that were fetched serve on", async () => {
  expect(await get("good", await token())).toMatchObject({ status: 200 });
  jwks.closeAllConnections();
  await new Promise((resolve) => jwks.close(resolve));
  expect(await get("good", await token({ n: 1 }))).toMatchObject({ status: 200 });
  expect(await get("good", await token({}, { kid: "invented" }))).toMatchObject({ status: 401 });
  expect(await get("good", await token({ n: 2 }))).toMatchObject({ status: 200 });
});
