import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SETTING_NAMES } from "../authorizer/setting-names.ts";
import { createNodeFunctions } from "../lambda/node-functions.ts";
import { bundleAuthorizer, checkedKeys, compiledRules } from "../server/bundle-authorizer.ts";
import { readTrouble } from "../server/file-trouble.ts";
import { shippedAuthorizerFile } from "../server/shipped-authorizer.ts";
import { StartError } from "../server/start-error.ts";
import { writePrivateFile } from "../server/write-private-file.ts";
import { readEnvFile } from "../template/env-file.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:authorizer";
const TEST_TIMEOUT_SECONDS = 30;

/** What each verb is, and the flags that it uses. */
const VERBS = {
  test: { run: testAuthorizer, flags: ["event", "env", "env-file", "rules", "keys"] },
  bundle: { run: bundle, flags: ["out", "rules", "keys"] },
} as const;

export const authorizer: Command = {
  usage: "authorizer test --event FILE | authorizer bundle --out FILE",
  details: [
    "test prints the policy; exits 1 when the token is refused. Its settings are those of the deployed function (TOKEN_ISSUER,",
    "AUDIENCE, JWKS_URI and the others of docs/authorizer.md), from --env (.env here, if there is one) or the environment.",
    "bundle writes one file with handler index.handler; --rules and --keys are put beside it. With the same --rules and --keys,",
    "or RULES_FILE and KEYS_FILE, test answers as that zip does. Paths are relative to this folder.",
  ].join("\n"),
  flags: {
    event: { type: "string", value: "FILE", help: "test: the authorizer event as JSON; - reads standard input" },
    env: { type: "string", value: "FILE", help: "test: variables of the function (.env)" },
    "env-file": { type: "string", value: "FILE", help: "the same as --env; Node.js may take it for its own" },
    out: { type: "string", value: "FILE", help: "bundle: the zip to write" },
    rules: { type: "string", value: "FILE", help: "rules file to check, and to test with or bundle" },
    keys: { type: "string", value: "FILE", help: "key set (JWKS) to test with or bundle" },
  },
  words: 1,
  async run(args, io) {
    const [name] = args.positionals;
    if (name === undefined) throw new UsageError("no verb, wanted test or bundle.");
    if (name !== "test" && name !== "bundle") {
      throw new UsageError(`unknown verb ${JSON.stringify(name)}, wanted test or bundle.`);
    }
    const verb = VERBS[name];
    const other = Object.keys(authorizer.flags).find(
      (flag) => args.string(flag) !== undefined && !(verb.flags as readonly string[]).includes(flag),
    );
    if (other !== undefined) throw new UsageError(`--${other} is not for authorizer ${name}: leave it out.`);
    return verb.run(args, io);
  },
};

async function testAuthorizer(args: Arguments, io: CommandIo): Promise<number> {
  const eventFile = args.string("event");
  if (eventFile === undefined) throw new UsageError("no event: gatewarden authorizer test --event event.json");
  const event = eventFile === "-" ? await io.stdin() : read(eventFile, "--event", io);
  try {
    JSON.parse(event);
  } catch (error) {
    throw new UsageError(`--event ${eventFile} is not JSON (${error instanceof Error ? error.message : error}).`);
  }
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-authorizer-"));
  try {
    return await answerEvent(event, withFiles(readSettings(args, io), folder, args, io), io);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answerEvent(event: string, environment: Record<string, string>, io: CommandIo): Promise<number> {
  const functions = createNodeFunctions({
    functions: [
      {
        arn: ARN,
        name: "authorizer",
        handlerFile: shippedAuthorizerFile(),
        handlerExport: "handler",
        runtime: "nodejs24.x",
        environment,
        timeoutSeconds: TEST_TIMEOUT_SECONDS,
        memoryMb: 128,
        concurrency: 1,
      },
    ],
    isolation: "worker",
    region: "us-east-1",
    accountId: "000000000000",
  });
  try {
    const result = await functions.invoke(ARN, event);
    if ("logs" in result) for (const line of result.logs) io.err(`${line}\n`);
    if (result.outcome === "success") {
      io.out(`${JSON.stringify(JSON.parse(result.payload), null, 4)}\n`);
      return 0;
    }
    const said = result.outcome === "function_error" ? result.errorMessage : result.outcome;
    io.err(
      `refused: ${said}${said === "Unauthorized" ? " (API Gateway answers 401)" : " (API Gateway answers 500)"}\n`,
    );
    return 1;
  } finally {
    await functions.stop();
  }
}

async function bundle(args: Arguments, io: CommandIo): Promise<number> {
  const out = args.string("out");
  if (out === undefined)
    throw new UsageError("no file to write: gatewarden authorizer bundle --out custom-authorizer.zip");
  const rules = args.string("rules");
  const keys = args.string("keys");
  const written = await bundleAuthorizer({
    out: resolve(io.cwd, out),
    ...(rules !== undefined && { rules: read(rules, "--rules", io), rulesFile: rules }),
    ...(keys !== undefined && { keys: read(keys, "--keys", io), keysFile: keys }),
  });
  io.out(
    `${out}: ${written.zipBytes} bytes, ${written.files.join(", ")}. Handler: index.handler. Variables: TOKEN_ISSUER, JWKS_URI, AUDIENCE.\n`,
  );
  return 0;
}

/** The file's variables, else those of the environment; only names the authorizer knows leave the environment. */
function readSettings(args: Arguments, io: CommandIo): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const value = io.env[name];
    if (value !== undefined) settings[name] = value;
  }
  const [flag, named] =
    args.string("env") !== undefined ? ["--env", args.string("env")] : ["--env-file", args.string("env-file")];
  const file = resolve(io.cwd, named ?? ".env");
  if (named === undefined && !existsSync(file)) return settings;
  const verdict = readEnvFile(file, read(named ?? ".env", named === undefined ? "The file" : flag, io));
  if (!verdict.ok)
    throw new StartError(
      verdict.findings
        .map((finding) => `${finding.at.file}:${finding.at.line}: ${finding.message} ${finding.fix}`)
        .join("\n"),
      2,
    );
  return { ...settings, ...verdict.values };
}

/**
 * What the bundle has beside it: rules and keys that flags name go before those of the settings. Rules are compiled, as
 * they are when they are bundled, so that what is tested is what is deployed.
 */
function withFiles(
  settings: Record<string, string>,
  folder: string,
  args: Arguments,
  io: CommandIo,
): Record<string, string> {
  const files: Record<string, string> = {};
  const take = (setting: "RULES_FILE" | "KEYS_FILE", flag: string, check: (text: string, file: string) => string) => {
    const given = args.string(flag);
    const file = given ?? settings[setting];
    // An empty variable is none, for the function too.
    if (!file) return;
    const checked = join(folder, `${flag}.json`);
    writePrivateFile(checked, check(read(file, given === undefined ? setting : `--${flag}`, io), file));
    files[setting] = checked;
  };
  take("RULES_FILE", "rules", compiledRules);
  take("KEYS_FILE", "keys", checkedKeys);
  return { ...settings, ...files };
}

function read(file: string, namedBy: string, { cwd }: CommandIo): string {
  try {
    return readFileSync(resolve(cwd, file), "utf8");
  } catch (error) {
    throw new UsageError(`${namedBy} ${file} cannot be read ${readTrouble(error)}`);
  }
}
