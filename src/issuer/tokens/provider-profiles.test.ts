import { CognitoJwtVerifier } from "aws-jwt-verify";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { parseKeySet } from "../../token/key-set.ts";
import { verifyJwt } from "../../token/verify-jwt.ts";
import { fixedTenantStore } from "../fixtures/fixed-tenant-store.ts";
import { type SampleIssuer, sampleIssuer, sampleUser } from "../fixtures/sample-issuer.ts";
import { createIssuer, type Issuer } from "../issuer.ts";
import type { KeyRing } from "../keys/keys.ts";
import { profileIssuerUrl } from "../profiles/profile-issuers.ts";
import { deriveTenant } from "../tenant/derived-tenant.ts";
import type { Tenant } from "../tenant/tenant.ts";
import { type MintOptions, WRONG_AUDIENCE } from "./mint-token.ts";
import type { Profile } from "./provider-profiles.ts";

const issuerUrl = "http://localhost:4567/";
const audience = "https://pets.example/";
const nowSeconds = 1_800_000_000;
let sample: SampleIssuer;
let keys: KeyRing;
let tenant: Tenant;
let issuer: Issuer;

beforeAll(async () => {
  sample = await sampleIssuer();
  keys = sample.keys;
  tenant = await deriveTenant(sample.folder, {
    project: "demo",
    apis: [
      { identifier: audience, name: "Pets", scopes: ["read:pets", "write:pets"] },
      { identifier: "keycloak", scopes: [], issuer: `${issuerUrl}realms/zoo` },
      { identifier: "tenant", scopes: [], issuer: "https://tenant.eu.auth0.com/" },
    ],
    users: [
      sampleUser({
        userId: "auth0|5f7c8ec7c33c6c004bbafe82",
        name: "alice",
        permissions: { [audience]: ["read:pets"] },
      }),
    ],
  });
  issuer = issuerAt(() => nowSeconds * 1000);
});
afterAll(() => sample.close());

function issuerAt(clock: () => number): Issuer {
  const tenants = fixedTenantStore(tenant);
  return createIssuer({ issuerUrl, tenants, keys, folder: sample.folder, documents: createMemoryDocuments, clock });
}

/** For verifiers that know no clock but the machine's. */
const createIssuerAtWallClock = (): Issuer => issuerAt(Date.now);

function judge(token: string, profile: Profile) {
  const parsed = parseKeySet(issuer.jwks(), { fetchedAtMs: 0 });
  if (!parsed.ok) throw new Error(parsed.detail);
  return verifyJwt(token, {
    keys: parsed.keys,
    issuers: [profileIssuerUrl(profile, issuerUrl)],
    audiences: [audience],
    nowSeconds,
    ...(profile === "cognito" && { clientIdAsAudience: true }),
  });
}

describe("a profile writes the provider's claims", () => {
  const read = (options: MintOptions) => {
    const token = issuer.mint(options);
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) as Record<string, unknown> };
  };

  test.each<Profile>(["auth0", "cognito", "okta", "entra", "keycloak"])(
    "%s verifies, and fails as ordered",
    (profile) => {
      for (const as of [undefined, "alice"]) {
        const who = as === undefined ? {} : { as };
        expect(judge(issuer.mint({ profile, ...who }), profile)).toMatchObject({ ok: true });
        expect(judge(issuer.mint({ profile, ...who, wrongAud: true }), profile)).toMatchObject({
          reason: "audience_mismatch",
        });
      }
    },
  );

  test("each is of the provider's issuer, unless the API trusts another or the order names one", () => {
    expect(
      ["auth0", "cognito", "okta", "entra", "keycloak"].map((profile) => read({ profile } as MintOptions).claims.iss),
    ).toEqual([
      "http://localhost:4567/",
      "http://localhost:4567/us-east-1_EXAMPLE",
      "http://localhost:4567/oauth2/default",
      "http://localhost:4567/11111111-1111-4111-8111-111111111111/v2.0",
      "http://localhost:4567/realms/gatewarden",
    ]);
    expect(read({ api: "keycloak", profile: "okta" }).claims.iss).toBe("http://localhost:4567/realms/zoo");
    expect(read({ api: "tenant", profile: "okta" }).claims.iss).toBe("https://tenant.eu.auth0.com/");
    expect(read({ profile: "okta", issuer: "https://org.okta.com/oauth2/x" }).claims.iss).toBe(
      "https://org.okta.com/oauth2/x",
    );
  });

  test("an API that trusts one of the provider's issuers gets the provider's tokens without being told", () => {
    expect(read({ api: "keycloak" }).claims).toMatchObject({ typ: "Bearer", iss: "http://localhost:4567/realms/zoo" });
    expect(read({ issuer: `${issuerUrl}oauth2/aus1` }).claims).toHaveProperty("cid");
    expect(read({ issuer: "https://localhost:4568/oauth2/aus1" }).claims).toHaveProperty("cid");
    expect(read({ issuer: "https://org.okta.com/oauth2/aus1" }).claims).not.toHaveProperty("cid");
    // A user pool's own, which the local issuer may speak for.
    const pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x";
    expect(read({ issuer: pool }).claims).toMatchObject({ iss: pool, token_use: "access" });
    expect(read({ issuer: pool.replace(".com", ".com.eve.example") }).claims).not.toHaveProperty("token_use");
    expect(read({ api: "tenant" }).claims).toHaveProperty("azp");
    expect(read({ api: "tenant" }).claims).not.toHaveProperty("typ");
  });

  test("entra: the tenant of the issuer, groups beside roles", () => {
    const tenantId = "99999999-2222-4333-8444-555555555555";
    const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
    const order = { profile: "entra", as: "alice", groups: ["g1"], permissions: ["Reader"] } as const;
    expect(read({ ...order, issuer }).claims).toMatchObject({ tid: tenantId, groups: ["g1"], roles: ["Reader"] });
    expect(read(order).claims.tid).toBe("11111111-1111-4111-8111-111111111111");
  });

  test("okta and keycloak: groups, and realm roles", () => {
    expect(read({ profile: "okta", groups: ["keepers"] }).claims.groups).toEqual(["keepers"]);
    expect(read({ profile: "keycloak", groups: ["keepers"] }).claims.realm_access).toEqual({
      roles: ["offline_access", "uma_authorization", "keepers"],
    });
  });

  test("cognito ID token: for the app client, with names of its own and no scope", () => {
    const { header, claims } = read({ profile: "cognito", idToken: true, as: "alice", groups: ["keepers"] });
    expect(header).toEqual({ alg: "RS256", kid: keys.current.kid });
    expect(claims).toMatchObject({
      aud: audience,
      token_use: "id",
      "cognito:username": "alice",
      "cognito:groups": ["keepers"],
      email: "alice@pets.example",
      email_verified: true,
      sub: read({ profile: "cognito", as: "alice" }).claims.sub,
    });
    for (const absent of ["scope", "client_id", "username", "version"]) expect(claims).not.toHaveProperty(absent);
    const broken = { profile: "cognito", idToken: true, as: "alice", wrongAud: true } as const;
    expect(read(broken).claims).toMatchObject({ aud: WRONG_AUDIENCE });
    expect(read(broken).claims).not.toHaveProperty("client_id");
  });

  test("auth0 ID token: for the application, ten hours, the profile by scope", () => {
    const { claims } = read({ idToken: true, as: "alice" });
    expect(claims).toMatchObject({
      aud: tenant.clients[0]!.clientId,
      iss: issuerUrl,
      sub: "auth0|5f7c8ec7c33c6c004bbafe82",
      name: "alice",
      email: "alice@pets.example",
      exp: nowSeconds + 36_000,
    });
    for (const absent of ["scope", "azp", "permissions"]) expect(claims).not.toHaveProperty(absent);
    expect(read({ idToken: true, as: "bob", scopes: ["openid"] }).claims).not.toHaveProperty("name");
  });

  describe("aws-jwt-verify's CognitoJwtVerifier, with the keys at hand,", () => {
    const poolId = "us-east-1_EXAMPLE";
    const order = {
      profile: "cognito",
      as: "alice",
      issuer: `https://cognito-idp.us-east-1.amazonaws.com/${poolId}`,
    } as const;
    const verify = (
      token: string,
      more: { tokenUse: "access" | "id"; groups?: string; scope?: string; clientId?: string },
    ) => {
      const { clientId = audience, groups, ...rest } = more;
      const verifier = CognitoJwtVerifier.create({ userPoolId: poolId, clientId, ...rest, ...(groups && { groups }) });
      verifier.cacheJwks(JSON.parse(JSON.stringify(issuer.jwks())));
      return verifier.verifySync(token);
    };

    test("accepts the access token and the ID token", () => {
      const access = createIssuerAtWallClock().mint({ ...order, groups: ["keepers"] });
      expect(verify(access, { tokenUse: "access", groups: "keepers", scope: "read:pets" })).toMatchObject({
        username: "alice",
      });
      const id = createIssuerAtWallClock().mint({ ...order, idToken: true, groups: ["keepers"] });
      expect(verify(id, { tokenUse: "id", groups: "keepers" })).toMatchObject({ "cognito:username": "alice" });
    });

    test("refuses another client, scope, group, use or pool", () => {
      const access = createIssuerAtWallClock().mint({ ...order, groups: ["keepers"], scopes: ["read:pets"] });
      const id = createIssuerAtWallClock().mint({ ...order, idToken: true, groups: ["keepers"] });
      expect(() => verify(access, { tokenUse: "access", clientId: "other" })).toThrow(/Client ID not allowed/);
      expect(() => verify(access, { tokenUse: "access", scope: "write:pets" })).toThrow(/Scope not allowed/);
      expect(() => verify(access, { tokenUse: "access", groups: "admins" })).toThrow(/Groups? not allowed/i);
      expect(() => verify(id, { tokenUse: "id", groups: "admins" })).toThrow(/Groups? not allowed/i);
      expect(() => verify(id, { tokenUse: "id", clientId: "other" })).toThrow(/Client ID \("audience"\) not allowed/);
      expect(() => verify(access, { tokenUse: "id" })).toThrow(/Token use not allowed/);
      expect(() => verify(id, { tokenUse: "access" })).toThrow(/Token use not allowed/);
      expect(() =>
        verify(createIssuerAtWallClock().mint({ profile: "cognito", as: "alice" }), { tokenUse: "access" }),
      ).toThrow(/issuer not configured/);
    });
  });

  test("cognito: no aud, client_id, token_use, version", () => {
    const { header, claims } = read({ profile: "cognito" });
    expect(header).toEqual({ alg: "RS256", kid: keys.current.kid });
    expect(claims).not.toHaveProperty("aud");
    expect(claims).toMatchObject({
      client_id: audience,
      sub: audience,
      token_use: "access",
      version: 2,
      scope: "read:pets write:pets",
    });
    const user = read({ profile: "cognito", as: "alice", permissions: ["keepers"] }).claims;
    expect(user).toMatchObject({ username: "alice", "cognito:groups": ["keepers"], origin_jti: expect.any(String) });
    expect(user.sub).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(read({ profile: "cognito", as: "alice" }).claims.sub).toBe(user.sub);
  });

  test("okta: scp is an array, ver a number, no typ", () => {
    const { header, claims } = read({ profile: "okta" });
    expect(header).toEqual({ alg: "RS256", kid: keys.current.kid });
    const { clientId } = tenant.clients[0]!;
    expect(claims).toMatchObject({
      ver: 1,
      scp: ["read:pets", "write:pets"],
      cid: clientId,
      sub: clientId,
      aud: audience,
    });
    expect(claims.jti).toMatch(/^AT\./);
    expect(read({ profile: "okta", as: "alice" }).claims).toMatchObject({
      sub: "alice@pets.example",
      uid: "auth0|5f7c8ec7c33c6c004bbafe82",
    });
  });

  test("entra: a user has scp as one string, an application roles and no scp", () => {
    const { header, claims } = read({ profile: "entra" });
    expect(header).toEqual({ alg: "RS256", typ: "JWT", kid: keys.current.kid });
    expect(claims).toMatchObject({ ver: "2.0", idtyp: "app", roles: ["read:pets", "write:pets"], azpacr: "1" });
    expect(claims).not.toHaveProperty("scp");
    const user = read({ profile: "entra", as: "bob" }).claims;
    expect(user).toMatchObject({ scp: "read:pets write:pets", azpacr: "0" });
    expect(user).not.toHaveProperty("roles");
    expect(user).not.toHaveProperty("idtyp");
    expect(user.tid).toBe(claims.tid);
    expect(user.oid).not.toBe(claims.oid);
  });

  test("keycloak: aud is a list with account, roles are nested", () => {
    const { claims } = read({ profile: "keycloak", permissions: ["keeper"] });
    const { clientId } = tenant.clients[0]!;
    expect(claims).toMatchObject({
      typ: "Bearer",
      aud: [audience, "account"],
      azp: clientId,
      scope: "read:pets write:pets",
      preferred_username: `service-account-${clientId}`,
      resource_access: { [clientId]: { roles: ["keeper"] } },
    });
    expect(read({ profile: "keycloak", as: "bob" }).claims).toMatchObject({
      preferred_username: "bob",
      sid: expect.any(String),
    });
  });
});
