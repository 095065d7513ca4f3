import { execFile } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePortPair } from "./support/free-port.ts";
import {
  askForToken,
  authorize,
  CALLBACK,
  call,
  type IssuerProject,
  makeIssuerProject,
  PETS,
  SPA,
  TENANT,
  WEB,
} from "./support/issuer-project.ts";

/* The first thing that a developer does: a token by curl, and the API with it. And each way to be refused. */

const BIN = join(import.meta.dirname, "../bin/gatewarden.js");

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string) =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) =>
    execFile(program, args, { env: { PATH: process.env.PATH, ...env }, cwd }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  );

const missing: string[] = [];
for (const program of ["curl", "bash"]) if ((await run(program, ["--version"])).code !== 0) missing.push(program);
if (missing.length > 0) console.info(`curl lines are not run here: ${missing.join(" and ")} does not start`);

describe.skipIf(missing.length > 0)("an API that was made with one command", () => {
  let gateway: IssuerProject;
  beforeAll(async () => {
    gateway = await makeIssuerProject();
    rmSync(gateway.project.path("tenant.yaml"));
    gateway.project.write("bin/gatewarden", `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
    chmodSync(gateway.project.path("bin/gatewarden"), 0o755);
  });
  afterAll(() => gateway?.finish());

  test("gives a token by the lines that the command prints, run as they are, and opens what its scopes do", async () => {
    // So that there is an issuer whose address the command knows.
    const port = await freePortPair();
    await gateway.start(["--issuer-port", String(port)]);
    await gateway.stop();
    const create = ["issuer", "api", "create", PETS, "--name", "Pets", "--scope", "read:pets create:pets read:prices"];
    const made = await gateway.run(create);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.stdout).toContain("Scopes: read:pets create:pets read:prices\n");
    expect(made.stdout).toContain("Pets (Test Application): client_id ");
    const lines = made.stdout.slice(made.stdout.indexOf("Its token:\n") + "Its token:\n".length);
    expect(lines).toMatch(/^CLIENT_SECRET=\$\(gatewarden issuer secrets show \w{32}\)\ncurl --request POST [^\n]*\n$/);

    await gateway.start(["--issuer-port", String(port)]);
    expect(gateway.issuer).toBe(`http://localhost:${port}/`);
    const path = `${gateway.project.path("bin")}:${process.env.PATH}`;
    const { stdout } = await run("bash", ["-c", lines], { PATH: path }, gateway.project.folder);
    const answer = JSON.parse(stdout);
    expect(answer).toEqual({
      access_token: expect.any(String),
      scope: "read:pets create:pets read:prices",
      expires_in: 86_400,
      token_type: "Bearer",
    });
    const clientId = /client_id (\w{32})/.exec(made.stdout)?.[1] ?? "";
    const { iat, exp, ...claims } = decodeJwt(gateway.hide(answer.access_token));
    expect(claims).toEqual({
      iss: `http://localhost:${port}/`,
      sub: `${clientId}@clients`,
      aud: PETS,
      azp: clientId,
      gty: "client-credentials",
      scope: "read:pets create:pets read:prices",
    });
    expect(exp).toBe((iat ?? 0) + 86_400);

    const secret = await gateway.secretOf(clientId);
    expect(secret).toHaveLength(64);
    expect(await gateway.secretOf("Pets (Test Application)")).toBe(secret);
    const lesser = await askForToken(gateway, {
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: secret,
      audience: PETS,
      scope: "read:pets",
    });
    expect(lesser.scope).toBe("read:pets");
    const pet = { method: "POST", headers: { "content-type": "application/json" }, body: '{"type":"bird","price":5}' };
    for (const base of [gateway.rest, gateway.http]) {
      expect(await call(`${base}/pets`, answer.access_token)).toMatchObject({ status: 200 });
      expect(await call(`${base}/pets`)).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
      expect((await call(`${base}/pets`, answer.access_token, pet)).status).toBeLessThan(300);
      expect(await call(`${base}/pets`, lesser.access_token)).toMatchObject({ status: 200 });
      expect(await call(`${base}/pets`, lesser.access_token, pet)).toMatchObject({ status: 403 });
    }
    await gateway.expectNothingLeaked();
  });
});

describe.skipIf(missing.length > 0)("a request for a token by curl", () => {
  const MACHINE = "petsMachinePetsMachinePetsMachin";
  const OTHER = "https://toys.example";
  let gateway: IssuerProject;
  let secret: string;
  let machineSecret: string;
  beforeAll(async () => {
    const machine = `  - { name: Machine, client_id: ${MACHINE}, app_type: non_interactive, grant_types: [client_credentials, password] }\n`;
    const [ps, hs] = ["PS256", "HS256"].map(
      (alg) => `  - { identifier: "urn:${alg}", name: ${alg}, signing_alg: ${alg} }\n`,
    );
    const toys = `  - { identifier: "${OTHER}", name: Toys, scopes: [read:toys], test_application: false }\n`;
    gateway = await makeIssuerProject({
      "tenant.yaml": TENANT.replace("applications:\n", `${toys}${ps}${hs}applications:\n${machine}`),
    });
    await gateway.start();
    [secret, machineSecret] = await Promise.all([gateway.secretOf(WEB), gateway.secretOf(MACHINE)]);
  });
  afterAll(() => gateway?.finish());

  const credentials = () => ({
    grant_type: "client_credentials",
    client_id: WEB,
    client_secret: secret,
    audience: PETS,
  });
  const json = (body: object) => ["--json", JSON.stringify(body)];
  /** What came back, by curl's own account. */
  async function curl(path: string, args: readonly string[]) {
    const out = ["-sS", "-w", "\n%{http_code} %{content_type} %{redirect_url}", ...args, `${gateway.issuer}${path}`];
    const { stdout, stderr } = await run("curl", out);
    expect(stderr).toBe("");
    const end = stdout.lastIndexOf("\n");
    const [status, ...rest] = stdout.slice(end + 1).split(" ");
    return { status: Number(status), body: stdout.slice(0, end), type: rest.join(" ").trim() };
  }

  test("is answered alike for JSON, a form, and credentials in a Basic header", async () => {
    const { client_id, client_secret, ...rest } = credentials();
    const form = (fields: Readonly<Record<string, string>>) =>
      Object.entries(fields).flatMap(([name, value]) => ["--data-urlencode", `${name}=${value}`]);
    const asked = [
      json(credentials()),
      form(credentials()),
      [...form(rest), "--user", `${client_id}:${client_secret}`],
      [...json(rest), "--user", `${client_id}:${client_secret}`],
    ];
    for (const args of asked) {
      const { status, body, type } = await curl("oauth/token", args);
      expect({ status, type }).toEqual({ status: 200, type: "application/json" });
      const { access_token, ...answer } = JSON.parse(body);
      expect(answer).toEqual({ scope: "read:pets", expires_in: 86_400, token_type: "Bearer" });
      expect(decodeJwt(gateway.hide(access_token))).toMatchObject({ sub: `${WEB}@clients`, aud: PETS });
    }
  });

  test("is answered with the API's own algorithm, by a key that a library finds, or by the API's secret", async () => {
    const { clients } = JSON.parse((await gateway.run(["issuer", "app", "list", "--json"])).stdout);
    const ask = async (alg: string) => {
      const name = `${alg} (Test Application)`;
      const { client_id } = clients.find((client: { name: string }) => client.name === name);
      const client_secret = await gateway.secretOf(client_id);
      const body = { grant_type: "client_credentials", client_id, client_secret, audience: `urn:${alg}` };
      return (await askForToken(gateway, body)).access_token;
    };
    const keys = createRemoteJWKSet(new URL(`${gateway.issuer}.well-known/jwks.json`));
    const probabilistic = await ask("PS256");
    expect(decodeProtectedHeader(probabilistic).alg).toBe("PS256");
    await expect(jwtVerify(probabilistic, keys, { audience: "urn:PS256" })).resolves.toBeDefined();
    const symmetric = await ask("HS256");
    await expect(jwtVerify(symmetric, keys)).rejects.toThrow();
    const secret = Buffer.from(await gateway.secretOf("urn:HS256"));
    await expect(jwtVerify(symmetric, secret, { audience: "urn:HS256" })).resolves.toBeDefined();
    await expect(jwtVerify(symmetric, Buffer.from("another secret of some length"))).rejects.toThrow();
  });

  const denied = (description: string) =>
    `{"error":"access_denied","error_description":${JSON.stringify(description)}}`;
  const invalid = (description: string) =>
    `{"error":"invalid_grant","error_description":${JSON.stringify(description)}}`;
  const MACHINE_ASKS = () => ({ ...credentials(), client_id: MACHINE, client_secret: machineSecret });
  const refusals: readonly (readonly [string, number, string, () => object | Promise<object>])[] = [
    [
      "an audience that is none of the tenant's",
      403,
      denied("Service not enabled within domain: https://pets.example/"),
      () => ({ ...credentials(), audience: `${PETS}/` }),
    ],
    [
      "an API without a grant",
      403,
      denied(
        `Client "${MACHINE}" is not authorized to access resource server "${OTHER}". You need to create a "client-grant" associated to this API.`,
      ),
      () => ({ ...MACHINE_ASKS(), audience: OTHER }),
    ],
    ["a wrong secret", 401, denied("Unauthorized"), () => ({ ...credentials(), client_secret: machineSecret })],
    ["no secret", 401, denied("Unauthorized"), () => ({ ...credentials(), client_secret: undefined })],
    ["an unknown client", 401, denied("Unauthorized"), () => ({ ...credentials(), client_id: "nobody" })],
    [
      "a grant type that the application has not",
      403,
      `{"error":"unauthorized_client","error_description":"Grant type 'client_credentials' not allowed for the client.","error_uri":"https://auth0.com/docs/clients/client-grant-types"}`,
      () => ({ ...credentials(), client_id: SPA, client_secret: undefined }),
    ],
    [
      "no audience",
      403,
      denied("No audience parameter was provided, and no default audience has been configured"),
      () => ({ ...credentials(), audience: undefined }),
    ],
    [
      "a scope beyond the grant",
      403,
      denied("Client has not been granted scopes: create:pets"),
      () => ({ ...credentials(), scope: "read:pets create:pets" }),
    ],
    [
      "a code that is none",
      403,
      invalid("Invalid authorization code"),
      () => ({ grant_type: "authorization_code", client_id: SPA, code: "none", code_verifier: "v".repeat(43) }),
    ],
    [
      "another code verifier",
      403,
      invalid("Failed to verify code verifier"),
      async () => {
        const { callback } = await authorize(gateway.issuer, {}, "auth0|alice");
        const code = gateway.hide(callback.get("code") ?? "");
        const verifier = "w".repeat(43);
        return {
          grant_type: "authorization_code",
          client_id: SPA,
          code,
          redirect_uri: CALLBACK,
          code_verifier: verifier,
        };
      },
    ],
    [
      "a refresh token that is none",
      403,
      invalid("Unknown or invalid refresh token."),
      () => ({ grant_type: "refresh_token", client_id: SPA, refresh_token: "none" }),
    ],
    [
      "a wrong password",
      403,
      invalid("Wrong email or password."),
      () => ({ ...MACHINE_ASKS(), grant_type: "password", username: "alice@example.com", password: "wrong-horse" }),
    ],
  ];

  test.each(refusals)("with %s is refused in Auth0's words, as JSON and as a form", async (_, status, body, asked) => {
    const fields = Object.entries(await asked()).filter(([, value]) => value !== undefined);
    const form = fields.flatMap(([name, value]) => ["--data-urlencode", `${name}=${value}`]);
    const answers = [await curl("oauth/token", json(Object.fromEntries(fields)))];
    // A code is spent with its first use.
    if (!fields.some(([name]) => name === "code_verifier")) answers.push(await curl("oauth/token", form));
    for (const answer of answers) expect(answer).toEqual({ status, body, type: "application/json" });
  });

  test("each refusal is an event with the next move, and a line in the terminal", async () => {
    await curl("oauth/token", json({ ...credentials(), audience: `${PETS}/` }));
    const [event] = await gateway.events();
    expect(event).toMatchObject({
      kind: "refused",
      reason: "audience_unknown",
      clientId: WEB,
      audience: `${PETS}/`,
      check: expect.stringContaining("character for character; a slash counts"),
    });
    expect(gateway.terminal()).toContain("Service not enabled within domain: https://pets.example/");
  });

  describe("a login that cannot be", () => {
    const asks = (parameters: Readonly<Record<string, string>>) => {
      const usual = { response_type: "code", client_id: SPA, redirect_uri: CALLBACK, state: "s", scope: "openid" };
      const pkce = { code_challenge: "c".repeat(43), code_challenge_method: "S256" };
      return curl(`authorize?${new URLSearchParams({ ...usual, ...pkce, ...parameters })}`, []);
    };
    const location = ({ type }: { readonly type: string }) =>
      Object.fromEntries(new URL(type.split(" ").at(-1) ?? "").searchParams);

    test("tells the application, where that is known", async () => {
      expect(location(await asks({ audience: "https://none.example" }))).toEqual({
        error: "access_denied",
        error_description: "Service not found: https://none.example",
        state: "s",
      });
      expect(location(await asks({ prompt: "none" }))).toEqual({
        error: "login_required",
        error_description: "Login required",
        state: "s",
      });
    });

    test("else tells the person", async () => {
      const stranger = await asks({ client_id: "nobody" });
      expect(stranger.status).toBe(400);
      expect(stranger.body).toContain("Unknown client: nobody");
      const elsewhere = await asks({ redirect_uri: "http://localhost:3000/other" });
      expect(elsewhere.status).toBe(403);
      expect(elsewhere.body).toContain(
        "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
      );
      const out = await curl(`v2/logout?client_id=${SPA}&returnTo=http://localhost:3000/other`, []);
      expect(out.status).toBe(400);
      expect(out.body).toMatch(
        /The (?:"|&quot;|&#34;)returnTo(?:"|&quot;|&#34;) querystring parameter (?:"|&quot;|&#34;)http:\/\/localhost:3000\/other(?:"|&quot;|&#34;) is not defined as a valid URL in (?:"|&quot;|&#34;)Allowed Logout URLs(?:"|&quot;|&#34;)\./,
      );
    });

    test("and userinfo knows no stranger", async () => {
      for (const args of [[], ["--header", "authorization: Bearer none"]]) {
        expect(await curl("userinfo", args)).toMatchObject({ status: 401, body: "Unauthorized" });
      }
    });
  });
});
