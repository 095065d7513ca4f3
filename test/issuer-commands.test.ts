import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewarden } from "./support/command-line.ts";
import { type IssuerProject, makeIssuerProject, PETS, SPA, TENANT, WEB } from "./support/issuer-project.ts";
import { makeProject, type Project } from "./support/project.ts";

/* What the commands about the tenant say and write: taken from files, taken to Auth0, and without a server. */

const run = (program: string, args: readonly string[], input = "") =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(program, args, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
    // A program that is not there takes no input.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
const [hasBash, hasTerraform] = await Promise.all(
  ["bash", "terraform"].map(async (program) => (await run(program, ["--version"])).code === 0),
);
if (!hasBash) console.info("ejected scripts are not parsed: bash does not start");
if (!hasTerraform) console.info("ejected Terraform is not parsed: terraform does not start");

test("a project that nothing has served yet has tokens, once it has an API", async () => {
  const project = makeProject({});
  try {
    const inProject = (...args: readonly string[]) => gatewarden(args, { cwd: project.folder });
    expect((await inProject("token")).stderr).toContain("no issuer has run with the data folder");
    expect((await inProject("issuer", "api", "create", PETS, "--scope", "read:pets")).code).toBe(0);
    const { stdout, stderr } = await inProject("token");
    expect(stderr).toBe("");
    expect(decodeJwt(stdout.trim())).toMatchObject({ iss: "http://localhost:4567/", aud: PETS, scope: "read:pets" });
  } finally {
    project.remove();
  }
});

describe("import", () => {
  let project: Project;
  beforeAll(() => {
    project = makeProject({ "sam.yaml": SAM });
  });
  afterAll(() => project.remove());
  const importing = (...args: readonly string[]) => gatewarden(["issuer", "import", ...args], { cwd: project.folder });
  const ISSUER = "https://tenant.eu.auth0.com/";

  test("proposes the API of a template's JWT authorizer, and how to stand in for its issuer", async () => {
    const template = join(import.meta.dirname, "../examples/http-api/template.yaml");
    const parameters = [`Audience=https://test-api.example`, `IssuerUri=${ISSUER}`];
    const { code, stdout, stderr } = await importing(template, ...parameters.flatMap((each) => ["--parameter", each]));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("+  - identifier: https://test-api.example\n");
    expect(stdout).toContain("Nothing is written yet: --write does it.");
    expect(stdout).toContain(`issuers:\n  "${ISSUER}": local\n`);
    expect(existsSync(project.path(".gatewarden/issuer/tenant.yaml"))).toBe(false);
  });

  test("proposes the scopes of a SAM template's routes, writes them when told, and then has nothing to add", async () => {
    const proposed = await importing("sam.yaml");
    expect(proposed).toMatchObject({ code: 0, stderr: "" });
    const lines = /^\+ {2}- identifier: https:\/\/orders\.example\n\+ {4}scopes: \[(.*)\]$/m.exec(proposed.stdout);
    expect(lines?.[1]?.split(", ").sort()).toEqual(["read:orders", "write:orders"]);
    expect((await importing("sam.yaml", "--write")).stdout).toContain("Written to .gatewarden/issuer/tenant.yaml.");
    expect((await importing("sam.yaml")).stdout).toContain("has all the APIs and scopes that the files ask for.");
    const { stdout } = await gatewarden(["issuer", "app", "list"], { cwd: project.folder });
    expect(stdout).toMatch(
      /^https:\/\/orders\.example \(Test Application\) .* https:\/\/orders\.example \(client, 2 scopes\)$/m,
    );
  });

  test("says what a file lacks, by line, and proposes nothing of it", async () => {
    project.write("broken.yaml", "Resources: [unclosed\n");
    const { code, stdout, stderr } = await importing("broken.yaml");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/broken\.yaml:\d+:\d+: error /);
  });
});

describe("a project with a tenant", () => {
  let gateway: IssuerProject;
  beforeAll(async () => {
    gateway = await makeIssuerProject({
      "tenant.yaml": `actions: ./actions.js\n${TENANT}`,
      "actions.js": `exports.onExecutePostLogin = async (event, api) => api.accessToken.setCustomClaim("${PETS}/it's", "\${HOME}");\n`,
    });
    await gateway.start();
  });
  afterAll(() => gateway?.finish());

  const secrets = async (): Promise<readonly string[]> => {
    const { stdout } = await gateway.run(["issuer", "secrets", "show", "--json"], { isSecret: true });
    return (JSON.parse(stdout).secrets as { secret: string }[]).map(({ secret }) => gateway.hide(secret));
  };

  test("the ready file names both addresses of the issuer, for its owner only", () => {
    const file = gateway.project.path(".gatewarden/ready.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      issuer: expect.stringMatching(/^http:\/\/localhost:\d+\/$/),
      issuerTls: expect.stringMatching(/^https:\/\/localhost:\d+\/$/),
    });
  });

  test("trust names the authority's file, and the address to try it at", async () => {
    const { code, stdout } = await gateway.run(["issuer", "trust"]);
    expect(code).toBe(0);
    const file = /^\/\S+\.pem$/m.exec(stdout)?.[0] ?? "";
    expect(readFileSync(file, "utf8")).toContain("-----BEGIN CERTIFICATE-----");
    expect(stdout).toContain(`export NODE_EXTRA_CA_CERTS=${file}\n`);
    const curl = /^curl --cacert .*$/m.exec(stdout)?.[0] ?? "";
    const answer = await run("bash", ["-c", `${curl} -sS`]);
    if (hasBash) expect(JSON.parse(answer.stdout)).toMatchObject({ issuer: gateway.ready.issuerTls });
  });

  test.each([
    ["cli", "bash", ["-n"]],
    ["curl", "bash", ["-n"]],
    ["terraform", "terraform", ["fmt", "-"]],
  ])("eject prints %s that parses, with all of the tenant and no secret of it", async (format, program, args) => {
    const { code, stdout, stderr } = await gateway.run(["issuer", "eject", "auth0", "--format", format]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const named of [PETS, "read:pets", "Pets SPA", "Shopkeeper", "./actions.js"]) {
      expect(stdout).toContain(named);
    }
    const all = await secrets();
    expect(all.length).toBeGreaterThan(4);
    expect(all.filter((secret) => stdout.includes(secret))).toEqual([]);
    if (program === "bash" ? hasBash : hasTerraform) {
      expect(await run(program, args, stdout)).toMatchObject({ code: 0 });
      const broken = `${stdout}\nresource "x" "y" { (\n`;
      expect((await run(program, args, broken)).code).not.toBe(0);
    }
  });

  test("lists name no secret, and what shows one is asked by name", async () => {
    const all = await secrets();
    for (const words of ["api list", "app list", "user list", "role list"]) {
      for (const flags of [[], ["--json"]]) {
        const { code, stdout } = await gateway.run(["issuer", ...words.split(" "), ...flags]);
        expect(code).toBe(0);
        expect(all.filter((secret) => stdout.includes(secret))).toEqual([]);
      }
    }
    const { stdout } = await gateway.run(["issuer", "app", "list", "--json"]);
    expect(JSON.parse(stdout).clients.map((client: { client_id: string }) => client.client_id)).toEqual(
      expect.arrayContaining([SPA, WEB]),
    );
    expect(all).toContain(await gateway.secretOf(WEB));
    expect(all).toContain(await gateway.secretOf("alice@example.com"));
  });

  test("token uses the same tenant when the server has stopped", async () => {
    await gateway.expectNothingLeaked();
    const issuer = gateway.issuer;
    const mint = async (...flags: readonly string[]) => {
      const { code, stdout, stderr } = await gateway.run(["token", ...flags], { isSecret: true });
      return { code, stderr, token: stdout.trim() };
    };
    const { token: before } = await mint("--m2m", WEB);
    expect(await gateway.stop()).toBe(0);
    expect(existsSync(gateway.project.path(".gatewarden/ready.json"))).toBe(false);
    const { token: after } = await mint("--m2m", WEB);
    for (const token of [before, after]) {
      expect(decodeJwt(token)).toMatchObject({ iss: issuer, sub: `${WEB}@clients`, scope: "read:pets" });
    }
    expect(decodeProtectedHeader(after)).toEqual(decodeProtectedHeader(before));
    const bob = await mint("--as", "bob");
    expect(decodeJwt(bob.token)).toMatchObject({ sub: "auth0|bob", scope: "read:pets" });
  });
});

const SAM = `AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Auth0
        Authorizers:
          Auth0:
            IdentitySource: $request.header.Authorization
            JwtConfiguration:
              issuer: https://tenant.eu.auth0.com/
              audience: [https://orders.example]
            AuthorizationScopes: [read:orders]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      InlineCode: "exports.handler = async () => ({ statusCode: 200 });"
      Events:
        List: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /orders, Method: GET } }
        Add:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Path: /orders, Method: POST, Auth: { AuthorizationScopes: [write:orders] } }
`;
