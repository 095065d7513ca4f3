import { describe, expect, test } from "vitest";
import { sampleApi, sampleClient, sampleTenant, sampleUser } from "../fixtures/sample-issuer.ts";
import type { Api, Client, Tenant, User } from "../tenant/tenant.ts";
import { decideUserScopes } from "./decide-scopes.ts";

const AUDIENCE = "https://pets.example";

function decide(
  requested: readonly string[],
  given: { api?: Partial<Api> | null; client?: Partial<Client>; user?: Partial<User>; tenant?: Partial<Tenant> } = {},
) {
  const api = given.api === null ? undefined : sampleApi(given.api);
  return decideUserScopes(sampleTenant(given.tenant), {
    api,
    client: sampleClient(given.client),
    user: sampleUser(given.user),
    requested,
  });
}

const userGrant = (scopes: readonly string[]) => ({
  clientGrants: [
    { id: "cgr_1", clientId: sampleClient().clientId, audience: AUDIENCE, scopes, subjectType: "user" as const },
  ],
});

describe("without RBAC", () => {
  test("scopes of OpenID Connect and those that the API defines are given, in order, once", () => {
    expect(decide(["write:pets", "openid", "write:pets", "delete:pets"])).toEqual({
      ok: true,
      scopes: ["write:pets", "openid"],
      dropped: [{ scope: "delete:pets", because: "not_defined" }],
    });
  });

  test("without an API only those of OpenID Connect are", () => {
    expect(decide(["openid", "email", "read:pets", "offline_access"], { api: null })).toMatchObject({
      scopes: ["openid", "email", "offline_access"],
    });
  });

  test("permissions do not count", () => {
    expect(decide(["read:pets"], { user: { permissions: { [AUDIENCE]: [] } } })).toMatchObject({
      scopes: ["read:pets"],
    });
  });
});

describe("with RBAC", () => {
  const api = { enforcePolicies: true };

  test("only the user's permissions on this API are given", () => {
    const user = { permissions: { [AUDIENCE]: ["read:pets"], other: ["write:pets"] } };
    expect(decide(["read:pets", "write:pets"], { api, user })).toEqual({
      ok: true,
      scopes: ["read:pets"],
      dropped: [{ scope: "write:pets", because: "not_permitted" }],
    });
  });

  test("those of the user's roles count too, and nobody else's", () => {
    const role = (id: string, permission: string) => ({
      id,
      name: id,
      description: "",
      permissions: { [AUDIENCE]: [permission] },
    });
    const tenant = { roles: [role("rol_1", "read:pets"), role("rol_2", "write:pets")] };
    expect(decide(["read:pets", "write:pets"], { api, tenant, user: { roles: ["rol_1"] } })).toMatchObject({
      scopes: ["read:pets"],
    });
  });

  test("a permission that the API does not define is no scope", () => {
    const user = { permissions: { [AUDIENCE]: ["admin"] } };
    expect(decide(["admin"], { api, user })).toMatchObject({ scopes: [], dropped: [{ because: "not_defined" }] });
  });

  test("an API called like an object's own member gives nobody anything", () => {
    expect(decide(["read:pets"], { api: { ...api, identifier: "constructor" } })).toMatchObject({ scopes: [] });
  });
});

describe("the API's policy for users", () => {
  test("deny_all lets no client in, granted or not", () => {
    expect(decide(["openid"], { api: { userPolicy: "deny_all" }, tenant: userGrant(["read:pets"]) })).toEqual({
      ok: false,
      reason: "user_access_denied",
    });
  });

  test("require_client_grant wants one for users, and it is the ceiling", () => {
    const api = { userPolicy: "require_client_grant" as const };
    expect(decide(["read:pets"], { api })).toEqual({ ok: false, reason: "user_grant_missing" });
    const forClient = {
      clientGrants: [{ ...userGrant(["read:pets"]).clientGrants[0]!, subjectType: "client" as const }],
    };
    expect(decide(["read:pets"], { api, tenant: forClient })).toEqual({ ok: false, reason: "user_grant_missing" });
    expect(decide(["read:pets", "write:pets", "openid"], { api, tenant: userGrant(["read:pets"]) })).toEqual({
      ok: true,
      scopes: ["read:pets", "openid"],
      dropped: [{ scope: "write:pets", because: "not_granted_to_client" }],
    });
  });
});

describe("offline_access", () => {
  test.each([
    ["the API does not allow it", { api: { allowOfflineAccess: false } }],
    ["the client may not refresh", { client: { grantTypes: ["authorization_code"] } }],
    ["the client may not refresh, and there is no API", { api: null, client: { grantTypes: [] } }],
  ])("is left out when %s", (_, given) => {
    expect(decide(["openid", "offline_access"], given)).toEqual({
      ok: true,
      scopes: ["openid"],
      dropped: [{ scope: "offline_access", because: "offline_access_off" }],
    });
  });
});
