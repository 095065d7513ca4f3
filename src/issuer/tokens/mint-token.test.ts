import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { parseKeySet } from "../../token/key-set.ts";
import { verifyJwt } from "../../token/verify-jwt.ts";
import { fixedTenantStore } from "../fixtures/fixed-tenant-store.ts";
import { sampleApi, sampleTenant, sampleUser } from "../fixtures/sample-issuer.ts";
import { createIssuer, type Issuer } from "../issuer.ts";
import { type KeyRing, openKeyRing } from "../keys/keys.ts";
import { openStateFolder } from "../state-folder.ts";
import { deriveTenant } from "../tenant/derived-tenant.ts";
import { MAX_TOKEN_LIFETIME_SECONDS, type Tenant } from "../tenant/tenant.ts";
import { EXPIRED_SECONDS_AGO, type MintOptions, WRONG_AUDIENCE, WRONG_ISSUER } from "./mint-token.ts";

const issuerUrl = "http://localhost:4567/";
const audience = "https://pets.example/";
const nowSeconds = 1_800_000_000;
const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-mint-"));
const folder = openStateFolder(dataDir);
const documents = createMemoryDocuments;
let keys: KeyRing;
let tenant: Tenant;
let issuer: Issuer;

beforeAll(async () => {
  keys = await openKeyRing(folder);
  tenant = await deriveTenant(folder, {
    project: "demo",
    apis: [
      { identifier: audience, name: "Pets", scopes: ["read:pets", "write:pets"] },
      { identifier: "strong", scopes: [], signingAlg: "PS256" },
      { identifier: "shared", scopes: [], signingAlg: "HS256" },
      { identifier: "rbac", scopes: ["read:pets", "write:pets"], tokenDialect: "access_token_authz" },
    ],
    users: [
      sampleUser({
        userId: "auth0|5f7c8ec7c33c6c004bbafe82",
        name: "alice",
        email: "alice@pets.example",
        permissions: { rbac: ["read:pets"], [audience]: ["read:pets"] },
      }),
    ],
  });
  issuer = createIssuer({
    issuerUrl,
    tenants: fixedTenantStore(tenant),
    keys,
    folder,
    documents,
    clock: () => nowSeconds * 1000,
  });
});
afterAll(() => rmSync(dataDir, { recursive: true }));

function joseKeys() {
  return createLocalJWKSet(JSON.parse(JSON.stringify(issuer.jwks())) as JSONWebKeySet);
}

function judge(token: string) {
  const parsed = parseKeySet(issuer.jwks(), { fetchedAtMs: 0 });
  if (!parsed.ok) throw new Error(parsed.detail);
  return verifyJwt(token, {
    keys: parsed.keys,
    issuers: [issuerUrl],
    audiences: [audience],
    nowSeconds,
  });
}

describe("a minted token", () => {
  test("is by default what the first API's test application would get", () => {
    expect(decodeJwt(issuer.mint())).toEqual({
      iss: issuerUrl,
      sub: `${tenant.clients[0]!.clientId}@clients`,
      aud: audience,
      iat: nowSeconds,
      exp: nowSeconds + 86_400,
      scope: "read:pets write:pets",
      gty: "client-credentials",
      azp: tenant.clients[0]!.clientId,
    });
    expect(judge(issuer.mint())).toMatchObject({ ok: true });
  });

  test("speaks for a known user by id, name or email in any case, with the user's permissions", () => {
    for (const as of ["alice", "alice@pets.example", "Alice@Pets.example", "auth0|5f7c8ec7c33c6c004bbafe82"]) {
      const claims = decodeJwt(issuer.mint({ as, api: "rbac" }));
      expect(claims).toMatchObject({
        sub: "auth0|5f7c8ec7c33c6c004bbafe82",
        scope: "read:pets",
        permissions: ["read:pets"],
        azp: tenant.clients[3]!.clientId,
      });
      expect(claims).not.toHaveProperty("gty");
    }
  });

  test("speaks for any other user by name or id", () => {
    expect(decodeJwt(issuer.mint({ as: "bob" }))).toMatchObject({ sub: "auth0|bob", scope: "read:pets write:pets" });
    expect(decodeJwt(issuer.mint({ as: "google-oauth2|7" })).sub).toBe("google-oauth2|7");
  });

  test("is also for /userinfo when a user's scopes have openid", () => {
    expect(decodeJwt(issuer.mint({ as: "bob", scopes: ["openid"] })).aud).toEqual([audience, `${issuerUrl}userinfo`]);
  });

  test("takes scopes, permissions, lifetime, issuer and claims as ordered", () => {
    const claims = decodeJwt(
      issuer.mint({
        scopes: ["delete:everything"],
        permissions: ["admin"],
        expiresInSeconds: 60,
        issuer: "https://tenant.eu.auth0.com/",
        claims: { "https://pets.example/roles": ["keeper"], azp: "somebody" },
      }),
    );
    expect(claims).toMatchObject({
      scope: "delete:everything",
      permissions: ["admin"],
      exp: nowSeconds + 60,
      iss: "https://tenant.eu.auth0.com/",
      "https://pets.example/roles": ["keeper"],
      azp: "somebody",
    });
    expect(decodeJwt(issuer.mint({ scopes: [] }))).not.toHaveProperty("scope");
  });

  test("can be another client's, by id or name, which has no scopes without a grant", () => {
    const { clientId, name } = tenant.clients[1]!;
    for (const m2m of [clientId, name]) {
      const claims = decodeJwt(issuer.mint({ m2m }));
      expect(claims).toMatchObject({ azp: clientId, aud: audience });
      expect(claims).not.toHaveProperty("scope");
    }
  });

  test("of a PS256 API verifies with the key set's PS256 entry", async () => {
    const token = issuer.mint({ api: "strong" });
    const verified = await jwtVerify(token, joseKeys(), {
      issuer: issuerUrl,
      audience: "strong",
      currentDate: new Date(nowSeconds * 1000),
    });
    expect(verified.protectedHeader.alg).toBe("PS256");
  });

  test("of an HS256 API verifies with the API's secret and names no key", async () => {
    const token = issuer.mint({ api: "shared" });
    expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "JWT" });
    const secret = Buffer.from(tenant.apis[2]!.signingSecret!);
    await jwtVerify(token, secret, { audience: "shared", currentDate: new Date(nowSeconds * 1000) });
  });
});

describe("a token broken on purpose fails for exactly that reason", () => {
  test.each<[keyof MintOptions, MintOptions, object]>([
    ["expired", { expired: true }, { reason: "token_expired", actual: nowSeconds - EXPIRED_SECONDS_AGO }],
    ["wrongAud", { wrongAud: true }, { reason: "audience_mismatch", actual: [WRONG_AUDIENCE] }],
    ["wrongIss", { wrongIss: true }, { reason: "issuer_mismatch", actual: WRONG_ISSUER }],
    ["badSignature", { badSignature: true }, { reason: "bad_signature" }],
    ["alg", { alg: "HS256" }, { reason: "algorithm_not_allowed", actual: "HS256" }],
    ["noKid", { noKid: true }, { reason: "kid_missing" }],
    ["opaque", { opaque: true }, { reason: "not_a_jwt" }],
  ])("%s", (_, options, verdict) => {
    expect(judge(issuer.mint(options))).toMatchObject({ ok: false, ...verdict });
  });

  test("and is sound in everything else", async () => {
    const jwks = joseKeys();
    const at = (seconds: number) => ({ currentDate: new Date(seconds * 1000) });
    const sound = { issuer: issuerUrl, audience, ...at(nowSeconds) };
    await jwtVerify(issuer.mint({ expired: true }), jwks, { ...sound, ...at(nowSeconds - EXPIRED_SECONDS_AGO - 1) });
    await jwtVerify(issuer.mint({ wrongAud: true }), jwks, { ...sound, audience: WRONG_AUDIENCE });
    await jwtVerify(issuer.mint({ wrongIss: true }), jwks, { ...sound, issuer: WRONG_ISSUER });
    await jwtVerify(issuer.mint({ noKid: true }), keys.current.publicKey, sound);
    const [good, bad] = [issuer.mint(), issuer.mint({ badSignature: true })];
    expect(bad.slice(0, bad.lastIndexOf("."))).toBe(good.slice(0, good.lastIndexOf(".")));
    expect(bad).toHaveLength(good.length);
  });

  test("an expired token was issued a lifetime before it expired", () => {
    const exp = nowSeconds - EXPIRED_SECONDS_AGO;
    expect(decodeJwt(issuer.mint({ expired: true, expiresInSeconds: 60 }))).toMatchObject({ iat: exp - 60, exp });
  });

  test("a flag wins over a claim given by hand", () => {
    const claims = { aud: audience, iss: issuerUrl, exp: nowSeconds + 60 };
    expect(judge(issuer.mint({ claims, wrongAud: true }))).toMatchObject({ reason: "audience_mismatch" });
    expect(judge(issuer.mint({ claims, wrongIss: true }))).toMatchObject({ reason: "issuer_mismatch" });
    expect(judge(issuer.mint({ claims, expired: true }))).toMatchObject({ reason: "token_expired" });
  });

  test("opaque tokens are random", () => {
    expect(issuer.mint({ opaque: true })).toMatch(/^[\w-]{32}$/);
    expect(issuer.mint({ opaque: true })).not.toBe(issuer.mint({ opaque: true }));
  });
});

describe("an order that cannot be carried out names what there is", () => {
  test.each<[string, MintOptions, string, RegExp]>([
    ["an unknown API", { api: "https://pets.example" }, "api_unknown", /no API "https:\/\/pets.example"\..*"rbac"/],
    ["an unknown client", { m2m: "nobody" }, "client_unknown", /no client "nobody"\..*"Pets \(Test Application\)"/],
    ["no time", { expiresInSeconds: 0 }, "lifetime_out_of_range", /0 seconds/],
    ["too much time", { expiresInSeconds: MAX_TOKEN_LIFETIME_SECONDS + 1 }, "lifetime_out_of_range", /2592000/],
    ["groups of Auth0", { groups: ["a"] }, "not_in_profile", /no groups/],
    ["an ID token of Okta", { as: "bob", idToken: true, profile: "okta" }, "not_in_profile", /auth0 and cognito, not/],
    ["an ID token about nobody", { idToken: true }, "user_missing", /about a user/],
    ["time that is no number", { expiresInSeconds: Number.NaN }, "lifetime_out_of_range", /NaN/],
  ])("%s", (_, options, code, message) => {
    expect(() => issuer.mint(options)).toThrow(
      expect.objectContaining({ name: "MintError", code, message: expect.stringMatching(message) }),
    );
  });

  test("no API at all, but that of the tenant itself", () => {
    const tenants = fixedTenantStore(sampleTenant({ apis: [sampleApi({ identifier: "management", isSystem: true })] }));
    expect(() => createIssuer({ issuerUrl, tenants, keys, folder, documents }).mint()).toThrow(
      /There is no API to mint a token for/,
    );
  });
});
