import { readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import type { ThrottleSettings } from "../model/usage-plan.ts";
import { readTrouble } from "../server/file-trouble.ts";
import { parseTrustedProxies } from "../server/http-listener/trusted-proxies.ts";
import { SERVER_DEFAULTS, type ServerOptions } from "../server/server-options.ts";
import { type Arguments, type Flags, UsageError } from "./arguments.ts";

/** Flags of everything that listens; a contract that scripts depend on. */
export const SERVE_FLAGS = {
  host: { type: "string", value: "ADDRESS", env: true, help: `address of the data plane (${SERVER_DEFAULTS.host})` },
  port: { type: "number", value: "PORT", env: true, help: `its port, 0 for any free one (${SERVER_DEFAULTS.port})` },
  "admin-host": {
    type: "string",
    value: "ADDRESS",
    env: true,
    help: `own interface and management when --host is not loopback (${SERVER_DEFAULTS.adminHost})`,
  },
  "admin-port": { type: "number", value: "PORT", env: true, help: `their port (${SERVER_DEFAULTS.adminPort})` },
  "issuer-port": {
    type: "number",
    value: "PORT",
    env: true,
    help: `port of the development issuer (${SERVER_DEFAULTS.issuerPort})`,
  },
  "issuer-scheme": {
    type: "string",
    value: "http|https",
    env: true,
    help: "which of the issuer's two addresses tokens, functions and parameters name (http)",
  },
  "no-issuer": { type: "boolean", env: true, help: "run no issuer" },
  tenant: {
    type: "string",
    value: "FILE",
    env: true,
    help: "the issuer's tenant (tenant.yaml here, else in the data folder)",
  },
  "i-know-this-is-not-for-production": {
    type: "boolean",
    env: true,
    help: "the development issuer starts even where the environment looks like production",
  },
  "data-dir": { type: "string", value: "FOLDER", env: true, help: `keys, token, state (${SERVER_DEFAULTS.dataDir})` },
  region: { type: "string", value: "REGION", env: true, help: `AWS region in ARNs (${SERVER_DEFAULTS.region})` },
  "account-id": { type: "string", value: "ID", env: true, help: `AWS account in ARNs (${SERVER_DEFAULTS.accountId})` },
  "ready-file": {
    type: "string",
    value: "PATH",
    env: true,
    help: "written when all listens (ready.json in the data folder)",
  },
  config: {
    type: "string",
    value: "FILE",
    env: true,
    help: "project file (gatewarden.yaml beside the first file or here)",
  },
  "tls-cert": { type: "string", value: "FILE", env: true, help: "certificate (PEM): the data plane then speaks HTTPS" },
  "tls-key": { type: "string", value: "FILE", env: true, help: "its private key (PEM)" },
  "allowed-host": {
    type: "string",
    value: "NAME=API_ID",
    multiple: true,
    env: true,
    help: "another host name for an API",
  },
  "trusted-proxy": {
    type: "string",
    value: "CIDR",
    multiple: true,
    env: true,
    help: "proxies whose X-Forwarded-For is believed",
  },
  "lambda-isolation": { type: "string", value: "worker|process", env: true, help: "how functions are contained" },
  "inspect-port": { type: "number", value: "PORT", env: true, help: "debugger port of the first function environment" },
  parameter: { type: "string", value: "K=V", multiple: true, help: "parameter of CloudFormation and SAM templates" },
  redis: {
    type: "string",
    value: "URL",
    env: true,
    help: "where quotas and throttles count, shared by several gateways (in this process)",
  },
  "account-throttle": {
    type: "string",
    value: "RATE/BURST|none",
    env: true,
    help: "limit of all APIs together, as the account's on AWS (10000/5000)",
  },
  "test-credentials": {
    type: "boolean",
    env: true,
    help: "know the access key test with the secret test, which may do everything (development only)",
  },
  "allow-private-issuers": {
    type: "boolean",
    env: true,
    help: "with start: JWT issuers may be at private addresses",
  },
  json: { type: "boolean", env: true, help: "one JSON line when ready instead of text" },
  quiet: { type: "boolean", env: true, help: "no lines about requests and functions" },
} as const satisfies Flags;

/** Reads the serving flags; `mode` decides what development conveniences there are. */
export function readServeOptions(args: Arguments, cwd: string, mode: ServerOptions["mode"]): ServerOptions {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(cwd, path));
  for (const name of Object.keys(SERVE_FLAGS)) {
    // An empty --host would listen on every address, an empty --data-dir fill the working folder.
    if (args.strings(name).includes("")) throw new UsageError(`--${name} is empty, wanted a value.`);
  }
  const accountId = args.string("account-id") ?? SERVER_DEFAULTS.accountId;
  if (!/^\d{12}$/.test(accountId))
    throw new UsageError(`--account-id is ${JSON.stringify(accountId)}, wanted 12 digits.`);
  const isolation = args.string("lambda-isolation") ?? (mode === "production" ? "process" : "worker");
  if (isolation !== "worker" && isolation !== "process") {
    throw new UsageError(`--lambda-isolation is ${JSON.stringify(isolation)}, wanted worker or process.`);
  }
  const issuerScheme = args.string("issuer-scheme") ?? "http";
  if (issuerScheme !== "http" && issuerScheme !== "https") {
    throw new UsageError(`--issuer-scheme is ${JSON.stringify(issuerScheme)}, wanted http or https.`);
  }
  const config = args.string("config");
  const readyFile = args.string("ready-file");
  const tenant = args.string("tenant");
  const inspectPort = args.number("inspect-port");
  const tls = readTls(args, absolute);
  const hasIssuer = mode === "development" && !args.boolean("no-issuer");
  return {
    mode,
    files: args.positionals.map(absolute),
    ...(config !== undefined && { config: absolute(config) }),
    cwd,
    host: args.string("host") ?? SERVER_DEFAULTS.host,
    port: port(args, "port", SERVER_DEFAULTS.port),
    adminHost: args.string("admin-host") ?? SERVER_DEFAULTS.adminHost,
    adminPort: port(args, "admin-port", SERVER_DEFAULTS.adminPort),
    ...(hasIssuer && { issuerPort: port(args, "issuer-port", SERVER_DEFAULTS.issuerPort) }),
    issuerScheme,
    dataDir: absolute(args.string("data-dir") ?? SERVER_DEFAULTS.dataDir),
    ...(tenant !== undefined && { tenant: absolute(tenant) }),
    allowIssuerInProduction: args.boolean("i-know-this-is-not-for-production"),
    region: args.string("region") ?? SERVER_DEFAULTS.region,
    accountId,
    ...(readyFile !== undefined && { readyFile: absolute(readyFile) }),
    ...(tls && { tls }),
    allowedHosts: new Map(args.strings("allowed-host").map(allowedHost)),
    trustedProxies: trustedProxies(args.strings("trusted-proxy")),
    lambdaIsolation: isolation,
    ...(inspectPort !== undefined && { inspectPort: port(args, "inspect-port", inspectPort) }),
    watch: mode === "development",
    stageVariables: {},
    parameters: readParameters(args),
    ...readLimits(args),
    allowPrivateIssuers: args.boolean("allow-private-issuers"),
    testCredentials: args.boolean("test-credentials"),
  };
}

function port(args: Arguments, name: string, preset: number): number {
  const value = args.number(name) ?? preset;
  if (value > 65_535) throw new UsageError(`--${name} is ${value}, wanted 0 to 65535.`);
  return value;
}

/** `--parameter K=V`, several times; the value may hold `=`. */
export function readParameters(args: Arguments): Readonly<Record<string, string>> {
  const parameters = args.strings("parameter").map((text): [string, string] => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`--parameter is ${JSON.stringify(text)}, wanted NAME=VALUE.`);
    return [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries(parameters);
}

function trustedProxies(blocks: readonly string[]): readonly string[] {
  try {
    parseTrustedProxies(blocks);
    return blocks;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--trusted-proxy: ${error.message}.`);
    throw error;
  }
}

function readLimits(args: Arguments): Pick<ServerOptions, "redis" | "accountThrottle"> {
  const redis = args.string("redis");
  if (redis !== undefined && !/^rediss?:\/\//.test(redis)) {
    throw new UsageError(
      `--redis is ${JSON.stringify(withoutPassword(redis))}, wanted a URL that begins with redis:// or rediss://.`,
    );
  }
  const throttle = args.string("account-throttle");
  return {
    ...(redis !== undefined && { redis }),
    ...(throttle !== undefined && { accountThrottle: accountThrottle(throttle) }),
  };
}

/** Whatever stands before an @ may be, or hold, a password. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@");
}

function accountThrottle(text: string): ThrottleSettings | null {
  if (text === "none") return null;
  const [, rate, burst] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(text) ?? [];
  if (rate === undefined || burst === undefined) {
    throw new UsageError(
      `--account-throttle is ${JSON.stringify(text)}, wanted RATE/BURST such as 10000/5000, or none.`,
    );
  }
  return { rateLimit: Number(rate), burstLimit: Number(burst) };
}

function allowedHost(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1 || equals === text.length - 1)
    throw new UsageError(`--allowed-host is ${JSON.stringify(text)}, wanted NAME=API_ID.`);
  return [text.slice(0, equals).toLowerCase(), text.slice(equals + 1)];
}

function readTls(args: Arguments, absolute: (path: string) => string): { cert: string; key: string } | undefined {
  const cert = args.string("tls-cert");
  const key = args.string("tls-key");
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError("--tls-cert and --tls-key go together.");
  const read = (flag: string, file: string): string => {
    try {
      const text = readFileSync(absolute(file), "utf8");
      // Without any PEM block Node.js would listen and fail every handshake.
      if (!text.includes("-----BEGIN ")) throw new UsageError(`--${flag} ${file} holds no PEM block.`);
      return text;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`--${flag} ${file} cannot be read ${readTrouble(error)}`);
    }
  };
  return { cert: read("tls-cert", cert), key: read("tls-key", key) };
}
