import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { editableTenant } from "../fixtures/editable-tenant.ts";
import { fixedTenantStore } from "../fixtures/fixed-tenant-store.ts";
import { SAMPLE_ISSUER_URL, sampleApi, sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import { SAMPLE_MANAGEMENT_AUDIENCE, type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";
import { MANAGEMENT_SCOPES, managementApi } from "../tenant/management-api.ts";
import type { TenantStore } from "../tenant/tenant-store.ts";
import { MAX_MANAGEMENT_BODY_BYTES } from "./answer-management.ts";
import { OPERATIONS } from "./find-operation.ts";

let management: SampleManagement;
let tenants: TenantStore;

// One issuer, since keys take a while to make; each test has a tenant of its own.
beforeAll(async () => {
  const standIn = new Proxy({} as TenantStore, { get: (_, name) => tenants[name as keyof TenantStore] });
  tenants = sampleTenants();
  management = await sampleManagement("memory", { tenants: standIn });
});
beforeEach(() => {
  tenants = sampleTenants();
  management.sample.events.length = 0;
});
afterAll(() => management.close());

function sampleTenants(): TenantStore {
  const bob = sampleUser({ userId: "auth0|bob", email: "bob@pets.example", name: "Bob", nickname: "bob" });
  return editableTenant({
    apis: [managementApi(SAMPLE_ISSUER_URL), sampleApi()],
    clients: [sampleClient()],
    users: [sampleUser(), bob],
    roles: [{ id: "rol_0000000000000001", name: "keeper", description: "", permissions: {} }],
  });
}

async function refused(method: string, path: string, body?: object, scope?: string) {
  const { json, status } = await management.call(method, path, { ...(body && { body }), ...(scope && { scope }) });
  return { status, ...json() };
}

describe("operations", () => {
  test("each need a scope that the Management API defines", () => {
    expect(OPERATIONS.length).toBeGreaterThan(40);
    for (const { method, path, scopes } of OPERATIONS) {
      expect(
        scopes.some((scope) => MANAGEMENT_SCOPES.includes(scope)),
        `${method} ${path}`,
      ).toBe(true);
    }
  });

  test("are refused without their scope, before anything else is looked at", async () => {
    for (const { method, path } of OPERATIONS) {
      const answer = await refused(method, path.replaceAll("{}", "x"), undefined, "read:nothing");
      expect(answer, `${method} ${path}`).toMatchObject({ status: 403, errorCode: "insufficient_scope" });
    }
  });

  test("that this issuer has not are 404, those that only Auth0 has 501", async () => {
    expect(await refused("GET", "nothing")).toEqual({
      status: 404,
      statusCode: 404,
      error: "Not Found",
      message: "Not Found",
    });
    for (const path of ["", "users/", "users//roles", "users/x/roles/y", "clients/x/nothing"]) {
      expect(await refused("GET", path)).toMatchObject({ status: 404 });
    }
    expect(await refused("PUT", "clients")).toMatchObject({ status: 404 });
    for (const path of [
      "connections",
      "organizations/org_1/members",
      "users/auth0|alice/enrollments",
      "clients/x/credentials",
    ]) {
      expect(await refused("GET", path), path).toMatchObject({ status: 501, errorCode: "operation_not_supported" });
    }
    expect(await refused("POST", "actions/actions", {})).toMatchObject({ status: 501 });
  });

  test("outside of /api/v2/ are not the Management API's", async () => {
    expect((await management.sample.ask("GET", "/api/v2")).status).toBe(404);
    expect((await management.sample.ask("GET", "/api/v2")).text).toContain("Cannot GET /api/v2");
  });

  test("answer HEAD as GET, and a badly encoded path with 400", async () => {
    expect((await management.call("HEAD", "users")).status).toBe(200);
    expect(await refused("GET", "users/%E0%A4%A")).toMatchObject({ status: 400, errorCode: "invalid_uri" });
  });

  test("find an API by its encoded identifier, whatever slashes it has", async () => {
    const { json } = await management.call("GET", "resource-servers/https:%2F%2Fpets.example");
    expect(json().identifier).toBe("https://pets.example");
  });
});

describe("bodies", () => {
  const post = (body: object) => refused("POST", "resource-servers", body);

  test("are checked in Auth0's words", async () => {
    const problem = (text: string) => ({
      status: 400,
      statusCode: 400,
      error: "Bad Request",
      message: `Payload validation error: ${text}.`,
      errorCode: "invalid_body",
    });
    expect(await post({})).toEqual(problem("'Missing required property: identifier'"));
    expect(await post([])).toEqual(problem("'Expected type object but found type array'"));
    expect(await post({ identifier: 3 })).toEqual(
      problem("'Expected type string but found type integer' on property identifier"),
    );
    expect(await post({ identifier: "x", colour: 1, size: 2 })).toEqual(
      problem("'Additional properties not allowed: colour,size'"),
    );
    expect(await post({ identifier: "x", signing_alg: "none" })).toEqual(
      problem("'No enum match for: none' on property signing_alg"),
    );
    expect(await post({ identifier: "x", token_lifetime: 2592001 })).toEqual(
      problem("'Value 2592001 is greater than maximum 2592000' on property token_lifetime"),
    );
    expect(await post({ identifier: "x", scopes: [{ value: "a" }, { value: "a" }] })).toEqual(
      problem("'Array items are not unique (indexes 0 and 1)' on property scopes"),
    );
    expect(await post({ identifier: "x", scopes: [{}] })).toEqual(
      problem("'Missing required property: value' on property scopes[0]"),
    );
  });

  test("name what Auth0 has and this issuer has not, unless nothing is asked of it", async () => {
    const refusal = await post({ identifier: "x", token_encryption: { format: "compact-nested-jwe" } });
    expect(refusal).toMatchObject({ status: 400, errorCode: "operation_not_supported" });
    expect(refusal.message).toContain("does not support token_encryption");
    expect(await post({ identifier: "x", token_encryption: null, allow_online_access: false })).toMatchObject({
      status: 201,
    });
    expect(
      await refused("POST", "clients", { name: "N", mobile: { ios: { app_bundle_identifier: "b" } } }),
    ).toMatchObject({
      status: 400,
      message: expect.stringContaining("does not support mobile"),
    });
    const asToolsWriteIt = {
      oidc_conformant: true,
      cross_origin_authentication: false,
      sso_disabled: false,
      addons: {},
      mobile: { ios: {} },
      organization_usage: "deny",
      compliance_level: null,
    };
    expect(await refused("POST", "clients", { name: "N", ...asToolsWriteIt })).toMatchObject({ status: 201 });
    expect(await refused("POST", "clients", { name: "M", oidc_conformant: false })).toMatchObject({ status: 400 });
    expect(await refused("POST", "clients", { name: "M", jwt_configuration: { alg: "HS256" } })).toMatchObject({
      status: 400,
    });
  });

  test("have lists of a bounded length", async () => {
    const scopes = Array.from({ length: 1001 }, (_, index) => ({ value: `read:${index}` }));
    expect((await post({ identifier: "x", scopes })).message).toContain("Array is too long (1001), maximum 1000");
    expect((await post({ identifier: "x", scopes: scopes.slice(1) })).status).toBe(201);
  });

  test("are JSON of a bounded size and depth", async () => {
    const send = async (body: string, type = "application/json") => {
      const headers = { Authorization: `Bearer ${management.token("create:roles")}`, "Content-Type": type };
      const answer = await management.sample.ask("POST", "/api/v2/roles", { headers, body });
      return { status: answer.status, message: answer.json().message };
    };
    expect(await send('{"name":')).toEqual({ status: 400, message: "Invalid request payload JSON format" });
    expect(await send("name=x", "application/x-www-form-urlencoded")).toMatchObject({ status: 415 });
    expect(await send('{"name":"x"}', "text/plain")).toMatchObject({ status: 415 });
    expect(await send(`{"name":"${"x".repeat(MAX_MANAGEMENT_BODY_BYTES)}"}`)).toMatchObject({ status: 413 });
    expect(await send(`{"name":${"[".repeat(40)}${"]".repeat(40)}}`)).toMatchObject({ status: 400 });
    expect(await send('{"name":"x","__proto__":{"isAdmin":true}}')).toMatchObject({ status: 400 });
    expect(await send('{"name":"x"}', "application/json; charset=utf-8")).toMatchObject({ status: 200 });
  });

  test("with a member that would pollute prototypes are refused inside metadata, too", async () => {
    const headers = { Authorization: `Bearer ${management.token("update:users")}`, "Content-Type": "application/json" };
    const body = '{"user_metadata":{"a":{"__proto__":{"isAdmin":true}}}}';
    expect((await management.sample.ask("PATCH", "/api/v2/users/auth0%7Calice", { headers, body })).status).toBe(400);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });
});

describe("lists", () => {
  test("are bare without include_totals, and count with it", async () => {
    const bare = (await management.call("GET", "users?per_page=1&page=1")).json();
    expect(bare.map((user: { user_id: string }) => user.user_id)).toEqual(["auth0|bob"]);
    const counted = (await management.call("GET", "users?per_page=1&page=1&include_totals=true")).json();
    expect(counted).toEqual({ start: 1, limit: 1, length: 1, total: 2, users: bare });
  });

  test("of all but users have no length, and the members are in Auth0's order", async () => {
    const text = async (path: string) => (await management.call("GET", `${path}include_totals=true`)).text;
    expect(await text("roles?per_page=100&name_filter=nobody&")).toBe('{"roles":[],"start":0,"limit":100,"total":0}');
    expect(await text("client-grants?audience=nothing&")).toBe('{"total":0,"start":0,"limit":50,"client_grants":[]}');
    expect(await text("users?q=name:nobody&")).toBe('{"start":0,"limit":50,"length":0,"users":[],"total":0}');
  });

  test("refuse pages that Auth0 refuses, and names it does not know", async () => {
    for (const [query, problem] of [
      ["per_page=101", "'Value 101 is greater than maximum 100' on property per_page"],
      ["page=-1", "'Expected type integer but found type string' on property page"],
      ["include_totals=yes", "'Expected type boolean but found type string' on property include_totals"],
      ["colour=red", "'Additional properties not allowed: colour'"],
    ] as const) {
      const body = {
        statusCode: 400,
        error: "Bad Request",
        message: `Query validation error: ${problem}.`,
        errorCode: "invalid_query_string",
      };
      expect(await refused("GET", `users?${query}`)).toEqual({ status: 400, ...body });
    }
  });

  test("name what Auth0 can search by and this issuer cannot", async () => {
    const refusal = await refused("GET", "users?sort=name:1");
    expect(refusal).toMatchObject({ status: 400, errorCode: "operation_not_supported" });
    expect(refusal.message).toContain("does not support sort in the query of users");
  });

  test("lead from checkpoint to checkpoint", async () => {
    const clientId = sampleClient().clientId;
    for (const [audience, subject_type] of [
      ["https://pets.example", "client"],
      ["https://pets.example", "user"],
      [SAMPLE_MANAGEMENT_AUDIENCE, "client"],
    ]) {
      const body = { client_id: clientId, audience, subject_type, scope: [] };
      expect((await management.call("POST", "client-grants", { body })).status).toBe(201);
    }
    const first = (await management.call("GET", "client-grants?take=2&include_totals=true")).json();
    expect(first).toEqual({ client_grants: [expect.anything(), expect.anything()], next: expect.any(String) });
    const second = (await management.call("GET", `client-grants?take=2&from=${first.next}`)).json();
    expect(second).toEqual({ client_grants: [expect.objectContaining({ audience: SAMPLE_MANAGEMENT_AUDIENCE })] });
    const whole = (await management.call("GET", "client-grants?take=3")).json();
    expect(Object.keys(whole)).toEqual(["client_grants"]);
    expect(await refused("GET", "client-grants?from=bm90aGluZw")).toMatchObject({ status: 400 });
    expect(
      (await management.call("GET", `client-grants?audience=https://pets.example&subject_type=user`)).json(),
    ).toHaveLength(1);
  });

  test("show the fields that are asked for", async () => {
    const one = (await management.call("GET", "users/auth0%7Calice?fields=email,name")).json();
    expect(one).toEqual({ email: "alice@pets.example", name: "Alice" });
    const others = (await management.call("GET", "users?fields=email,identities&include_fields=false")).json();
    expect(others[0]).not.toHaveProperty("email");
    expect(others[0]).toHaveProperty("name", "Alice");
  });
});

describe("secrets", () => {
  test("of applications show with read:client_keys only", async () => {
    const path = `clients/${sampleClient().clientId}`;
    const plain = (await management.call("GET", path, { scope: "read:clients" })).json();
    expect(plain).not.toHaveProperty("client_secret");
    const shown = (await management.call("GET", path, { scope: "read:clients read:client_keys" })).json();
    expect(shown.client_secret).toBe(sampleClient().clientSecret);
    const list = (await management.call("GET", "clients", { scope: "read:clients" })).text;
    expect(list).not.toContain(sampleClient().clientSecret);
  });

  test("are kept by no cache", async () => {
    expect((await management.call("GET", "clients")).header("cache-control")).toBe("no-store");
  });

  test("of users show never", async () => {
    expect((await management.call("GET", "users")).text).not.toContain(sampleUser().password);
  });
});

describe("what cannot be", () => {
  test("the Management API is neither changed nor deleted nor made again", async () => {
    const path = `resource-servers/${encodeURIComponent(SAMPLE_MANAGEMENT_AUDIENCE)}`;
    expect(await refused("PATCH", path, { name: "Mine" })).toMatchObject({ status: 403 });
    expect(await refused("DELETE", path)).toMatchObject({ status: 403 });
    expect(await refused("POST", "resource-servers", { identifier: SAMPLE_MANAGEMENT_AUDIENCE })).toMatchObject({
      status: 409,
    });
  });

  test("nothing is there twice", async () => {
    expect(await refused("POST", "resource-servers", { identifier: "https://pets.example" })).toMatchObject({
      status: 409,
      error: "Conflict",
    });
    expect(await refused("POST", "roles", { name: "keeper" })).toMatchObject({ status: 409 });
    const connection = "Username-Password-Authentication";
    const user = { connection, email: "ALICE@pets.example", password: "Correct-horse-1" };
    expect(await refused("POST", "users", user)).toEqual({
      status: 409,
      statusCode: 409,
      error: "Conflict",
      message: "The user already exists.",
      errorCode: "auth0_idp_error",
    });
    expect(await refused("PATCH", "users/auth0%7Cbob", { email: "alice@pets.example" })).toMatchObject({ status: 409 });
  });

  test("grants and permissions name what exists", async () => {
    const clientId = sampleClient().clientId;
    const grant = { client_id: clientId, audience: "https://pets.example", scope: ["read:pets"] };
    expect(await refused("POST", "client-grants", { ...grant, client_id: "nobody" })).toMatchObject({
      status: 404,
      errorCode: "inexistent_client",
    });
    expect(await refused("POST", "client-grants", { ...grant, audience: "https://pets.example/" })).toMatchObject({
      status: 404,
      message: "No resource with identifier https://pets.example/",
    });
    expect(await refused("POST", "client-grants", { ...grant, scope: ["fly:pets"] })).toMatchObject({ status: 400 });
    const permission = { resource_server_identifier: "https://pets.example", permission_name: "fly:pets" };
    expect(
      await refused("POST", "roles/rol_0000000000000001/permissions", { permissions: [permission] }),
    ).toMatchObject({ status: 400 });
    expect(await refused("POST", "users/auth0%7Calice/roles", { roles: ["rol_none"] })).toMatchObject({
      status: 404,
      errorCode: "inexistent_role",
    });
  });

  test("another connection, or a user's password together with the address", async () => {
    const user = { connection: "google-oauth2", email: "eve@pets.example", password: "Correct-horse-1" };
    expect(await refused("POST", "users", user)).toMatchObject({ status: 400, errorCode: "inexistent_connection" });
    expect(await refused("PATCH", "users/auth0%7Cbob", { email: "b@pets.example", password: "x" })).toMatchObject({
      status: 400,
    });
  });

  test("update:users_app_metadata reaches metadata and nothing else", async () => {
    const scope = "update:users_app_metadata";
    const path = "users/auth0%7Cbob";
    expect(await refused("PATCH", path, { app_metadata: { plan: "gold" } }, scope)).toMatchObject({
      status: 200,
      app_metadata: { plan: "gold" },
    });
    expect(await refused("PATCH", path, { blocked: true }, scope)).toMatchObject({
      status: 403,
      errorCode: "insufficient_scope",
    });
  });

  test("deleting what is not there is no error, but for roles", async () => {
    for (const path of [
      "users/auth0%7Cnobody",
      "clients/nobody",
      "client-grants/cgr_none",
      "resource-servers/urn:none",
    ]) {
      expect((await management.call("DELETE", path)).status, path).toBe(204);
    }
    expect((await management.call("DELETE", "roles/rol_none")).status).toBe(404);
  });

  test("endless refresh tokens are endless in both lifetimes", async () => {
    const refresh_token = { rotation_type: "rotating", expiration_type: "expiring", infinite_token_lifetime: true };
    expect(await refused("POST", "clients", { name: "N", refresh_token })).toMatchObject({ status: 400 });
  });
});

test("writes that come at once are all kept", async () => {
  const slow = sampleTenants();
  tenants = {
    ...slow,
    async patch(...change) {
      await new Promise(setImmediate);
      await slow.patch(...change);
    },
  };
  const resource_server_identifier = "https://pets.example";
  const post = (permission_name: string) =>
    management.call("POST", "users/auth0%7Calice/permissions", {
      body: { permissions: [{ resource_server_identifier, permission_name }] },
    });
  await Promise.all([post("read:pets"), post("fly:pets"), post("write:pets")]);
  const alice = tenants.current().users.find(({ userId }) => userId === "auth0|alice");
  expect(alice?.permissions).toEqual({ [resource_server_identifier]: ["read:pets", "write:pets"] });
});

test("a tenant that cannot be changed says so", async () => {
  tenants = fixedTenantStore(tenants.current());
  const refusal = await refused("POST", "roles", { name: "x" });
  expect(refusal).toMatchObject({ status: 400, errorCode: "operation_not_supported" });
  expect(refusal.message).toContain("no file");
});
