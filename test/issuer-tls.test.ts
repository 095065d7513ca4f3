import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import * as tls from "node:tls";
import { fileURLToPath } from "node:url";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, type GatewardenOptions, type MintOptions, startGatewarden } from "../src/index.ts";
import { type KeyRing, openKeyRing } from "../src/issuer/keys/keys.ts";
import { openStateFolder } from "../src/issuer/state-folder.ts";
import { deriveClientId, readClientSecret } from "../src/issuer/tenant/derived-tenant.ts";
import { freePortPair } from "./support/free-port.ts";

const EXAMPLES = join(import.meta.dirname, "../examples");
const EXPRESS_APP = fileURLToPath(new URL("./support/express-app.ts", import.meta.url));
const AUTH0_CLIENTS = fileURLToPath(new URL("./support/auth0-clients.ts", import.meta.url));
const AUDIENCE = "https://test-api.example";
const STRICT_AUDIENCE = "https://strict.example";
const PETS_AUDIENCE = "https://pets.example";

const folder = mkdtempSync(join(tmpdir(), "gatewarden-issuer-tls-"));
const started: Gatewarden[] = [];
afterAll(async () => {
  await Promise.all(started.map((each) => each.stop()));
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
/** The HTTP API example, with a data folder of its own. */
async function serve(options: GatewardenOptions & { readonly issuerUri?: string } = {}): Promise<Gatewarden> {
  const { issuerUri = "${gatewarden.issuer}", ...rest } = options;
  const gateway = await startGatewarden({
    files: [join(EXAMPLES, "http-api/template.yaml")],
    dataDir: join(folder, `data-${++count}`),
    parameters: { Audience: AUDIENCE, IssuerUri: issuerUri },
    ...rest,
  });
  started.push(gateway);
  return gateway;
}

/** The whole environment of a client that trusts the project's authority, or no more than any other client. */
const environment = (caFile?: string | null): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: folder,
  ...(caFile && { NODE_EXTRA_CA_CERTS: caFile }),
});

/** Runs a program to its end. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = environment()) {
  return new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    execFile(program, args, { env, cwd: import.meta.dirname }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const script = (source: string, args: readonly string[], caFile?: string | null) =>
  run(process.execPath, ["--input-type=module", "-e", source, ...args], environment(caFile));

const isInstalled = async (program: string): Promise<boolean> => (await run(program, ["--version"])).code === 0;
const [hasCurl, hasPython] = await Promise.all([isInstalled("curl"), isInstalled("python3")]);

describe("the issuer's two addresses", () => {
  let gateway: Gatewarden;
  beforeAll(async () => {
    gateway = await serve();
  });

  /** A discovery document, by a client that trusts the authority. */
  async function discovery(issuer: string | null): Promise<Record<string, string>> {
    const source = `const answer = await fetch(process.argv[1]); console.log(await answer.text());`;
    const { stdout } = await script(source, [`${issuer}.well-known/openid-configuration`], gateway.issuerCaFile);
    return JSON.parse(stdout);
  }

  test("are two issuers of one key set, and tokens name the first unless told otherwise", async () => {
    expect(gateway.issuer).toMatch(/^http:\/\/localhost:\d+\/$/);
    expect(gateway.issuerTls).toMatch(/^https:\/\/localhost:\d+\/$/);
    const [plain, secure] = [await discovery(gateway.issuer), await discovery(gateway.issuerTls)];
    expect([plain.issuer, secure.issuer]).toEqual([gateway.issuer, gateway.issuerTls]);
    expect(secure.jwks_uri).toBe(`${gateway.issuerTls}.well-known/jwks.json`);
    expect(decodeJwt(gateway.token()).iss).toBe(gateway.issuer);
  });

  test.skipIf(!hasCurl)("curl: with the authority's certificate, and not without", async () => {
    const url = `${gateway.issuerTls}.well-known/jwks.json`;
    const trusting = await run("curl", ["-sS", "--cacert", gateway.issuerCaFile as string, url]);
    expect(trusting).toMatchObject({ code: 0, stdout: expect.stringContaining('"kid"') });
    const address = url.replace("localhost", "127.0.0.1");
    expect((await run("curl", ["-sS", "--cacert", gateway.issuerCaFile as string, address])).code).toBe(0);
    const other = await run("curl", ["-sS", url]);
    expect(other).toMatchObject({ code: 60, stdout: "", stderr: expect.stringMatching(/certificate/) });
  });

  test.skipIf(!hasPython)("Python: with the authority's certificate, strictly verified, and not without", async () => {
    const source = `
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2] if len(sys.argv) > 2 else None)
context.verify_flags |= ssl.VERIFY_X509_STRICT
print(urllib.request.urlopen(sys.argv[1], context=context).status)`;
    const url = `${gateway.issuerTls}.well-known/jwks.json`;
    const trusting = await run("python3", ["-c", source, url, gateway.issuerCaFile as string]);
    expect(trusting).toMatchObject({ code: 0, stdout: "200\n" });
    const other = await run("python3", ["-c", source, url]);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("CERTIFICATE_VERIFY_FAILED") });
  });
});

describe("--issuer-scheme https", () => {
  const dataDir = join(folder, "https");
  let gateway: Gatewarden;
  beforeAll(async () => {
    gateway = await serve({ dataDir, issuerScheme: "https" });
  });

  test("functions, parameters and tokens name the address with TLS, and the gateway takes its tokens", async () => {
    expect(gateway.issuer).toBe(gateway.issuerTls);
    expect(decodeJwt(gateway.token()).iss).toBe(gateway.issuerTls);
    const answer = await fetch(`${gateway.url()}/test`, { headers: { authorization: `Bearer ${gateway.token()}` } });
    expect(answer.status).toBe(200);
    const other = gateway.token({ issuer: (gateway.issuerTls as string).replace("https:", "http:") });
    expect((await fetch(`${gateway.url()}/test`, { headers: { authorization: `Bearer ${other}` } })).status).toBe(401);
    expect(gateway.findings.filter(({ rule }) => rule === "issuer-mismatch")).toEqual([]);
  });

  test("Auth0's own libraries, which speak https only, get tokens of it, and Auth0's refusal", async () => {
    const { issuerTls, issuerCaFile } = gateway;
    const state = openStateFolder(dataDir);
    const clientId = deriveClientId("gatewarden", AUDIENCE);
    const secret = await readClientSecret(state, clientId);
    const domain = new URL(issuerTls as string).host;
    const ask = async (audience: string, caFile?: string | null) => {
      const args = [AUTH0_CLIENTS, domain, audience, clientId, secret];
      const { stdout, stderr } = await run(process.execPath, args, environment(caFile));
      expect(stderr).toBe("");
      return JSON.parse(stdout) as Record<string, { token?: string; error?: string }>;
    };
    for (const [library, { token, error }] of Object.entries(await ask(AUDIENCE, issuerCaFile))) {
      expect([library, error]).toEqual([library, undefined]);
      expect([library, decodeJwt(token as string)]).toMatchObject([
        library,
        { iss: issuerTls, aud: AUDIENCE, sub: `${clientId}@clients` },
      ]);
    }
    for (const { error } of Object.values(await ask("https://unknown.example", issuerCaFile))) {
      expect(error).toContain("Service not enabled within domain: https://unknown.example");
    }
    for (const { error } of Object.values(await ask(AUDIENCE))) {
      expect(error).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    }
  });

  test("aws-jwt-verify takes a token, and without the authority's certificate says why not", async () => {
    const source = `
      import { JwtVerifier } from "aws-jwt-verify";
      const [issuer, audience, token] = process.argv.slice(1);
      const verifier = JwtVerifier.create({ issuer, audience, jwksUri: issuer + ".well-known/jwks.json" });
      try {
        console.log((await verifier.verify(token)).sub);
      } catch (error) {
        console.log(String(error));
        process.exitCode = 1;
      }`;
    const issuer = gateway.issuerTls as string;
    const trusting = await script(source, [issuer, AUDIENCE, gateway.token()], gateway.issuerCaFile);
    expect(trusting).toMatchObject({ code: 0, stdout: expect.stringMatching(/@clients\n$/) });
    const bad = await script(source, [issuer, AUDIENCE, gateway.token({ badSignature: true })], gateway.issuerCaFile);
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringContaining("Invalid signature") });
    const other = await script(source, [issuer, AUDIENCE, gateway.token()]);
    expect(other).toMatchObject({ code: 1, stdout: expect.stringMatching(/unable to verify|UNABLE_TO_VERIFY/) });
  });

  test("CognitoJwtVerifier takes a token shaped as Cognito's", async () => {
    const userPoolId = "us-east-1_Example12";
    const verifier = CognitoJwtVerifier.create({ userPoolId, tokenUse: "access", clientId: AUDIENCE });
    const issuer = `https://cognito-idp.us-east-1.amazonaws.com/${userPoolId}`;
    const jwks = await script(
      "console.log(await (await fetch(process.argv[1])).text())",
      [`${gateway.issuerTls}.well-known/jwks.json`],
      gateway.issuerCaFile,
    );
    verifier.cacheJwks(JSON.parse(jwks.stdout));
    const minted = { profile: "cognito", issuer, scopes: ["orders/read"] } as const;
    expect(await verifier.verify(gateway.token(minted))).toMatchObject({ token_use: "access", client_id: AUDIENCE });
    const scope = ["orders/read"];
    await expect(verifier.verify(gateway.token(minted), { clientId: AUDIENCE, scope })).resolves.toBeDefined();
    await expect(verifier.verify(gateway.token({ ...minted, issuer: `${issuer}x` }))).rejects.toThrow(/issuer/i);
    await expect(verifier.verify(gateway.token({ ...minted, expired: true }))).rejects.toThrow(/expired/i);
  });
});

test.each(["worker", "process"] as const)(
  "the authorizer that ships fetches its keys over TLS, as a function in a %s",
  async (lambdaIsolation) => {
    if (lambdaIsolation === "worker" && tls.setDefaultCACertificates === undefined) return; // Node.js before 22.19
    const { startPetsBackend } = (await import(join(EXAMPLES, "petstore/backend.js"))) as {
      startPetsBackend: (port: number) => Promise<{ address: string; stop: () => Promise<void> }>;
    };
    const backend = await startPetsBackend(0);
    try {
      const gateway = await serve({
        files: [join(EXAMPLES, "petstore/petstore.yaml")],
        config: join(EXAMPLES, "petstore/gatewarden.yaml"),
        parameters: {},
        stageVariables: { petstore: { petsBackend: backend.address } },
        issuerScheme: "https",
        lambdaIsolation,
      });
      const ask = async (token: string) =>
        (await fetch(`${gateway.url()}/pets`, { headers: { authorization: `Bearer ${token}` } })).status;
      expect(await ask(gateway.token({ api: PETS_AUDIENCE }))).toBe(200);
      expect(await ask(gateway.token({ api: PETS_AUDIENCE, badSignature: true }))).toBe(401);
    } finally {
      await backend.stop();
    }
  },
);

describe("a template that names one of the two while tokens carry the other", () => {
  test("is found, and the cure that the finding names is one", async () => {
    const issuerPort = await freePortPair();
    const issuerUri = `https://localhost:${issuerPort + 1}/`;
    const ask = async (gateway: Gatewarden) =>
      (await fetch(`${gateway.url()}/test`, { headers: { authorization: `Bearer ${gateway.token()}` } })).status;
    const mismatched = await serve({ issuerUri, issuerPort });
    const found = mismatched.findings.filter(({ rule }) => rule === "issuer-mismatch");
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toContain(`is "${issuerUri}", wanted "http://localhost:${issuerPort}/"`);
    expect(found[0]?.fix).toContain("--issuer-scheme https");
    expect(await ask(mismatched)).toBe(401);
    await mismatched.stop();
    const cured = await serve({ issuerUri, issuerPort, issuerScheme: "https" });
    expect(cured.findings.filter(({ rule }) => rule === "issuer-mismatch")).toEqual([]);
    expect(await ask(cured)).toBe(200);
  });
});

describe("Express behind the address with TLS", () => {
  let gateway: Gatewarden;
  let ring: KeyRing;
  const apps: ChildProcess[] = [];
  const token = (options: MintOptions = {}) => gateway.token({ api: AUDIENCE, ...options });
  beforeAll(async () => {
    const dataDir = join(folder, "rotating");
    openStateFolder(dataDir).write(
      "tenant.yaml",
      `apis: [{ identifier: "${STRICT_AUDIENCE}", scopes: [], token_dialect: rfc9068_profile }]`,
    );
    gateway = await serve({ dataDir, issuerScheme: "https" });
    // As the command line does it: a process of its own, with nothing but the folder.
    ring = await openKeyRing(openStateFolder(dataDir));
    await ring.prepareNext();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) {
      app.kill();
      await once(app, "exit");
    }
  });

  /** An app that asks for keys anew; answers with what express-jwt and express-oauth2-jwt-bearer, lax and strict, say. */
  function startApp(caFile: string | null): (token: string) => Promise<readonly number[]> {
    const args = [EXPRESS_APP, gateway.issuerTls as string, AUDIENCE, STRICT_AUDIENCE];
    const app = spawn(process.execPath, args, { env: environment(caFile), stdio: "pipe" });
    app.stderr.resume();
    apps.push(app);
    const lines: Interface = createInterface({ input: app.stdout });
    return async (asked) => {
      app.stdin.write(`${asked}\n`);
      const [line] = await once(lines, "line");
      return JSON.parse(line as string);
    };
  }

  test("takes tokens before and after a rotation without a restart, and those of a revoked key no more", async () => {
    const app = startApp(gateway.issuerCaFile);
    const before = token();
    expect(await app(before)).toEqual([200, 200, 401]);
    expect(await app(token({ badSignature: true }))).toEqual([401, 401, 401]);

    const { kid } = await ring.rotate();
    await expect.poll(() => decodeProtectedHeader(token()).kid).toBe(kid);
    const after = token();
    expect(decodeProtectedHeader(before).kid).not.toBe(kid);
    expect(await app(after)).toEqual([200, 200, 401]);
    expect(await app(before)).toEqual([200, 200, 401]);

    await ring.revoke(decodeProtectedHeader(before).kid as string);
    const jwks = () => fetchedKids(gateway);
    await expect.poll(jwks).not.toContain(decodeProtectedHeader(before).kid);
    // Libraries keep a key that they know for some minutes: a new one has to ask.
    const restarted = startApp(gateway.issuerCaFile);
    expect(await restarted(after)).toEqual([200, 200, 401]);
    expect(await restarted(before)).toEqual([401, 401, 401]);
    const ask = async (asked: string) =>
      (await fetch(`${gateway.url()}/test`, { headers: { authorization: `Bearer ${asked}` } })).status;
    await expect.poll(() => ask(before)).toBe(401);
    expect(await ask(after)).toBe(200);
  });

  async function fetchedKids({ issuerTls, issuerCaFile }: Gatewarden): Promise<readonly string[]> {
    const source = "console.log(await (await fetch(process.argv[1])).text())";
    const { stdout } = await script(source, [`${issuerTls}.well-known/jwks.json`], issuerCaFile);
    return (JSON.parse(stdout) as { keys: { kid: string }[] }).keys.map((key) => key.kid);
  }

  test("which insists on RFC 9068 takes the tokens of an API with that profile, and of no other", async () => {
    const app = startApp(gateway.issuerCaFile);
    expect(await app(gateway.token({ api: STRICT_AUDIENCE }))).toEqual([401, 401, 200]);
    expect(await app(token({ claims: { aud: STRICT_AUDIENCE } }))).toEqual([401, 401, 401]);
  });

  test("takes none without the authority's certificate", async () => {
    const statuses = await startApp(null)(token());
    expect(Math.min(...statuses)).toBeGreaterThanOrEqual(400);
  });
});
