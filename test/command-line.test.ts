import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, globSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadyFile } from "../src/server/ready-file.ts";
import { commandLine, gatewarden, serve } from "./support/command-line.ts";
import { ask, until } from "./support/http.ts";
import { customAuthorizer, makeProject, mockMethod, openApi } from "./support/project.ts";

const guarded = (handler: string, env: Record<string, string>) => ({
  files: ["guarded.json"],
  functions: { guard: { handler, runtime: "nodejs24.x", env } },
});
const project = makeProject({
  "api.json": openApi({ "/": { get: mockMethod("root") } }),
  "guarded.json": openApi(
    { "/": { get: mockMethod("in", { security: [{ guard: [] }] }) } },
    { guard: customAuthorizer("guard") },
  ),
  "other/api.json": openApi({ "/": { get: mockMethod("root") } }),
  "broken.yaml": "openapi: 3.0.1\ninfo: [unclosed\n",
  "list.json": [1, 2, 3],
  "empty.yaml": "",
  "nothing.yaml": "{}",
  "unknown-key.yaml": "files: [api.json]\nfunktions: {}\n",
  "a-file": "",
  "issuer-is-a-file/issuer": "",
  "http.yaml": guarded("gatewarden:authorizer", { TOKEN_ISSUER: "http://idp.example/", AUDIENCE: "a" }),
  "loopback.yaml": guarded("gatewarden:authorizer", { TOKEN_ISSUER: "https://localhost:1/", AUDIENCE: "a" }),
  "dotted.yaml": guarded("gatewarden:authorizer", { TOKEN_ISSUER: "https://localhost.:1/", AUDIENCE: "a" }),
  "unspecified.yaml": guarded("gatewarden:authorizer", { JWKS_URI: "https://0.0.0.0:1/", AUDIENCE: "a" }),
  "mapped.yaml": guarded("gatewarden:authorizer", { JWKS_URI: "https://[::ffff:127.0.0.1]:1/", AUDIENCE: "a" }),
  "no-url.yaml": guarded("gatewarden:authorizer", { TOKEN_ISSUER: "tenant.example", AUDIENCE: "a" }),
  "local.yaml": guarded("gatewarden:authorizer", { TOKEN_ISSUER: "${gatewarden.issuer}", AUDIENCE: "a" }),
});
const cwd = project.folder;
const BIN = join(import.meta.dirname, "../bin/gatewarden.js");
let occupied: Server;
let taken: string;

beforeAll(async () => {
  occupied = createServer().listen(0, "127.0.0.1");
  await once(occupied, "listening");
  const address = occupied.address();
  taken = String(typeof address === "object" ? address?.port : "");
});
afterAll(() => {
  occupied.close();
  project.remove();
});

const FREE = ["--port", "0", "--issuer-port", "0"];
let folders = 0;
/** A data folder of its own, so that commands which run at once do not meet. */
const own = (): string[] => ["--data-dir", `data-${++folders}`];

describe("wrong use is exit 2 with the sentence that helps", () => {
  test.each<[string[], string]>([
    [["demoo"], 'unknown command "demoo". Commands: demo, dev,'],
    [["constructor"], "unknown command"],
    [["demo", "--prot", "0"], "Unknown flag --prot. Did you mean --port?"],
    [["demo", "--constructor"], "Unknown flag --constructor."],
    [["demo", "--port"], "--port needs a value: --port PORT."],
    [["demo", "--port", "abc"], '--port is "abc", wanted a whole number.'],
    [["demo", "--port", "70000"], "--port is 70000, wanted 0 to 65535."],
    [["demo", "--json=yes"], '--json takes no value, found "yes".'],
    [["demo", "--account-id", "1"], '--account-id is "1", wanted 12 digits.'],
    [["dev", "missing.json", ...FREE], "missing.json (ENOENT)"],
    [["dev", "other", ...FREE], "other (EISDIR)"],
    [["dev", "broken.yaml", ...FREE], "broken.yaml:3:1:"],
    [["dev", "list.json", ...FREE], "list.json:1:1: The document is a list"],
    [["dev", "empty.yaml", ...FREE], "empty.yaml:1:1: The document is nothing"],
    [["dev", "--config", "missing.yaml", ...FREE], "missing.yaml (ENOENT)"],
    [["dev", "--config", "unknown-key.yaml", ...FREE], "unknown-key.yaml:2:1:"],
    [["dev", "api.json", "other/api.json", ...FREE], "both give the API id api."],
    [["dev", "api.json", ...FREE, "--tenant", "missing.yaml"], 'missing.yaml", and there is no such file'],
    [["dev", "api.json", ...FREE, "--admin-host", "0.0.0.0"], '--admin-host is "0.0.0.0", wanted a loopback address'],
    [["dev", "api.json", ...FREE, "--lambda-isolation", "none"], "wanted worker or process."],
    [["dev", "api.json", ...FREE, "--allowed-host", "pets.example"], "wanted NAME=API_ID."],
    [["dev", "api.json", ...FREE, "--tls-cert", "a-file"], "--tls-cert and --tls-key go together."],
    [["start", "api.json", "--port", "0", "--tls-cert", "a-file", "--tls-key", "a-file"], "a-file holds no PEM block."],
    [["run", "api.json"], "no command to run. Write it after --"],
    [["token"], "no issuer has run with the data folder"],
    [["token", "--alg", "none"], '--alg is "none", wanted RS256, PS256, HS256.'],
    [["token", "--profile", "ping"], '--profile is "ping", wanted auth0,'],
    [["token", "--claim", "tenant"], "wanted NAME=JSON"],
    [["explain"], "no running server is known in"],
    [["call", "GET"], "wanted a method and a URL"],
    [["call", "GET", "ftp://127.0.0.1/"], '"ftp://127.0.0.1/" is no http or https URL.'],
    [["call", "GET", "http://127.0.0.1:1/", "--header", "no-colon"], "wanted 'NAME: VALUE'."],
    [["authorizer"], "wanted test or bundle."],
    [["authorizer", "test"], "no event: gatewarden authorizer test --event event.json"],
    [["authorizer", "test", "--event", "missing.json"], "missing.json cannot be read (ENOENT)."],
    [["authorizer", "test", "--event", "broken.yaml"], "broken.yaml is not JSON"],
    [["authorizer", "bundle"], "no file to write"],
    [["authorizer", "bundle", "--out", "missing/x.zip"], "x.zip (ENOENT)."],
    [["authorizer", "bundle", "--out", "x.zip", "--rules", "list.json"], "list.json"],
    [["authorizer", "bundle", "--out", "x.zip", "--keys", "list.json"], "list.json"],
    [["template", "check"], "no file named"],
    [["template"], "no verb, wanted: gatewarden template check FILE"],
    [["issuer"], "no verb. Verbs: "],
    [["token", "extra"], 'there is a word too many, "extra". Wanted: gatewarden token'],
    [["explain", "a", "b"], 'there is a word too many, "b". Wanted: gatewarden explain [REQUEST_ID]'],
    [["template", "chekc", "api.json"], 'unknown verb "chekc"'],
  ])("%j", async (args, sentence) => {
    const { code, stdout, stderr } = await commandLine(args, { cwd });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("    at ");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test.each<[NodeJS.ProcessEnv, string]>([
    [{ GATEWARDEN_PORT: "abc" }, 'GATEWARDEN_PORT is "abc", wanted a whole number.'],
    [{ GATEWARDEN_JSON: "yes" }, 'GATEWARDEN_JSON is "yes", wanted 1, true, 0 or false.'],
  ])("%j", async (env, sentence) => {
    expect(await commandLine(["demo"], { cwd, env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(sentence),
    });
  });
});

describe("what keeps a server from starting is exit 3, and nothing is left running", () => {
  test.concurrent.each<[string[], string | RegExp]>([
    [
      ["dev", "api.json", "--port", "TAKEN", "--issuer-port", "0"],
      /is taken .*choose another port with --port, or 0 for any free one\.$/,
    ],
    [
      ["dev", "api.json", "--port", "0", "--issuer-port", "TAKEN"],
      /is taken .*choose another port with --issuer-port, or 0 for any free one\.$/,
    ],
    [
      ["dev", "api.json", ...FREE, "--host", "0.0.0.0", "--admin-port", "TAKEN"],
      /is taken .*choose another port with --admin-port, or 0 for any free one\.$/,
    ],
    [["dev", "api.json", ...FREE, "--host", "192.0.2.1"], "no such address (EADDRNOTAVAIL)."],
    [["dev", "api.json", ...FREE, "--ready-file", "missing/ready.json"], "cannot write the ready file"],
    [["demo", ...FREE, "--data-dir", "a-file"], /cannot write the data folder .*a-file \(EEXIST\)/],
    [["demo", ...FREE, "--data-dir", "a-file/below"], /cannot write the data folder .*below \(ENOTDIR\)/],
    [["demo", ...FREE, "--data-dir", "issuer-is-a-file"], "Cannot use the issuer's state"],
    [
      ["start", "--config", "http.yaml", "--port", "0"],
      'TOKEN_ISSUER of function guard is "http://idp.example/", which is not https. Name',
    ],
    [["start", "--config", "loopback.yaml", "--port", "0"], "which is this machine. Name the production issuer"],
    [["start", "--config", "dotted.yaml", "--port", "0"], "which is this machine. Name the production issuer"],
    [["start", "--config", "unspecified.yaml", "--port", "0"], "which is this machine. Name the production issuer"],
    [["start", "--config", "mapped.yaml", "--port", "0"], "which is this machine. Name the production issuer"],
    [["start", "--config", "no-url.yaml", "--port", "0"], "which is no URL. Name the production issuer"],
    [["start", "--config", "local.yaml", "--port", "0"], "which is no URL. Name the production issuer"],
  ])("%j", async (args, sentence) => {
    const given = args.map((each) => (each === "TAKEN" ? taken : each));
    const { code, stdout, stderr } = await gatewarden(given.includes("--data-dir") ? given : [...given, ...own()], {
      cwd,
    });
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr).not.toContain("    at ");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  });

  test("keys that others can read are not used", async () => {
    const dataDir = "readable-keys";
    const running = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    await running.stop();
    const folder = join(cwd, dataDir, "issuer");
    chmodSync(join(folder, "signing-keys.json"), 0o644);
    const { code, stderr } = await gatewarden(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("others can read it") });
  });
});

describe("the answer no is exit 1", () => {
  test.each<[string[], string]>([
    [["call", "GET", "http://127.0.0.1:1/"], "http://127.0.0.1:1/: connect_failed"],
    [["call", "GE T", "http://127.0.0.1:1/"], "the method is not a method"],
    [["call", "GET", "http://127.0.0.1:1/", "--header", "x: a\r\ny: b"], "the value of header x holds characters"],
  ])("%j", async (args, sentence) => {
    expect(await commandLine(args, { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
  });

  test("template check of a file with an error, which it lists with its place", async () => {
    const text = await commandLine(["template", "check", "guarded.json"], { cwd });
    expect(text).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/guarded\.json:1:\d+: error function-without-code/),
    });
    const json = await commandLine(["template", "check", "guarded.json", "--json"], { cwd });
    expect(JSON.parse(json.stdout).findings).toContainEqual(expect.objectContaining({ rule: "function-without-code" }));
    expect(await commandLine(["template", "check", "api.json"], { cwd })).toMatchObject({ code: 0 });
  });
});

test.each(["demo", "dev", "run", "start", "token", "authorizer", "call", "explain", "template"])(
  "%s --help names each of its flags and starts nothing",
  async (command) => {
    const { code, stdout, stderr } = await commandLine([command, "--help"], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^gatewarden ${command}`));
    expect(stdout).toMatch(/^ {2}--help +this text$/m);
    if (["demo", "dev", "run", "start"].includes(command)) {
      for (const flag of [
        "host",
        "port",
        "issuer-port",
        "data-dir",
        "region",
        "account-id",
        "ready-file",
        "json",
        "quiet",
        "tls-cert",
        "tls-key",
      ])
        expect(stdout).toContain(`  --${flag}`);
    }
  },
);

test("the overview is asked for with --help, and shown with exit 2 when no command is named", async () => {
  const asked = await commandLine(["--help"], { cwd });
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining("authorizer") });
  expect(await commandLine([], { cwd })).toMatchObject({ code: 2, stdout: asked.stdout });
  expect(await commandLine(["--version"], { cwd })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});

describe("environment variables", () => {
  test("give what flags do not, and a flag wins", async () => {
    const env = {
      GATEWARDEN_PORT: taken,
      GATEWARDEN_ISSUER_PORT: taken,
      GATEWARDEN_NO_ISSUER: "true",
      GATEWARDEN_REGION: "eu-central-1",
      GATEWARDEN_DATA_DIR: own()[1],
      GATEWARDEN_READY_FILE: join(cwd, "by-variable.json"),
    };
    const running = await serve(["dev", "api.json", "--port", "0"], { cwd, env });
    expect(running.json).toMatchObject({ issuer: null });
    expect(JSON.parse(readFileSync(join(cwd, "by-variable.json"), "utf8"))).toEqual(running.json);
    await running.stop();
    expect(existsSync(join(cwd, "by-variable.json"))).toBe(false);
    const port = await gatewarden(["dev", "api.json"], { cwd, env });
    expect(port).toMatchObject({ code: 3, stderr: expect.stringContaining(`127.0.0.1:${taken}`) });
  });
});

describe("the ready file", () => {
  test.concurrent.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "is its owner's, and gone after %s",
    async (signal) => {
      const [, dataDir = ""] = own();
      const running = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
      const file = join(cwd, dataDir, "ready.json");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(running.json);
      running.child.kill(signal);
      await once(running.child, "exit");
      expect(running.child.exitCode).toBe(0);
      expect(existsSync(file)).toBe(false);
    },
  );

  test.concurrent("of another server that took the folder over is left alone", async () => {
    const [, dataDir = ""] = own();
    const first = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    const second = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    await first.stop();
    expect(JSON.parse(readFileSync(join(cwd, dataDir, "ready.json"), "utf8"))).toEqual(second.json);
    await second.stop();
    expect(existsSync(join(cwd, dataDir, "ready.json"))).toBe(false);
  });

  test.concurrent("that names a server which died is a clear sentence", async () => {
    const [, dataDir = ""] = own();
    const running = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    running.child.kill("SIGKILL");
    await once(running.child, "exit");
    const { code, stderr } = await gatewarden(["explain", "--data-dir", dataDir], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("does not answer (connect_failed). Is it still running?");
  });
});

describe("what keeps secrets", () => {
  test("is its owner's alone", async () => {
    const [, dataDir = ""] = own();
    const running = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    const mode = (name: string): string => (statSync(join(cwd, dataDir, name)).mode & 0o777).toString(8);
    expect(mode("")).toBe("700");
    expect(mode("issuer")).toBe("700");
    const found = globSync("**", { cwd: join(cwd, dataDir) }).filter((name) => name !== ".");
    expect(found).toEqual(expect.arrayContaining(["token", "ready.json", "issuer/signing-keys.json"]));
    for (const name of found) {
      // A draft may have taken its place since: the next signing key is made while the server runs.
      const entry = statSync(join(cwd, dataDir, name), { throwIfNoEntry: false });
      if (entry === undefined) continue;
      const isFolder = entry.isDirectory();
      const isPublic = name === "issuer/local-ca.pem"; // for whatever is to trust it
      const actual = (entry.mode & 0o777).toString(8);
      expect(`${name} ${actual}`).toBe(`${name} ${isFolder ? 700 : isPublic ? 644 : 600}`);
    }
    expect(readFileSync(join(cwd, dataDir, ".gitignore"), "utf8")).toBe("*\n");
    await running.stop();
  });
});

describe("run", () => {
  test("of nothing to serve is wrong use, and starts no command", async () => {
    const { code, stdout, stderr } = await gatewarden(
      ["run", "--config", "nothing.yaml", ...own(), "--", "echo", "x"],
      {
        cwd,
      },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("gatewarden run: No API is served: name an OpenAPI, CloudFormation or SAM file");
  });

  const inRun = (script: string) => ["run", "api.json", ...own(), "--", process.execPath, "-e", script];

  test.concurrent("hands the addresses on, passes the exit code on and leaves nothing behind", async () => {
    const args = inRun(
      "fetch(process.env.GATEWARDEN_API_URL).then(async (answer) => { console.log(JSON.stringify({ body: await answer.text(), env: process.env, ready: JSON.parse(require('fs').readFileSync(process.env.GATEWARDEN_READY_FILE)) })); process.exitCode = 7; })",
    );
    const { code, stdout, stderr } = await gatewarden(args, { cwd });
    expect(stderr).toBe("");
    const told = JSON.parse(stdout) as { body: string; env: Record<string, string>; ready: ReadyFile };
    expect(code).toBe(7);
    expect(told.body).toBe("root");
    expect(told.env).toMatchObject({
      GATEWARDEN_URL: told.ready.gateway,
      AWS_ENDPOINT_URL: told.ready.management,
      GATEWARDEN_ISSUER: told.ready.issuer,
      GATEWARDEN_ISSUER_TLS: told.ready.issuerTls,
      GATEWARDEN_ISSUER_CA: expect.stringMatching(/local-ca\.pem$/),
      GATEWARDEN_API_URL: told.ready.apis[0]?.stages[0]?.url,
    });
    expect(existsSync(told.env.GATEWARDEN_READY_FILE ?? "")).toBe(false);
  });

  test.concurrent.each([
    ["exits well", "process.exit(0)", 0],
    ["kills itself", "process.kill(process.pid, 'SIGKILL')", 137],
    ["aborts", "process.abort()", 134],
  ])("of a command that %s", async (_name, script, code) => {
    expect((await gatewarden(inRun(script), { cwd })).code).toBe(code);
  });

  test.concurrent("hands SIGTERM to the command, waits for it and cleans up", async () => {
    const [, dataDir = ""] = own();
    const script = "process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000); console.log('waiting');";
    const child = spawn(
      process.execPath,
      [BIN, "run", "api.json", "--data-dir", dataDir, "--", process.execPath, "-e", script],
      { cwd, stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    expect(existsSync(join(cwd, dataDir, "ready.json"))).toBe(true);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.exitCode).toBe(5);
    expect(existsSync(join(cwd, dataDir, "ready.json"))).toBe(false);
  });

  test.concurrent("of a command that does not exist is 127", async () => {
    const hosts = ["--allowed-host", "a.example=api", "--allowed-host", "x.example=nope"];
    const { code, stderr } = await gatewarden(["run", "api.json", ...hosts, ...own(), "--", "no-such-command"], {
      cwd,
    });
    expect(stderr).toContain("--allowed-host x.example=nope: no API nope is served; served: api.");
    expect(stderr).not.toContain("a.example");
    expect(code).toBe(127);
    expect(stderr).toContain('cannot start "no-such-command"');
  });

  test.concurrent("--help after -- belongs to the command", async () => {
    const { stdout } = await gatewarden(
      ["run", "api.json", ...own(), "--", process.execPath, "-p", "process.argv[1]", "--", "--help"],
      { cwd },
    );
    expect(stdout).toBe("--help\n");
  });
});

describe("a server whose terminal is gone", () => {
  test("goes on serving and explaining to those who ask", async () => {
    const [, dataDir = ""] = own();
    const running = await serve(["dev", "api.json", ...FREE, "--data-dir", dataDir], { cwd });
    running.child.stderr?.destroy();
    running.child.stdout?.destroy();
    const url = (running.json as unknown as ReadyFile).apis[0]?.stages[0]?.url ?? "";
    for (let round = 0; round < 3; round++) expect(await ask(`${url}/missing`)).toMatchObject({ status: 403 });
    expect(running.child.exitCode).toBe(null);
    expect(await running.stop()).toBe(0);
  });
});

describe("a public host", () => {
  test("serves APIs only; own interface and management are at the admin port", async () => {
    const [, dataDir = ""] = own();
    const running = await serve(
      ["dev", "api.json", ...FREE, "--host", "0.0.0.0", "--admin-port", "0", "--data-dir", dataDir],
      { cwd },
    );
    const ready = running.json as unknown as ReadyFile;
    const gateway = `http://127.0.0.1:${new URL(ready.gateway).port}`;
    const token = readFileSync(join(cwd, dataDir, "token"), "utf8").trim();
    const authorization = ["Authorization", `Bearer ${token}`];
    const stage = new URL(ready.apis[0]?.stages[0]?.url ?? "").pathname;
    try {
      for (const host of ["gateway.example", "127.0.0.1", "localhost", "api.execute-api.us-east-1.amazonaws.com"]) {
        const headers = ["Host", host, ...authorization];
        const isApi = host.startsWith("api.");
        for (const path of ["/_gatewarden/health", "/_gatewarden/requests", "/_gatewarden/metrics", "/", "/restapis"]) {
          const answered = await ask(`${gateway}${path}`, { headers });
          expect(`${host}${path} ${answered.status}`).toBe(`${host}${path} ${isApi ? 403 : 404}`);
          expect(answered.body).not.toContain('"requests"');
        }
      }
      expect(await ask(`${gateway}${stage}/`, { headers: ["Host", "gateway.example"] })).toMatchObject({
        body: "root",
      });
      const unknown = await ask(`${gateway}/_aws/execute-api/nosuch/dev/`);
      expect(unknown).toMatchObject({ status: 404 });
      expect(unknown.body).not.toContain('"api"');

      expect(new URL(ready.management ?? "").hostname).toBe("127.0.0.1");
      expect(await ask(`${ready.management}/_gatewarden/health`)).toMatchObject({ status: 200 });
      expect(await ask(`${ready.management}/_gatewarden/requests`)).toMatchObject({ status: 401 });
      expect(await ask(`${ready.management}/_gatewarden/requests`, { headers: authorization })).toMatchObject({
        status: 200,
      });
      expect(await ask(`${ready.management}${stage}/`)).toMatchObject({ status: 404 });
      expect(new URL(ready.issuer ?? "").hostname).toBe("localhost");
    } finally {
      await running.stop();
    }
  });
});

describe("SIGTERM", () => {
  test("lets a request that is under way finish", async () => {
    project.write("slow.json", openApi({ "/": { get: mockMethod("root") } }));
    const backend = createServer();
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    const address = backend.address();
    const port = typeof address === "object" ? address?.port : 0;
    project.write(
      "waiting.json",
      openApi({
        "/": {
          get: {
            responses: { "200": { description: "ok" } },
            "x-amazon-apigateway-integration": {
              type: "http_proxy",
              httpMethod: "GET",
              uri: `http://127.0.0.1:${port}/`,
            },
          },
        },
      }),
    );
    const running = await serve(["dev", "waiting.json", ...FREE, ...own()], { cwd });
    const url = (running.json as unknown as ReadyFile).apis[0]?.stages[0]?.url ?? "";
    const arrived = once(backend, "connection");
    const answer = ask(`${url}/`);
    const [socket] = await arrived;
    running.child.kill("SIGTERM");
    // A path that no backend is asked for: a probe that still got in must not wait itself.
    await until("the port to close", () =>
      ask(`${url}/missing`).then(
        () => false,
        () => true,
      ),
    );
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate");
    expect(await answer).toMatchObject({ status: 200, body: "late" });
    if (running.child.exitCode === null) await once(running.child, "exit");
    expect(running.child.exitCode).toBe(0);
    backend.close();
  });
});

test("a Node.js that is too old says what to install", async () => {
  const script = `Object.defineProperty(process.versions, "node", { value: "20.19.0" }); await import(${JSON.stringify(BIN)});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd, stdio: "pipe" });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += chunk));
  await once(child, "close");
  expect(child.exitCode).toBe(3);
  expect(stderr).toContain("20.19.0 is too old, 22.18 or newer is needed. Install a current Node.js");
});
