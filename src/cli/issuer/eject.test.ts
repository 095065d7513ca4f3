import { execFile, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "../../../test/support/command-line.ts";
import { createIssuer } from "../../issuer/issuer.ts";
import { openKeyRing } from "../../issuer/keys/keys.ts";
import { openStateFolder } from "../../issuer/state-folder.ts";
import { managementAudience } from "../../issuer/tenant/management-api.ts";
import { openTenantStore } from "../../issuer/tenant/open-tenant-store.ts";
import type { Tenant } from "../../issuer/tenant/tenant.ts";
import { openLocalCa } from "../../issuer/tls/local-ca.ts";
import { listenAsIssuer } from "../../server/issuer/listeners.ts";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { ejectable } from "./eject-payloads.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "gatewarden-eject-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const TENANT = `default_audience: https://pets.example
apis:
  - identifier: https://pets.example
    name: "Pet's"
    scopes: [read:pets, {value: write:pets, description: Change $HOME \`pets\`}]
    enforce_policies: true
    token_dialect: access_token_authz
    allow_offline_access: true
    token_lifetime: 600
    token_lifetime_for_web: 300
    subject_type_authorization: {user: {policy: require_client_grant}}
  - identifier: orders
    test_application: false
applications:
  - name: "Pets SPA \${x}"
    description: Sells pets
    logo_uri: https://pets.example/logo.png
    client_metadata: {shop: "Bonn \${x}"}
    app_type: spa
    callbacks: [http://localhost:3000/cb, https://pets.example/cb]
    web_origins: [http://localhost:3000]
client_grants:
  - {application: "Pets SPA \${x}", audience: https://pets.example, scope: [read:pets], subject_type: user}
roles:
  - {name: keeper, permissions: {https://pets.example: [read:pets, write:pets]}}
  - {name: guest}
`;

async function eject(format: string, tenant = TENANT): Promise<string> {
  writeFileSync(join(cwd, "tenant.yaml"), tenant);
  const { code, stdout, stderr } = await commandLine(["issuer", "eject", "auth0", "--format", format], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** What is the same on every tenant. */
function comparable(tenant: Tenant) {
  const { apis, clients, clientGrants, roles } = ejectable(tenant);
  const nameOf = (clientId: string) => clients.find((client) => client.clientId === clientId)?.name;
  const described = apis.map((api) => ({
    ...api,
    scopeDescriptions: Object.fromEntries(api.scopes.map((scope) => [scope, api.scopeDescriptions[scope] ?? scope])),
    name: api.name,
  }));
  return {
    apis: described.map(({ unset: _, ...api }) => api), // the calls set every member
    clients: clients.map(({ clientId: _, clientSecret: __, ...client }) => client),
    grants: clientGrants.map(({ id: _, clientId, ...grant }) => ({ client: nameOf(clientId), ...grant })),
    roles: roles.map((role) => ({ ...role, description: role.description || role.name })),
  };
}

const hasTools = ["curl", "jq"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

test.skipIf(!hasTools)("the calls, run against an empty tenant's Management API, make the same tenant", async () => {
  const script = await eject("curl");
  const folder = openStateFolder(join(cwd, "other"));
  const ca = await openLocalCa(folder);
  const keys = await openKeyRing(folder);
  const answer: { handle?: ReturnType<typeof createIssuer>["handle"] } = {};
  const listeners = await listenAsIssuer({
    port: 0,
    tls: () => ca.serverCertificate,
    onError: () => {},
    handler: (request, url) => answer.handle!(request, url),
  });
  try {
    const { tlsUrl } = listeners;
    const file = join(cwd, "other/tenant.yaml");
    const tenants = await openTenantStore({ file, folder, project: "gatewarden", issuerUrls: [tlsUrl] });
    const issuer = createIssuer({ issuerUrl: tlsUrl, tenants, keys, folder, documents: createMemoryDocuments });
    answer.handle = issuer.handle;
    const token = issuer.mint({ api: managementAudience(tlsUrl) });
    const env = {
      ...process.env,
      AUTH0_DOMAIN: new URL(tlsUrl).host,
      MGMT_TOKEN: token,
      CURL_CA_BUNDLE: ca.certificateFile,
    };
    // The development issuer's settings are in its file; Auth0's are set by a call.
    const withoutSettings = script.replace(/^call PATCH tenants\/settings.*$/m, "");
    expect(withoutSettings).not.toBe(script);
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", withoutSettings], { env });
    expect(stdout).toMatch(/^Pets SPA \$\{x\} client_id [A-Za-z0-9]{32}$/m);
    const original = await commandTenant();
    expect(comparable(tenants.current())).toEqual(comparable(original));
  } finally {
    await listeners.stop();
  }
});

async function commandTenant(): Promise<Tenant> {
  const folder = openStateFolder(join(cwd, ".gatewarden"));
  const file = join(cwd, "tenant.yaml");
  return (await openTenantStore({ file, folder, project: "gatewarden", issuerUrls: [] })).current();
}

describe("what is printed", () => {
  test("names this machine's URLs, the settings, and nothing secret", async () => {
    const script = await eject("curl");
    expect(script).toContain("# callbacks: http://localhost:3000/cb is this machine\n");
    expect(script).not.toContain("# callbacks: https://pets.example/cb");
    expect(script).toContain(`call PATCH tenants/settings '{"default_audience":"https://pets.example",`);
    expect(script).not.toMatch(/client_secret":|Gatewarden Management|api\/v2\/"/);
    for (const { clientSecret } of (await commandTenant()).clients) expect(script).not.toContain(clientSecret);
  });

  test("of the Auth0 CLI differs in how a call is made only", async () => {
    const lines = (text: string) => text.split("\n").filter((line) => /call (POST|PATCH)/.test(line));
    const [curl, cli] = [await eject("curl"), await eject("cli")];
    expect(lines(cli)).toEqual(lines(curl));
    expect(cli).toContain('auth0 api "$1" "$2"');
    expect(spawnSync("/bin/sh", ["-n"], { input: cli }).status).toBe(0);
  });

  test("of Terraform has a resource for each thing, and no name twice", async () => {
    const terraform = await eject("terraform");
    const resources = [...terraform.matchAll(/^resource "(\w+)" "(\w+)" \{$/gm)].map(
      ([, type, name]) => `${type}.${name}`,
    );
    expect(new Set(resources).size).toBe(resources.length);
    expect(resources).toEqual([
      "auth0_resource_server.pet_s",
      "auth0_resource_server_scopes.pet_s",
      "auth0_resource_server.orders",
      "auth0_client.pets_spa_x",
      "auth0_client_credentials.pets_spa_x",
      "auth0_client.pet_s_test_application",
      "auth0_client_credentials.pet_s_test_application",
      "auth0_client_grant.pets_spa_x_pet_s_user",
      "auth0_client_grant.pet_s_test_application_pet_s_client",
      "auth0_role.keeper",
      "auth0_role_permissions.keeper",
      "auth0_role.guest",
      "auth0_tenant.tenant",
    ]);
    expect(terraform).toContain('name = "Pets SPA $${x}"');
    expect(terraform).toContain('"http://localhost:3000/cb", # this machine\n');
    expect(terraform).toContain('"https://pets.example/cb",\n');
    expect(terraform).toContain("default_audience = auth0_resource_server.pet_s.identifier");
  });

  test("of things of nearly one name are resources of different names", async () => {
    const terraform = await eject(
      "terraform",
      "roles: [{name: a-b}, {name: a b}, {name: 1}, {name: ÄÖ}]\n".replace("1", '"1"'),
    );
    expect([...terraform.matchAll(/"auth0_role" "(\w+)"/g)].map(([, name]) => name)).toEqual([
      "a_b",
      "a_b_2",
      "role_1",
      "role_",
    ]);
  });

  test("of Actions is one for each trigger that the file has a handler of", async () => {
    writeFileSync(join(cwd, "actions.js"), "exports.onExecutePostLogin = async () => {};\n");
    const tenant = `${TENANT}actions: ./actions.js\n`;
    const curl = await eject("curl", tenant);
    expect(curl).toContain("--rawfile code ./actions.js");
    expect(curl).toContain("actions/triggers/post-login/bindings");
    expect(curl).not.toContain("credentials-exchange");
    expect(await eject("terraform", tenant)).toContain('code = file("./actions.js")');
    const missing = await commandLine(["issuer", "eject", "auth0"], { cwd });
    expect(missing.code).toBe(0);
    rmSync(join(cwd, "actions.js"));
    expect((await commandLine(["issuer", "eject", "auth0"], { cwd })).stderr).toContain("cannot be read");
  });

  test("of a private_key_jwt client has the public keys as PEM", async () => {
    const jwk = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const tenant = `applications: [{name: Web, token_endpoint_auth_method: private_key_jwt, public_keys: [${JSON.stringify(jwk)}]}]\n`;
    expect(await eject("curl", tenant)).toContain('"private_key_jwt":{"credentials":[{"name":"key 1"');
    const terraform = await eject("terraform", tenant);
    expect(terraform).toContain('authentication_method = "private_key_jwt"');
    expect(terraform).toContain('pem = "-----BEGIN PUBLIC KEY-----\\n');
  });
});
