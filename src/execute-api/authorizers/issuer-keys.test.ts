import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { generateSigningKey } from "../../token/generate-signing-key.ts";
import type { HttpGet } from "../../token/http-get.ts";
import {
  createIssuerKeys,
  isPrivateAddress,
  KEYS_CACHE_MS,
  KEYS_MAX_STALE_MS,
  LOCAL_KEYS_CACHE_MS,
  RETRY_PAUSE_MS,
} from "./issuer-keys.ts";

const ISSUER = "https://tenant.example/";
const options = {
  allowLoopbackHttp: false,
  refusePrivateAddresses: false,
  localIssuers: new Map<string, () => string>(),
};

async function answering(jwksUri = `${ISSUER}keys`) {
  const { publicJwk } = await generateSigningKey({ kid: "kid:k1" });
  const state = { isDown: false, fetched: [] as string[], nowMs: 0 };
  const get: HttpGet = async (url) => {
    state.fetched.push(url.href);
    if (state.isDown) return { ok: false, problem: "connection", detail: "ECONNREFUSED" };
    const isDiscovery = url.pathname.endsWith("openid-configuration");
    return {
      ok: true,
      body: JSON.stringify(isDiscovery ? { issuer: ISSUER, jwks_uri: jwksUri } : { keys: [publicJwk] }),
    };
  };
  return { state, get, publicJwk };
}

test("keys serve on for two hours in all while the issuer is down, which is asked again after a second", async () => {
  const { state, get } = await answering();
  const keys = createIssuerKeys({ ...options, get, nowMs: () => state.nowMs }).of(ISSUER);
  await keys.get();
  state.isDown = true;
  state.nowMs = KEYS_CACHE_MS;
  expect(keys.current()).toBeUndefined();
  expect(await keys.get()).toMatchObject({ ok: true });
  const fetched = state.fetched.length;
  await keys.get();
  expect(state.fetched).toHaveLength(fetched);
  state.nowMs += RETRY_PAUSE_MS;
  await keys.get();
  expect(state.fetched.length).toBeGreaterThan(fetched);
  state.nowMs = KEYS_CACHE_MS + KEYS_MAX_STALE_MS + 1;
  expect(await keys.get()).toMatchObject({ ok: false });
});

test("contacting says what is wrong, in words, and one issuer has one key set", async () => {
  const { state, get } = await answering();
  const issuerKeys = createIssuerKeys({ ...options, get });
  expect(await issuerKeys.contact(ISSUER)).toEqual({ ok: true });
  expect(issuerKeys.of(ISSUER)).toBe(issuerKeys.of(ISSUER));
  state.isDown = true;
  expect(await issuerKeys.contact("https://other.example/")).toMatchObject({
    ok: false,
    message: expect.stringContaining("https://other.example/.well-known/openid-configuration"),
  });
});

test("an issuer that the local one speaks for is never fetched, and follows its keys", async () => {
  const { state, get, publicJwk } = await answering();
  const localIssuers = new Map([[ISSUER, () => JSON.stringify({ keys: [publicJwk] })]]);
  const issuerKeys = createIssuerKeys({ ...options, get, localIssuers });
  expect(await issuerKeys.contact(ISSUER)).toEqual({ ok: true });
  const verdict = await issuerKeys.of(ISSUER).get();
  expect(verdict.ok && [...verdict.keys.byKid.keys()]).toEqual(["k1"]);
  expect(state.fetched).toEqual([]);
  localIssuers.clear();
  await issuerKeys.contact(ISSUER);
  expect(state.fetched.length).toBeGreaterThan(0);
});

test("a key that the local issuer revokes is known no more a second later", async () => {
  const { state, get, publicJwk } = await answering();
  let published = [publicJwk];
  const localIssuers = new Map([[ISSUER, () => JSON.stringify({ keys: published })]]);
  const keys = createIssuerKeys({ ...options, get, localIssuers, nowMs: () => state.nowMs }).of(ISSUER);
  await keys.get("k1");
  published = [{ ...publicJwk, kid: "k2" }];
  expect(keys.current()?.byKid.has("k1")).toBe(true);
  state.nowMs = LOCAL_KEYS_CACHE_MS;
  expect(keys.current()).toBeUndefined();
  const verdict = await keys.get("k1");
  expect(verdict.ok && [...verdict.keys.byKid.keys()]).toEqual(["k2"]);
});

test("plain http is for issuers of this machine, in development only", async () => {
  const { get } = await answering();
  const development = createIssuerKeys({ ...options, allowLoopbackHttp: true, get });
  expect(await development.contact("http://tenant.example/")).toMatchObject({ ok: false });
  expect(await createIssuerKeys({ ...options, get }).contact("http://localhost:4567/")).toMatchObject({ ok: false });
});

test.each([
  "https://127.0.0.1/",
  "https://[::1]/",
  "https://10.1.2.3/",
  "https://192.168.1.1/",
  "https://169.254.169.254/",
  "https://localhost/",
])("in production %s is refused before a byte is sent", async (issuer) => {
  const server = createServer((_, response) => response.end("{}"));
  let connections = 0;
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const address = new URL(issuer);
  address.port = String(port);
  const keys = createIssuerKeys({ ...options, refusePrivateAddresses: true });
  expect(await keys.contact(address.href)).toMatchObject({
    ok: false,
    message: expect.stringContaining("EPRIVATEADDRESS"),
  });
  expect(connections).toBe(0);
  await new Promise((resolve) => server.close(resolve));
});

test("an issuer whose keys are at a private address is refused, too", async () => {
  const { state, get } = await answering("https://10.0.0.1/keys");
  const keys = createIssuerKeys({ ...options, refusePrivateAddresses: true, get });
  expect(await keys.contact(ISSUER)).toMatchObject({ ok: false, message: expect.stringContaining("EPRIVATEADDRESS") });
  expect(state.fetched).toEqual([`${ISSUER}.well-known/openid-configuration`]);
});

test("addresses are private or not, in every form", () => {
  for (const address of [
    "10.0.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "fe80::1",
    "::ffff:127.0.0.1",
    "0.0.0.0",
    "224.0.0.1",
  ]) {
    expect([address, isPrivateAddress(address)]).toEqual([address, true]);
  }
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8"]) {
    expect([address, isPrivateAddress(address)]).toEqual([address, false]);
  }
});
