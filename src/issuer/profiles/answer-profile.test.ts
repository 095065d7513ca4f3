import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseKeySet } from "../../token/key-set.ts";
import { type SampleIssuer, sampleApi, sampleIssuer } from "../fixtures/sample-issuer.ts";

const TENANT_ID = "72f3a1b0-1234-4abc-8def-0123456789ab";
let sample: SampleIssuer;

beforeAll(async () => {
  sample = await sampleIssuer({ apis: [sampleApi()] });
});
afterAll(() => sample.close());

/** Issuer, discovery document and keys, as paths. */
const PLACES = [
  ["cognito", "eu-central-1_AbC123", ".well-known/openid-configuration", "eu-central-1_AbC123/.well-known/jwks.json"],
  ["okta", "oauth2/default", ".well-known/openid-configuration", "oauth2/default/v1/keys"],
  ["okta", "oauth2/aus9", ".well-known/oauth-authorization-server", "oauth2/aus9/v1/keys"],
  ["entra", `${TENANT_ID}/v2.0`, ".well-known/openid-configuration", `${TENANT_ID}/discovery/v2.0/keys`],
  ["keycloak", "realms/zoo", ".well-known/openid-configuration", "realms/zoo/protocol/openid-connect/certs"],
] as const;

describe.each(PLACES)("%s's issuer %s", (profile, issuerPath, discovery, keysPath) => {
  const issuer = `http://localhost:4567/${issuerPath}`;

  test("says in its discovery document who it is and where its keys are", async () => {
    const answer = await sample.ask("GET", `/${issuerPath}/${discovery}?x=1`);
    expect(answer.status).toBe(200);
    expect(answer.header("content-type")).toBe("application/json");
    expect(answer.json()).toMatchObject({ issuer, jwks_uri: `http://localhost:4567/${keysPath}` });
    // Nothing that does not work is named.
    for (const name of Object.keys(answer.json())) expect(name).not.toMatch(/endpoint/);
  });

  test("verifies the profile's tokens with those keys", async () => {
    const { keys } = (await sample.ask("GET", `/${keysPath}`)).json();
    const token = sample.issuer.mint({ issuer });
    const at = { currentDate: new Date(sample.clock.nowMs) };
    expect((await jwtVerify(token, createLocalJWKSet({ keys }), { issuer, ...at })).payload.iss).toBe(issuer);
    expect(profile === "keycloak" ? keys[0].use : keys[0].kid).toBe(
      profile === "keycloak" ? "enc" : sample.keys.current.kid,
    );
  });

  test("is open to pages, answers HEAD without a body, and nothing but GET", async () => {
    for (const path of [`/${issuerPath}/${discovery}`, `/${keysPath}`]) {
      expect((await sample.ask("GET", path)).header("access-control-allow-origin")).toBe("*");
      expect(await sample.ask("HEAD", path)).toMatchObject({ status: 200, text: "" });
      expect((await sample.ask("POST", path)).status).toBe(404);
      expect((await sample.ask("GET", `/${path}`)).status).toBe(404);
      expect((await sample.ask("GET", `${path}/`)).status).toBe(404);
    }
    expect((await sample.ask("GET", `/${issuerPath}//${discovery}`)).status).toBe(404);
  });
});

test.each([
  "/us-east-1/.well-known/openid-configuration",
  "/useast1_EXAMPLE/.well-known/jwks.json",
  "/oauth2/.well-known/openid-configuration",
  "/oauth2/a/b/.well-known/openid-configuration",
  "/oauth2/a%2Fb/v1/keys",
  "/oauth2/a/oauth2/a/v1/keys",
  "/not-a-tenant/v2.0/.well-known/openid-configuration",
  `/${TENANT_ID}/v1.0/.well-known/openid-configuration`,
  `/${TENANT_ID}/v2.0/discovery/v2.0/keys`,
  "/realms//.well-known/openid-configuration",
  "/realms/../.well-known/openid-configuration",
  "/realms/./protocol/openid-connect/certs",
  "/realms/a/b/protocol/openid-connect/certs",
  `/realms/${"a/".repeat(5000)}protocol/openid-connect/certs`,
])("%.60s is no provider's path", async (path) => {
  expect((await sample.ask("GET", path)).status).toBe(404);
});

describe("each key set has its provider's members", () => {
  const keysAt = async (path: string): Promise<Record<string, unknown>[]> =>
    (await sample.ask("GET", path)).json().keys;
  const members = (keys: readonly object[]) => keys.map((key) => Object.keys(key).sort().join(" "));

  test("cognito: two keys, bare", async () => {
    const keys = await keysAt("/us-east-1_EXAMPLE/.well-known/jwks.json");
    expect(members(keys)).toEqual(["alg e kid kty n use", "alg e kid kty n use"]);
    expect(new Set(keys.map(({ n }) => n)).size).toBe(2);
  });

  test("entra: several keys, none with alg", async () => {
    const keys = await keysAt(`/${TENANT_ID}/discovery/v2.0/keys`);
    expect(members(keys)).toEqual(["e kid kty n use x5c x5t", "e kid kty n use x5c x5t"]);
  });

  test("keycloak: a key for encryption that verifiers skip, the same at every request", async () => {
    const path = "/realms/gatewarden/protocol/openid-connect/certs";
    const keys = await keysAt(path);
    expect(keys[0]).toMatchObject({ use: "enc", alg: "RSA-OAEP" });
    expect(keys[0]).not.toHaveProperty("d");
    expect(members(keys)).toEqual(Array.from({ length: 3 }, () => "alg e kid kty n use x5c x5t x5t#S256"));
    expect(await keysAt(path)).toEqual(keys);
    const parsed = parseKeySet({ keys }, { fetchedAtMs: 0 });
    expect(parsed).toMatchObject({ ok: true });
    expect(keys.slice(1).some(({ n }) => n === keys[0]!.n)).toBe(false);
  });

  test("keycloak: a damaged key file costs nobody the other keys", async () => {
    const other = await sampleIssuer();
    await other.folder.readOrCreate("keycloak-encryption-key.json", () => "{}");
    const answer = await other.ask("GET", "/realms/zoo/protocol/openid-connect/certs");
    expect(answer.json().keys[0]).toMatchObject({ use: "enc", n: expect.stringMatching(/^[\w-]{300,}$/) });
    other.close();
  });
});
