import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, inParallel, until } from "./support/http.ts";
import { makeProject } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * Issuers that fail a JWT authorizer in every way a server can, in the discovery document or in the keys it leads to. AWS
 * answers the caller 401 with a challenge that names which of the two it was; nobody gets in, and when the issuer is well
 * again, so are the answers.
 */

const AUDIENCE = "https://pets.example";
const DISCOVERY = "OIDC discovery endpoint communication error";
const JWKS = "JWKS communication error";
const OTHER_ISSUER = "the issuer in the OIDC discovery endpoint metadata does not match the configured issuer";

type Fault = (response: ServerResponse, document: string) => void;
const FAULTS: Readonly<Record<string, Fault>> = {
  silent: () => {},
  slow: (response, document) => {
    response.writeHead(200);
    response.write(document.slice(0, 10));
  },
  half: (response, document) => {
    response.writeHead(200, { "content-length": document.length });
    response.write(document.slice(0, 20), () => response.destroy());
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
  failing: (response) => void response.writeHead(500).end("come back later"),
  missing: (response) => void response.writeHead(404).end("{}"),
  redirecting: (response) => void response.writeHead(302, { location: "/discovery-good/.well-known/jwks.json" }).end(),
  html: (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>"),
  empty: (response) => void response.end(),
  shapeless: (response, document) => void response.end(document.replace(/("jwks_uri"|"keys"):.*/s, "$1:5}")),
  packed: (response, document) => void response.writeHead(200, { "content-encoding": "gzip" }).end(document),
};

let server: Server;
let backend: Server;
let origin: string;
let running: TestServer;
let keys: Readonly<Record<"good" | "twice" | "none" | "foreign", string>>;
let signingKey: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
const keyFetches = new Map<string, number>();
const mended = new Set<string>();
const names = [
  ...Object.keys(FAULTS).flatMap((fault) => [`discovery-${fault}`, `keys-${fault}`]),
  ...["discovery-good", "discovery-other", "keys-none", "keys-twice", "keys-foreign", "keys-flooded"],
];
const issuerOf = (name: string): string => `${origin}/${name}/`;

const token = (name: string, header: Record<string, unknown> = {}, claims: Record<string, unknown> = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
    .setIssuer(issuerOf(name))
    .setAudience(AUDIENCE)
    .setSubject("user")
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(signingKey);

function answer(name: string, isKeys: boolean, response: ServerResponse): void {
  const [where = "", fault = ""] = mended.has(name) ? [] : name.split("-");
  const iss = where === "discovery" && fault === "other" ? issuerOf("discovery-good") : issuerOf(name);
  const discovery = JSON.stringify({ issuer: iss, jwks_uri: `${issuerOf(name)}.well-known/jwks.json` });
  const chosen = where === "keys" && fault in keys ? (fault as keyof typeof keys) : "good";
  const document = isKeys ? keys[chosen] : discovery;
  const isFaulty = where === (isKeys ? "keys" : "discovery") && Object.hasOwn(FAULTS, fault);
  if (isFaulty) FAULTS[fault]?.(response, document);
  else response.end(document);
}

const project = makeProject();
beforeAll(async () => {
  const [{ privateKey, publicKey }, other] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  signingKey = privateKey;
  const jwk = (key: JWK, kid = "k1"): JWK => ({ ...key, kid, alg: "RS256", use: "sig" });
  const [own, foreign] = await Promise.all([exportJWK(publicKey), exportJWK(other.publicKey)]);
  keys = {
    good: JSON.stringify({ keys: [jwk(own)] }),
    twice: JSON.stringify({ keys: [jwk(foreign), jwk(own)] }),
    none: '{"keys": []}',
    foreign: JSON.stringify({ keys: [jwk(foreign)] }),
  };
  server = createServer((request, response) => {
    const [, name = "", ...path] = (request.url ?? "").split("/");
    const isKeys = path.join("/") === ".well-known/jwks.json";
    if (isKeys) keyFetches.set(name, (keyFetches.get(name) ?? 0) + 1);
    answer(name, isKeys, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  backend = createServer((_request, response) => void response.end("in")).listen(0, "127.0.0.1");
  await once(backend, "listening");
  const uri = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
  const schemes = names.map((name) => [
    name,
    {
      type: "oauth2",
      "x-amazon-apigateway-authorizer": {
        type: "jwt",
        identitySource: "$request.header.Authorization",
        jwtConfiguration: { issuer: issuerOf(name), audience: [AUDIENCE] },
      },
    },
  ]);
  const integration = {
    type: "http_proxy",
    httpMethod: "GET",
    uri,
    payloadFormatVersion: "1.0",
  };
  project.write("api.json", {
    openapi: "3.0.1",
    info: { title: "issuers", version: "1" },
    paths: Object.fromEntries(
      names.map((name) => [
        `/${name}`,
        { get: { security: [{ [name]: [] }], "x-amazon-apigateway-integration": integration } },
      ]),
    ),
    components: { securitySchemes: Object.fromEntries(schemes) },
  });
  project.write("gatewarden.yaml", { files: ["api.json"] });
  running = await startTestServer(project);
});
afterAll(async () => {
  for (const each of [server, backend]) {
    each.closeAllConnections();
    each.close();
  }
  await running.stop();
  project.remove();
});

async function get(name: string, bearer: string) {
  const reply = await ask(`${running.url()}/${name}`, { headers: ["Authorization", `Bearer ${bearer}`] });
  return { status: reply.status, challenge: reply.headers["www-authenticate"] };
}
const refused = (description: string) => ({
  status: 401,
  challenge: `Bearer scope="" error="invalid_token" error_description="${description}"`,
});

test("a good issuer's token is served", async () => {
  expect(await get("discovery-good", await token("discovery-good"))).toMatchObject({ status: 200 });
});

describe("an issuer's fault is 401 with AWS's words for it, told when it is met, and gone when the issuer is well", () => {
  test.concurrent.each(names.filter((name) => Object.hasOwn(FAULTS, name.split("-")[1] ?? "")))("%s", async (name) => {
    const bearer = await token(name);
    const expected = refused(name.startsWith("discovery-") ? DISCOVERY : JWKS);
    expect(await get(name, bearer)).toEqual(expected);
    await until(`${name} to be told`, () => running.told.troubles.some((each) => each.includes(`authorizer ${name} `)));
    mended.add(name);
    await until(`${name} to recover`, async () => (await get(name, bearer)).status === 200);
  });
});

describe("an issuer that lies", () => {
  test("about its name, lets nobody in", async () => {
    expect(await get("discovery-other", await token("discovery-other"))).toEqual(refused(OTHER_ISSUER));
  });

  test("about its key under a known name, lets nobody in", async () => {
    expect(await get("keys-foreign", await token("keys-foreign"))).toEqual(refused("crypto/rsa: verification error"));
  });

  test("with two keys under one name, or none at all, lets nobody in by another", async () => {
    for (const name of ["keys-twice", "keys-none"]) {
      const { status } = await get(name, await token(name));
      expect(status, name).toBe(401);
    }
  });
});

test("two hundred invented key names cost the issuer one fetch, and the good token nothing", async () => {
  expect(await get("keys-flooded", await token("keys-flooded"))).toMatchObject({ status: 200 });
  const before = keyFetches.get("keys-flooded") ?? 0;
  await inParallel(200, 10, async (at) => {
    expect((await get("keys-flooded", await token("keys-flooded", { kid: `invented-${at}` }))).status).toBe(401);
  });
  expect(keyFetches.get("keys-flooded")).toBe(before + 1);
  expect(await get("keys-flooded", await token("keys-flooded", {}, { n: 1 }))).toMatchObject({ status: 200 });
});

test("while the issuer is away, the keys that were fetched serve on", async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await get("keys-flooded", await token("keys-flooded", { kid: "invented" }))).toMatchObject({ status: 401 });
  expect(await get("keys-flooded", await token("keys-flooded", {}, { n: 2 }))).toMatchObject({ status: 200 });
});
