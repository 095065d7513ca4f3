import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commandLine, type Finished } from "../../../test/support/command-line.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gatewarden-issuer-cli-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function issuer(line: string | readonly string[], options: { stdin?: string; env?: NodeJS.ProcessEnv } = {}) {
  const args = typeof line === "string" ? line.split(" ") : line;
  return commandLine(["issuer", ...args], { cwd, ...options });
}

async function done(line: string | readonly string[], stdin?: string): Promise<Finished> {
  const finished = await issuer(line, stdin === undefined ? {} : { stdin });
  expect({ code: finished.code, stderr: finished.stderr }).toEqual({ code: 0, stderr: "" });
  return finished;
}

async function json(line: string | readonly string[]) {
  const args = typeof line === "string" ? line.split(" ") : line;
  return JSON.parse((await done([...args, "--json"])).stdout);
}

const tenantFile = () => readFileSync(join(cwd, ".gatewarden/issuer/tenant.yaml"), "utf8");
const PETS = "https://pets.example";

describe("an API", () => {
  test("is created with its test application, and the curl line that gets its token", async () => {
    const { stdout } = await done(["api", "create", PETS, "--name", "Pets", "--scope", "read:pets write:pets"]);
    const clientId = /client_id ([A-Za-z0-9]{32})/.exec(stdout)?.[1];
    expect(stdout).toContain("Pets (Test Application)");
    expect(stdout).toContain(`CLIENT_SECRET=$(gatewarden issuer secrets show ${clientId})`);
    expect(stdout).toContain("curl --request POST --url http://localhost:4567/oauth/token");
    expect(tenantFile()).toBe(`apis:\n  - identifier: ${PETS}\n    name: Pets\n    scopes: [read:pets, write:pets]\n`);
    const secret = (await done(["secrets", "show", clientId!])).stdout;
    expect(secret).toMatch(/^[\w-]{64}\n$/);
    expect(stdout).not.toContain(secret.trim());
  });

  test("has every field that a flag names, and its secret on request", async () => {
    const made = await json([
      ...["api", "create", "orders", "--alg", "PS256", "--dialect", "rfc9068_profile_authz", "--rbac", "--offline"],
      ...["--lifetime", "60", "--show-secret"],
    ]);
    expect(made.api).toMatchObject({
      identifier: "orders",
      name: "orders",
      signing_alg: "PS256",
      token_dialect: "rfc9068_profile_authz",
      token_lifetime: 60,
      enforce_policies: true,
      allow_offline_access: true,
    });
    expect(made.client.client_secret).toMatch(/^[\w-]{64}$/);
    expect(made.curl).toContain(made.client.client_secret);
    expect((await json("api list")).apis.map((api: { identifier: string }) => api.identifier)).toEqual([
      "orders",
      "http://localhost:4567/api/v2/",
      "https://localhost:4568/api/v2/",
    ]);
    expect((await done("api list")).stdout).toMatch(/^IDENTIFIER +NAME.*\norders +orders +PS256/);
  });

  test("whose identifier has quotes gives a line that a shell reads back", async () => {
    const odd = 'it\'s-$HOME-`id`-"x"-\\';
    const { curl } = await json(["api", "create", odd]);
    const script = `curl() { printf '%s\\n' "$@"; }\nCLIENT_SECRET='s e"c'\n${curl}`;
    const words = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" }).split("\n");
    const body = words[words.indexOf("--data") + 1]!;
    expect(body).toContain('"client_secret":"s e"c"');
    expect(JSON.parse(body.replace('s e"c', "s")).audience).toBe(odd);
  });

  test("that is there already is told with exit code 1, a wrong one with 2", async () => {
    await done(["api", "create", PETS]);
    expect(await issuer(["api", "create", PETS])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("has already"),
    });
    expect(await issuer("api create a --lifetime 0")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("whole seconds"),
    });
    expect(await issuer("api create a --alg none")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("RS256, PS256, HS256"),
    });
    expect(await issuer(`api remove ${PETS}/`)).toMatchObject({
      code: 2,
      stderr: `gatewarden issuer: there is no API "${PETS}/". Did you mean "${PETS}"?\n`,
    });
    await done(["api", "remove", PETS]);
    expect(tenantFile()).toBe("apis: []\n");
  });
});

describe("applications, users and roles", () => {
  beforeEach(async () => {
    await done(["api", "create", PETS, "--scope", "read:pets", "--scope", "write:pets"]);
  });

  test("a page's application has the origin of its callback, and what it is granted", async () => {
    const made = await json([
      ...["app", "create", "Pets SPA", "--type", "spa", "--client-id", "spa", "--callback", "http://localhost:3000/cb"],
      ...["--logout-url", "http://localhost:3000", "--grant", `${PETS}=read:pets`],
    ]);
    expect(made).toMatchObject({
      client: {
        client_id: "spa",
        token_endpoint_auth_method: "none",
        web_origins: ["http://localhost:3000"],
        allowed_logout_urls: ["http://localhost:3000"],
      },
      domain: "http://localhost:4567",
      issuer: "http://localhost:4567/",
    });
    expect(await json(["app", "create", "Shop", "--type", "regular_web"])).toMatchObject({ domain: "localhost:4568" });
    expect(made.curl).toBeUndefined();
    expect(tenantFile()).toContain("subject_type: user");
    expect((await done("app list")).stdout).toContain(`${PETS} (user, 1 scopes)`);
    await done(["app", "remove", "Pets SPA"]);
    expect(tenantFile()).not.toContain("subject_type");
  });

  test("a machine's application has all of an API that is granted to it, and a curl line", async () => {
    const { stdout } = await done([
      "app",
      "create",
      "Robot",
      "--type",
      "non_interactive",
      "--grant",
      PETS,
      "--show-secret",
    ]);
    expect(stdout).toContain("curl --request POST");
    expect(stdout).toMatch(/client_secret {2}[\w-]{64}\n/);
    expect(tenantFile()).toContain("scope: [read:pets, write:pets]");
    await done(["grant", "Robot", PETS, "--scope", "read:pets"]);
    expect(tenantFile()).toContain("scope: [read:pets]");
    await done(["grant", "Robot", PETS, "--user"]);
    expect(tenantFile()).toContain("subject_type: user");
    expect(await issuer(["grant", "Robt", PETS])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "Robot"?'),
    });
    expect(await issuer(["grant", "Robot", PETS, "--scope", "fly"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('names "fly", which "https://pets.example" does not define'),
    });
  });

  test("a type that is missing or unknown is refused", async () => {
    expect((await issuer("app create A")).stderr).toContain("--type is not given, wanted spa, native");
    expect((await issuer("app create A --type web")).stderr).toContain('--type is "web"');
  });

  test("a user gets roles and permissions by name", async () => {
    await done(["role", "create", "keeper", "--permission", `${PETS}=read:pets,write:pets`, "--description", "Keeps"]);
    const line = ["user", "create", "carol@pets.example", "--name", "Carol", "--role", "keeper", "--email-verified"];
    const { user } = await json([...line, "--permission", `${PETS}=read:pets`, "--permission", `${PETS}=write:pets`]);
    expect(user).toMatchObject({
      name: "Carol",
      roles: ["keeper"],
      permissions: { [PETS]: ["read:pets", "write:pets"] },
    });
    expect((await done("user list")).stdout).toMatch(/auth0\|[0-9a-f]{24} +carol@pets.example +Carol +keeper/);
    expect((await done("role list")).stdout).toContain(`${PETS}: read:pets write:pets`);
    expect((await issuer("user create d@pets.example --role keper")).stderr).toContain('Did you mean "keeper"?');
    expect((await issuer(`user create d@pets.example --permission ${PETS}`)).stderr).toContain(
      "wanted AUDIENCE=SCOPE,…",
    );
    await done("role remove keeper");
    await done("user remove carol@pets.example");
    expect((await json("user list")).users.map((each: { email: string }) => each.email)).toEqual([
      "alice@example.com",
      "bob@example.com",
    ]);
  });

  test("secrets are shown alone, set from standard input, and rotated", async () => {
    await done("app create Web --type regular_web --client-id web");
    await done("secrets set web", "a-secret-of-sixteen\n");
    expect((await done("secrets show Web")).stdout).toBe("a-secret-of-sixteen\n");
    const rotated = (await done("secrets rotate Web")).stdout;
    expect(rotated).toMatch(/^[\w-]{64}\n$/);
    expect((await done("secrets show web")).stdout).toBe(rotated);
    await done("secrets set alice", "a word");
    expect((await done("secrets show alice@example.com")).stdout).toBe("a word\n");
    expect((await json("secrets show")).secrets.map((each: { of: string }) => each.of)).toContain(
      "Gatewarden Management",
    );
    expect((await issuer("secrets set web", { stdin: "short" })).code).toBe(2);
    expect((await issuer("secrets set web")).stderr).toContain("standard input is empty");
    expect((await issuer("secrets show nobody")).code).toBe(2);
    expect(tenantFile()).not.toMatch(/sixteen|word/);
  });
});

describe("which tenant", () => {
  test("tenant.yaml here goes before the data folder's, and --tenant before both", async () => {
    writeFileSync(join(cwd, "named.yaml"), "apis: [{identifier: named}]\n");
    writeFileSync(join(cwd, "gatewarden.yaml"), "tenant: named.yaml\n");
    expect((await json("api list")).apis[0].identifier).toBe("named");
    rmSync(join(cwd, "gatewarden.yaml"));
    writeFileSync(join(cwd, "tenant.yaml"), "apis: [{identifier: here}]\n");
    writeFileSync(join(cwd, "other.yaml"), "apis: [{identifier: other}]\n");
    expect((await json("api list")).apis[0].identifier).toBe("here");
    expect((await json("api list --tenant other.yaml")).apis[0].identifier).toBe("other");
    const { stdout } = await issuer("api list --json", { env: { GATEWARDEN_TENANT: "other.yaml" } });
    expect(JSON.parse(stdout).apis[0].identifier).toBe("other");
  });

  test("one that is broken is told with its line, one that names nothing is told and used", async () => {
    writeFileSync(join(cwd, "tenant.yaml"), "apis:\n  - identifer: a\n");
    const broken = await issuer("api list");
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain(`${join(cwd, "tenant.yaml")}:2:5: error tenant-key-unknown`);
    writeFileSync(join(cwd, "tenant.yaml"), "roles: [{name: R, permissions: {nowhere: [x]}}]\n");
    const dangling = await issuer("role list");
    expect(dangling.code).toBe(0);
    expect(dangling.stderr).toContain("tenant-reference-unknown");
  });

  test("its curl lines name the issuer that ran last", async () => {
    await done("user list");
    const kept = JSON.stringify({ issuerUrls: ["https://localhost:5555/", "http://localhost:5554/"] });
    writeFileSync(join(cwd, ".gatewarden/issuer-tenant.json"), kept);
    expect((await json(["api", "create", PETS])).curl).toContain("--url https://localhost:5555/oauth/token");
    expect((await json("api list")).apis.at(-1).identifier).toBe("http://localhost:5554/api/v2/");
  });
});

describe("keys and trust", () => {
  test("the next key signs after a rotation, and a previous one can be revoked", async () => {
    const first = (await json("rotate-key")).keys;
    const current = first.find((key: { state: string }) => key.state === "current").kid;
    const second = (await json("rotate-key")).keys;
    expect(second.find((key: { state: string }) => key.state === "current").kid).not.toBe(current);
    expect(await issuer(["rotate-key", "--revoke", second[0].kid])).toMatchObject({ code: 1 });
    expect((await done(["rotate-key", "--revoke", current])).stdout).toContain(`${current} is revoked.`);
    expect((await issuer("rotate-key --revoke nowhere")).code).toBe(2);
  });

  test("every way to trust names the file that is there", async () => {
    const { ca, trust } = await json("trust");
    expect(readFileSync(ca, "utf8")).toContain("BEGIN CERTIFICATE");
    expect(trust.length).toBeGreaterThan(12);
    for (const { how } of trust) expect(how).toContain(ca);
    expect((await done("trust")).stdout).toContain(`export NODE_EXTRA_CA_CERTS=${ca}`);
  });
});

describe("import", () => {
  const OPENAPI = `openapi: 3.0.1
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      security: [{jwt: [read:pets]}]
      x-amazon-apigateway-integration: {type: HTTP_PROXY, httpMethod: GET, uri: "http://127.0.0.1:9", payloadFormatVersion: "1.0"}
components:
  securitySchemes:
    jwt:
      type: oauth2
      flows: {}
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: {issuer: "https://real.eu.auth0.com/", audience: ["https://pets.example"]}
`;

  test("proposes what JWT authorizers name, and writes it when told to", async () => {
    writeFileSync(join(cwd, "pets.yaml"), OPENAPI);
    writeFileSync(join(cwd, "tenant.yaml"), "# ours\nconsent: skip\n");
    const { stdout } = await done("import pets.yaml");
    expect(stdout).toContain(`--- tenant.yaml
+++ tenant.yaml
@@ -1,2 +1,5 @@
 # ours
 consent: skip
+apis:
+  - identifier: https://pets.example
+    scopes: [read:pets]
`);
    expect(stdout).toContain("Nothing is written yet");
    expect(stdout).toContain('issuers:\n  "https://real.eu.auth0.com/": local');
    expect(readFileSync(join(cwd, "tenant.yaml"), "utf8")).toBe("# ours\nconsent: skip\n");
    await done("import pets.yaml --write");
    expect(readFileSync(join(cwd, "tenant.yaml"), "utf8")).toContain("scopes: [read:pets]");
    expect((await done("import pets.yaml")).stdout).toContain("has all the APIs and scopes");
    writeFileSync(join(cwd, "pets.yaml"), OPENAPI.replace("[read:pets]", "[read:pets, hunt:pets]"));
    expect((await done("import pets.yaml")).stdout).toContain(
      "-    scopes: [read:pets]\n+    scopes: [read:pets, hunt:pets]",
    );
  });

  test("knows the audiences of authorizer functions, with the scopes of their rules", async () => {
    cpSync(join(import.meta.dirname, "../../../examples/petstore"), cwd, { recursive: true });
    const { stdout } = await done("import --config gatewarden.yaml");
    expect(stdout).toMatch(/^\+ {2}- identifier: \S+$/m);
    expect(existsSync(join(cwd, "tenant.yaml"))).toBe(false);
  });

  test("files that cannot be read are told", async () => {
    writeFileSync(join(cwd, "pets.yaml"), "openapi: [");
    expect(await issuer("import pets.yaml")).toMatchObject({ code: 1, stderr: expect.stringContaining("pets.yaml:1") });
    expect((await issuer("import")).code).toBe(2);
  });
});

describe("what is wrong on the command line", () => {
  test.each([
    ["api", 'unknown verb "api". Did you mean "api create"?'],
    ["api crate x", 'Did you mean "api create"?'],
    ["fly", "Verbs: start, api create, api list"],
    ["api create", "wanted: gatewarden issuer api create IDENTIFIER"],
    ["api list x", "wanted: gatewarden issuer api list"],
    ["api list --callback http://localhost", "issuer api list has no --callback. It has --data-dir, --tenant, --json."],
    ["eject auth0 --format toml", "wanted cli, terraform, curl"],
    ["start --issuer-port 65535", "at most 65534"],
    ["start --issuer-scheme gopher", "wanted http or https"],
  ])("issuer %s", async (line, message) => {
    const { code, stderr } = await issuer(line);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test("the help names every verb", async () => {
    const { stdout } = await issuer("--help");
    for (const verb of [
      "api create",
      "app create",
      "user create",
      "role create",
      "grant",
      "rotate-key",
      "secrets show",
      "trust",
      "import",
      "eject auth0",
    ]) {
      expect(stdout).toContain(`issuer ${verb}`);
    }
  });
});
