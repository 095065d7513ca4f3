import { describe, expect, test } from "vitest";
import { deriveClientId } from "./derived-tenant.ts";
import { MANAGEMENT_SCOPES, managementClientId } from "./management-api.ts";
import { readTenantFile } from "./read-tenant-file.ts";
import { resolveTenant } from "./resolve-tenant.ts";
import { findClient, findTestClient } from "./tenant.ts";
import type { ApiDeclaration } from "./tenant-store.ts";

const ISSUERS = ["http://localhost:4567/", "https://localhost:4568/"];
const AT = "2026-01-01T00:00:00.000Z";

function resolveText(text: string, declared: readonly ApiDeclaration[] = []) {
  const verdict = readTenantFile(text, "/project/tenant.yaml");
  if (!verdict.ok) throw new Error(verdict.findings[0]?.message);
  const { content } = verdict;
  return resolveTenant({ content, declared, project: "demo", issuerUrls: ISSUERS, createdAt: AT, updatedAt: AT });
}

const pets: ApiDeclaration = { identifier: "https://pets.example", name: "Pets", scopes: ["read:pets", "write:pets"] };

describe("a tenant of nothing but the project's APIs", () => {
  const { tenant, origins, findings } = resolveText("", [pets]);

  test("has for each its test application with a grant of all scopes", () => {
    const client = findTestClient(tenant, tenant.apis[0]!)!;
    expect(client).toMatchObject({
      name: "Pets (Test Application)",
      clientId: deriveClientId("demo", pets.identifier),
    });
    expect(tenant.clientGrants[0]).toMatchObject({
      audience: pets.identifier,
      scopes: pets.scopes,
      subjectType: "client",
    });
    expect(origins.applications.get(client.clientId)).toBe("project");
    expect(findings).toEqual([]);
  });

  test("has the Management API of each issuer last, and one application that may do all", () => {
    expect(tenant.apis.map(({ identifier, isSystem }) => [identifier, isSystem])).toEqual([
      [pets.identifier, false],
      ["http://localhost:4567/api/v2/", true],
      ["https://localhost:4568/api/v2/", true],
    ]);
    expect(findClient(tenant, managementClientId("demo"))?.name).toBe("Gatewarden Management");
    expect(tenant.clientGrants.filter(({ clientId }) => clientId === managementClientId("demo"))).toMatchObject([
      { audience: "http://localhost:4567/api/v2/", scopes: MANAGEMENT_SCOPES },
      { audience: "https://localhost:4568/api/v2/", scopes: MANAGEMENT_SCOPES },
    ]);
  });

  test("has alice and bob", () => {
    expect(tenant.users.map(({ userId, email, name }) => [userId, email, name])).toEqual([
      ["auth0|alice", "alice@example.com", "Alice"],
      ["auth0|bob", "bob@example.com", "Bob"],
    ]);
  });

  test("has nobody when the file says so", () => {
    expect(resolveText("users: []").tenant.users).toEqual([]);
  });
});

describe("the file beside the project's APIs", () => {
  test("says what it says of an API, the project the rest", () => {
    const declared = [{ ...pets, issuer: "https://real.auth0.com/" }];
    const { tenant, origins } = resolveText("apis: [{identifier: https://pets.example, token_lifetime: 60}]", declared);
    expect(tenant.apis[0]).toMatchObject({
      name: "Pets",
      scopes: pets.scopes,
      tokenLifetimeSeconds: 60,
      issuer: "https://real.auth0.com/",
    });
    expect(tenant.apis).toHaveLength(3);
    expect(origins.apis.get(tenant.apis[0]!.id)).toBe(0);
  });

  test("goes first with its scopes, and what the routes then lack is told", () => {
    const { tenant, findings } = resolveText("apis: [{identifier: https://pets.example, scopes: [read:pets]}]", [pets]);
    expect(tenant.apis[0]?.scopes).toEqual(["read:pets"]);
    expect(findings).toMatchObject([{ rule: "tenant-scope-missing", severity: "warning", at: { line: 1, column: 8 } }]);
  });

  test("comes after the project's own APIs, in whatever order it names them", () => {
    const orders = { identifier: "orders", scopes: [] };
    const { tenant } = resolveText("apis: [{identifier: other}, {identifier: orders}]", [pets, orders]);
    const own = tenant.apis.filter(({ isSystem }) => !isSystem);
    expect(own.map(({ identifier }) => identifier)).toEqual([pets.identifier, "orders", "other"]);
  });

  test("may want no test application", () => {
    const { tenant } = resolveText("apis: [{identifier: https://pets.example, test_application: false}]", [pets]);
    expect(tenant.clients.map(({ name }) => name)).toEqual(["Gatewarden Management"]);
  });

  test("an identifier with a slash more is another API", () => {
    const { tenant, findings } = resolveText(
      "apis: [{identifier: https://pets.example/}]\ndefault_audience: https://pets.example",
    );
    expect(tenant).not.toHaveProperty("defaultAudience");
    expect(findings[0]?.fix).toBe('Did you mean "https://pets.example/"? Every character counts.');
  });
});

describe("Auth0's defaults", () => {
  test.each([
    ["spa", "none", ["authorization_code", "refresh_token"], "rotating", "expiring"],
    ["native", "none", ["authorization_code", "refresh_token"], "non-rotating", "non-expiring"],
    [
      "regular_web",
      "client_secret_post",
      ["authorization_code", "refresh_token", "client_credentials"],
      "non-rotating",
      "non-expiring",
    ],
    ["non_interactive", "client_secret_post", ["client_credentials"], "non-rotating", "non-expiring"],
  ])("of an application of the type %s", (type, method, grantTypes, rotation, expiration) => {
    const { tenant } = resolveText(`applications: [{name: A, app_type: ${type}}]`);
    expect(tenant.clients[0]).toMatchObject({
      clientId: deriveClientId("demo", "application A"),
      appType: type,
      tokenEndpointAuthMethod: method,
      grantTypes,
      refreshToken: { rotation, expiration, lifetimeSeconds: 2_592_000, idleLifetimeSeconds: 1_296_000 },
      isFirstParty: true,
    });
  });

  test("of a user: the name is the email address, the id is derived from it", () => {
    const [user] = resolveText("users: [{email: Carol@pets.example}]").tenant.users;
    expect(user).toMatchObject({ name: "Carol@pets.example", nickname: "Carol", emailVerified: false });
    expect(user?.userId).toMatch(/^auth0\|[0-9a-f]{24}$/);
    expect(resolveText("users: [{user_id: carol}]").tenant.users[0]?.userId).toBe("auth0|carol");
  });

  test("an application named as an API's identifier is no test application of it", () => {
    const { tenant } = resolveText("applications: [{name: https://pets.example}]", [pets]);
    expect(new Set(tenant.clients.map(({ clientId }) => clientId)).size).toBe(3);
  });
});

describe("what names something that does not exist gives nothing and is told", () => {
  test.each([
    [
      "client_grants: [{application: X, audience: https://pets.example, scope: []}]",
      'the application "X", which does not exist',
    ],
    [
      "client_grants: [{client_id: Pets (Test Application), audience: https://pets.example, scope: []}]",
      "which does not exist",
    ],
    [
      "client_grants: [{application: Pets (Test Application), audience: nowhere, scope: []}]",
      'the API "nowhere", which does not exist',
    ],
    [
      "client_grants: [{application: Pets (Test Application), audience: https://pets.example, scope: [read:pet]}]",
      'names "read:pet", which "https://pets.example" does not define',
    ],
    ["roles: [{name: R, permissions: {nowhere: [a]}}]", 'The role "R" names the API "nowhere"'],
    [
      "roles: [{name: R, permissions: {https://pets.example: [fly]}}]",
      'names "fly", which "https://pets.example" does not define',
    ],
    ["users: [{email: a@b.example, roles: [R]}]", 'has the role "R", which does not exist'],
    ["users: [{email: a@b.example, permissions: {https://pets.example: [fly]}}]", 'names "fly"'],
    ["apis: [{identifier: http://localhost:4567/api/v2/}]", "is the Management API's own identifier"],
    ["users: [{user_id: a}, {user_id: auth0|a}]", "The user_id auth0|a is there already."],
    [
      "client_grants: [{application: Pets (Test Application), audience: https://pets.example, scope: []}, {client_id: CLIENT, audience: https://pets.example, scope: [read:pets]}]",
      "has a grant for",
    ],
  ])("%s", (text, message) => {
    const clientId = deriveClientId("demo", pets.identifier);
    const { tenant, findings } = resolveText(text.replace("CLIENT", clientId), [pets]);
    expect(findings.map((finding) => finding.message).join()).toContain(message);
    expect(findings[0]).toMatchObject({
      severity: "error",
      effect: "none",
      at: { file: "/project/tenant.yaml", line: 1 },
    });
    expect(JSON.stringify(tenant)).not.toContain("fly");
    expect(tenant.clientGrants.filter((grant) => grant.clientId === clientId)).toHaveLength(1);
  });
});

test("names lead to roles, applications and permissions", () => {
  const { tenant, findings } = resolveText(
    `
client_grants: [{application: Web, audience: https://pets.example, scope: [read:pets], subject_type: user}]
applications: [{name: Web, client_id: web}]
roles: [{name: keeper, permissions: {https://pets.example: [write:pets]}}]
users: [{email: a@b.example, roles: [keeper]}]
`,
    [pets],
  );
  expect(findings).toEqual([]);
  expect(tenant.clientGrants[0]).toMatchObject({ clientId: "web", subjectType: "user", scopes: ["read:pets"] });
  expect(tenant.clientGrants[0]?.id).toMatch(/^cgr_[A-Za-z0-9]{16}$/);
  expect(tenant.roles[0]?.id).toMatch(/^rol_[A-Za-z0-9]{16}$/);
  expect(tenant.users[0]?.roles).toEqual([tenant.roles[0]?.id]);
});

test("a grant that names one of two applications of the same name is left out, by client_id it counts", () => {
  const { tenant, findings } = resolveText(
    `applications: [{name: Web}, {name: Web, client_id: web-2}]
client_grants:
  - {application: Web, audience: https://pets.example, scope: [read:pets]}
  - {client_id: web-2, audience: https://pets.example, scope: [write:pets]}`,
    [pets],
  );
  expect(tenant.clients.filter(({ name }) => name === "Web").map(({ clientId }) => clientId)).toEqual([
    deriveClientId("demo", "application Web"),
    "web-2",
  ]);
  expect(findings.map(({ message }) => message)).toEqual([
    'A client grant names the application "Web", and several have that name.',
  ]);
  expect(tenant.clientGrants.find(({ clientId }) => clientId === "web-2")?.scopes).toEqual(["write:pets"]);
});

test("an application that cannot prove itself and lists client_credentials is told, and nothing is left out", () => {
  const text = [
    "applications:",
    "  - { name: SPA, app_type: spa, grant_types: [authorization_code, client_credentials] }",
    "  - { name: None, token_endpoint_auth_method: none, grant_types: [client_credentials] }",
    "  - { name: Proven, app_type: spa, token_endpoint_auth_method: client_secret_post, grant_types: [client_credentials] }",
    "  - { name: Native, app_type: native }",
  ].join("\n");
  const { findings, tenant } = resolveText(text);
  expect(findings).toMatchObject([
    { rule: "tenant-grant-type-unusable", severity: "warning", effect: "none", at: { line: 2, column: 5 } },
    { rule: "tenant-grant-type-unusable", at: { line: 3 } },
  ]);
  expect(findings[0]?.message).toContain('The application "SPA" is public');
  expect(findings[0]?.fix).toContain("token_endpoint_auth_method");
  expect(tenant.clients.map(({ name }) => name)).toEqual(expect.arrayContaining(["SPA", "None", "Proven", "Native"]));
});
