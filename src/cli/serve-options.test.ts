import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseArguments, UsageError } from "./arguments.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

function options(argv: readonly string[], mode: "development" | "production" = "development") {
  return readServeOptions(parseArguments(argv, SERVE_FLAGS, {}), "/project", mode);
}

describe("without flags", () => {
  test("development listens on this machine only, with an issuer, and loads anew when files change", () => {
    expect(options([])).toEqual({
      mode: "development",
      files: [],
      cwd: "/project",
      host: "127.0.0.1",
      port: 4566,
      adminHost: "127.0.0.1",
      adminPort: 4565,
      issuerPort: 4567,
      issuerScheme: "http",
      dataDir: "/project/.gatewarden",
      allowIssuerInProduction: false,
      region: "us-east-1",
      accountId: "000000000000",
      allowedHosts: new Map(),
      trustedProxies: [],
      lambdaIsolation: "worker",
      watch: true,
      stageVariables: {},
      parameters: {},
      allowPrivateIssuers: false,
      testCredentials: false,
    });
  });

  test("production has no issuer, watches nothing and runs functions in processes", () => {
    expect(options([], "production")).toMatchObject({ lambdaIsolation: "process", watch: false });
    expect(options(["--issuer-port", "1"], "production")).not.toHaveProperty("issuerPort");
  });
});

test("paths are taken from the working folder", () => {
  const flags = [
    "api.yaml",
    "/else/where.yaml",
    "--config",
    "c.yaml",
    "--data-dir",
    "../data",
    "--ready-file",
    "r.json",
  ];
  expect(options(flags)).toMatchObject({
    files: ["/project/api.yaml", "/else/where.yaml"],
    config: "/project/c.yaml",
    dataDir: "/data",
    readyFile: "/project/r.json",
  });
});

test("--no-issuer runs none", () => {
  expect(options(["--no-issuer"])).not.toHaveProperty("issuerPort");
});

test("--issuer-scheme is a flag, and a variable of the environment", () => {
  expect(options(["--issuer-scheme", "https"])).toMatchObject({ issuerScheme: "https" });
  const args = parseArguments([], SERVE_FLAGS, { GATEWARDEN_ISSUER_SCHEME: "https" });
  expect(readServeOptions(args, "/project", "development")).toMatchObject({ issuerScheme: "https" });
});

test("where limits count and what the account's is are flags, and variables of the environment", () => {
  expect(options([])).not.toHaveProperty("accountThrottle");
  expect(options(["--account-throttle", "20.5/7"])).toMatchObject({
    accountThrottle: { rateLimit: 20.5, burstLimit: 7 },
  });
  expect(options(["--account-throttle", "none"])).toMatchObject({ accountThrottle: null });
  const env = { GATEWARDEN_REDIS: "rediss://:secret@redis.example/2" };
  expect(readServeOptions(parseArguments([], SERVE_FLAGS, env), "/project", "production")).toMatchObject({
    redis: env.GATEWARDEN_REDIS,
  });
  for (const wrong of ["5", "5/", "/5", "-1/5", "many/5"]) {
    expect(() => options([`--account-throttle=${wrong}`]), wrong).toThrow(UsageError);
  }
  for (const scheme of ["", "http://"]) {
    expect(() => options(["--redis", `${scheme}user:sec@ret@redis.example:6379`])).toThrow(
      `--redis is "${scheme}…@redis.example:6379", wanted a URL that begins with redis:// or rediss://.`,
    );
  }
});

test("names of APIs are compared in lower case, ids as they are", () => {
  const { allowedHosts } = options(["--allowed-host", "API.Example=pets", "--allowed-host", "b.example=b"]);
  expect([...allowedHosts]).toEqual([
    ["api.example", "pets"],
    ["b.example", "b"],
  ]);
});

describe("wrong use is named", () => {
  test.each([
    [["--host="], "--host is empty"],
    [["--data-dir="], "--data-dir is empty"],
    [["--trusted-proxy="], "--trusted-proxy is empty"],
    [["--trusted-proxy", "foo"], '--trusted-proxy: trusted proxy "foo" is not a CIDR block such as 10.0.0.0/8.'],
    [["--port", "65536"], "--port is 65536, wanted 0 to 65535"],
    [["--inspect-port", "65536"], "--inspect-port is 65536, wanted 0 to 65535"],
    [["--account-id", "12345"], '--account-id is "12345", wanted 12 digits'],
    [["--allowed-host", "api.example"], "wanted NAME=API_ID"],
    [["--allowed-host", "=pets"], "wanted NAME=API_ID"],
    [["--allowed-host", "api.example="], "wanted NAME=API_ID"],
    [["--issuer-scheme", "ftp"], '--issuer-scheme is "ftp", wanted http or https'],
    [["--lambda-isolation", "none"], "wanted worker or process"],
    [["--parameter", "A"], '--parameter is "A", wanted NAME=VALUE'],
    [["--tls-cert", "c.pem"], "--tls-cert and --tls-key go together"],
    [["--tls-cert", "c.pem", "--tls-key", "k.pem"], "--tls-cert c.pem cannot be read (ENOENT)"],
  ])("%j: %s", (argv, message) => {
    expect(() => options(argv)).toThrow(UsageError);
    expect(() => options(argv)).toThrow(message);
  });

  test("a certificate that is none", () => {
    const folder = mkdtempSync(join(tmpdir(), "gatewarden-tls-"));
    try {
      const file = join(folder, "c.pem");
      writeFileSync(file, "no certificate");
      expect(() => options(["--tls-cert", file, "--tls-key", file])).toThrow(/holds no PEM block/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
