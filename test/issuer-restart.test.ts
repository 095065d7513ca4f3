import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, globSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server as HttpsServer, request as requestOverTls } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewarden, serve } from "./support/command-line.ts";
import { freePortPair } from "./support/free-port.ts";
import { ask } from "./support/http.ts";
import {
  askForToken,
  authorize,
  CALLBACK,
  call,
  type IssuerProject,
  logIn,
  makeIssuerProject,
  PETS,
  SPA,
  WEB,
} from "./support/issuer-project.ts";
import { openPerson } from "./support/person.ts";
import { customAuthorizer, makeProject, mockMethod, openApi } from "./support/project.ts";

/* What a restart keeps, and where the issuer does not start, or does not answer, at all. */

let gateway: IssuerProject;
let port: number;
beforeAll(async () => {
  gateway = await makeIssuerProject();
  port = await freePortPair();
});
afterAll(() => gateway?.finish());

const kids = async (): Promise<readonly string[]> => {
  const { keys } = (await (await fetch(`${gateway.issuer}.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid).sort();
};

test("a restart keeps keys, logins, refresh tokens and secrets", async () => {
  await gateway.start(["--issuer-port", String(port)]);
  const alice = openPerson(CALLBACK);
  const scope = "openid offline_access read:pets";
  const tokens = await logIn(gateway, { audience: PETS, scope }, "auth0|alice", alice);
  expect(alice.logins).toBe(1);
  // The next key is published as soon as it is made.
  await expect.poll(async () => (await kids()).length).toBe(2);
  const before = { kids: await kids(), issuer: gateway.issuer, secret: await gateway.secretOf(WEB) };
  await gateway.expectNothingLeaked();
  expect(await gateway.stop()).toBe(0);
  await gateway.start(["--issuer-port", String(port)]);
  expect({ kids: await kids(), issuer: gateway.issuer, secret: await gateway.secretOf(WEB) }).toEqual(before);

  for (const base of [gateway.rest, gateway.http]) {
    expect(await call(`${base}/pets`, tokens.access_token)).toMatchObject({ status: 200 });
  }
  const silent = await authorize(gateway.issuer, { audience: PETS, prompt: "none" }, undefined, alice);
  expect(gateway.hide(silent.callback.get("code") ?? "")).not.toBe("");
  expect(alice.logins).toBe(1);
  const renewed = await askForToken(gateway, {
    grant_type: "refresh_token",
    client_id: SPA,
    refresh_token: tokens.refresh_token,
  });
  expect(renewed).toMatchObject({ status: 200, scope });
  expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
  await gateway.expectNothingLeaked();
});

describe("while it runs", () => {
  const elsewhere = makeProject();
  afterAll(() => elsewhere.remove());
  beforeAll(async () => {
    await gateway.stop();
    await gateway.start(["--issuer-port", String(port), "--host", "0.0.0.0"]);
  });

  test("a foreign Host is 403 on both addresses", async () => {
    const path = ".well-known/openid-configuration";
    const ca = readFileSync(JSON.parse((await gateway.run(["issuer", "trust", "--json"])).stdout).ca);
    const overTls = (Host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        requestOverTls(
          `${gateway.ready.issuerTls}${path}`,
          { ca, servername: "localhost", headers: { Host }, agent: false },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          },
        )
          .on("error", reject)
          .end();
      });
    for (const host of ["evil.example", `evil.example:${port}`, "localhost.evil.example", "127.0.0.1.nip.io"]) {
      expect((await ask(`${gateway.issuer}${path}`, { headers: ["Host", host] })).status).toBe(403);
      expect(await overTls(host)).toBe(403);
    }
    expect((await ask(`${gateway.issuer}${path}`, { headers: ["Host", `127.0.0.1:${port}`] })).status).toBe(200);
    expect(await overTls(`localhost:${port + 1}`)).toBe(200);
  });

  test("no other machine reaches it, even where the gateway is open to all", async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const outward = addresses.filter(({ internal, family }) => !internal && family === "IPv4");
    if (outward.length === 0) console.info("not tried from outside: this machine has no other address");
    for (const { address } of outward) {
      const reaches = (at: number) =>
        new Promise<boolean>((resolve) => {
          const socket = connect(at, address, () => resolve(true));
          socket.on("error", () => resolve(false));
          socket.on("connect", () => socket.destroy());
        });
      expect(await reaches(Number(new URL(gateway.ready.gateway).port))).toBe(true);
      expect([await reaches(port), await reaches(port + 1)]).toEqual([false, false]);
    }
  });

  test("the issuer alone says that its port is taken", async () => {
    const { code, stdout, stderr } = await gatewarden(["issuer", "start", "--issuer-port", String(port)], {
      cwd: elsewhere.folder,
    });
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(new RegExp(`^[^\\n]*127.0.0.1:${port}[^\\n]*--issuer-port[^\\n]*\\n$`));
  });

  test("a second gateway on its port says which is taken", async () => {
    const args = ["dev", "--port", "0", "--issuer-port", String(port)];
    const { code, stdout, stderr } = await gatewarden(args, { cwd: elsewhere.folder });
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(new RegExp(`^[^\\n]*127.0.0.1:${port}[^\\n]*--issuer-port[^\\n]*\\n$`));
  });

  test.each([
    ["dev", "--port", "0"],
    ["issuer", "start"],
  ])("%s: where the port of the twin is taken, it says whose it is", async (...words) => {
    const free = await freePortPair();
    const taken = createTcpServer().listen(free + 1, "127.0.0.1");
    await once(taken, "listening");
    const args = [...words, "--issuer-port", String(free)];
    const { code, stdout, stderr } = await gatewarden(args, { cwd: elsewhere.folder });
    taken.close();
    expect([code, stdout]).toEqual([3, ""]);
    const whose = `the port of the issuer's HTTPS twin, the one after --issuer-port ${free}`;
    expect(stderr).toMatch(new RegExp(`^[^\\n]*127.0.0.1:${free + 1}[^\\n]*${whose}[^\\n]*\\n$`));
  });
});

describe("it does not start", () => {
  beforeAll(() => gateway.stop());

  const start = (env: NodeJS.ProcessEnv = {}) =>
    gatewarden(["dev", "--port", "0", "--issuer-port", "0"], {
      cwd: gateway.project.folder,
      env: { CI: "", ...env },
    });

  test("with a secret that others can read, and names the file and the cure", async () => {
    const folder = gateway.project.path(".gatewarden/issuer");
    const secrets = globSync("**/*", { cwd: folder }).filter((name) => statSync(`${folder}/${name}`).isFile());
    const found = secrets.filter((name) => !/tenant\.yaml|logins\.sqlite|\.(?:pem|crt)$|declared/.test(name));
    expect(found.length).toBeGreaterThan(5);
    for (const name of found) {
      const file = `${folder}/${name}`;
      const mode = statSync(file).mode & 0o777;
      expect([name, mode.toString(8)]).toEqual([name, "600"]);
      if (!/key|secret/.test(name)) continue;
      chmodSync(file, 0o644);
      const { code, stdout, stderr } = await start();
      chmodSync(file, mode);
      expect([name, code, stdout]).toEqual([name, 3, ""]);
      expect(stderr).toContain(`${file} has mode 644, so others can read it.`);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
  });

  test.each([
    ["NODE_ENV", "production"],
    ["KUBERNETES_SERVICE_HOST", "10.0.0.1"],
    ["AWS_LAMBDA_FUNCTION_NAME", "pets"],
  ])("where %s tells of production", async (name, value) => {
    const { code, stdout, stderr } = await start({ [name]: value });
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toBe(
      `gatewarden dev: the development issuer does not run in production, and ${name} is "${value}" here. Start with --no-issuer, unset it, or say --i-know-this-is-not-for-production.\n`,
    );
  });

  test("but does so in a job of continuous integration, or when told that it knows", async () => {
    const cases = [
      { env: { KUBERNETES_SERVICE_HOST: "10.0.0.1", CI: "true" }, flags: [] },
      { env: { NODE_ENV: "production", CI: "" }, flags: ["--i-know-this-is-not-for-production"] },
    ];
    for (const { env, flags } of cases) {
      const args = ["issuer", "start", "--issuer-port", "0", ...flags];
      const serving = await serve(args, { cwd: gateway.project.folder, env });
      expect(serving.json.issuer).toMatch(/^http:\/\/localhost:\d+\/$/);
      expect(await serving.stop()).toBe(0);
    }
  });
});

describe("gatewarden start, which is for production", () => {
  const guarded = (issuer: string) => ({
    files: ["api.json"],
    functions: {
      guard: {
        handler: "gatewarden:authorizer",
        runtime: "nodejs24.x",
        env: { TOKEN_ISSUER: issuer, AUDIENCE: PETS },
      },
    },
  });
  const api = openApi(
    { "/": { get: mockMethod("in", { security: [{ guard: [] }] }) } },
    { guard: customAuthorizer("guard") },
  );

  test("refuses the issuer's https address, though its authority is trusted", async () => {
    await gateway.start();
    const project = makeProject({ "api.json": api, "gatewarden.yaml": guarded(gateway.ready.issuerTls ?? "") });
    try {
      const { ca } = JSON.parse((await gateway.run(["issuer", "trust", "--json"])).stdout);
      const env = { NODE_EXTRA_CA_CERTS: ca };
      const { code, stdout, stderr } = await gatewarden(["start", "--port", "0"], { cwd: project.folder, env });
      expect([code, stdout]).toEqual([3, ""]);
      expect(stderr).toBe(
        `gatewarden start: TOKEN_ISSUER of function guard is "${gateway.ready.issuerTls}", which is this machine. Name the production issuer, or use "gatewarden dev".\n`,
      );
    } finally {
      project.remove();
    }
  });

  const OPENSSL = "openssl";
  const hasOpenssl = ((): boolean => {
    try {
      execFileSync(OPENSSL, ["version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();
  if (!hasOpenssl) console.info("a development issuer of another name is not tried: openssl does not start");

  test.skipIf(!hasOpenssl)("refuses one of any name that says what it is", async () => {
    const NAME = "issuer.example";
    // The name leads here, as it would by a company's DNS.
    const lookup = `const dns = require("node:dns"); const { lookup } = dns;
      dns.lookup = (name, ...rest) => lookup(name === "${NAME}" ? "127.0.0.1" : name, ...rest);`;
    const project = makeProject({ "api.json": api, "lookup.cjs": lookup });
    const [key, cert] = [project.path("key.pem"), project.path("cert.pem")];
    const subject = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`, "-days", "1"];
    const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    execFileSync(OPENSSL, [...make, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const answers: { headers: Record<string, string> } = { headers: { "x-dev-issuer": "gatewarden" } };
    const server: HttpsServer = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, answer) =>
      answer.writeHead(200, answers.headers).end("{}"),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const issuer = `https://${NAME}:${(server.address() as AddressInfo).port}/`;
    project.write("gatewarden.yaml", guarded(issuer));
    const env = { NODE_EXTRA_CA_CERTS: cert, NODE_OPTIONS: `--require ${project.path("lookup.cjs")}` };
    try {
      const { code, stdout, stderr } = await gatewarden(["start", "--port", "0"], { cwd: project.folder, env });
      expect([code, stdout]).toEqual([3, ""]);
      expect(stderr).toBe(
        `gatewarden start: TOKEN_ISSUER of function guard is "${issuer}", which says that it is a development issuer. Name the production issuer, or use "gatewarden dev".\n`,
      );
      answers.headers = {};
      const serving = await serve(["start", "--port", "0"], { cwd: project.folder, env });
      expect(serving.json.issuer).toBeNull();
      expect(await serving.stop()).toBe(0);
    } finally {
      server.closeAllConnections();
      server.close();
      project.remove();
    }
  });
});
