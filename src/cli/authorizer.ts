import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createNodeFunctions } from "../lambda/node-functions.ts";
import { bundleAuthorizer } from "../server/bundle-authorizer.ts";
import { shippedAuthorizerFile } from "../server/shipped-authorizer.ts";
import { StartError } from "../server/start-error.ts";
import { readEnvFile } from "../template/env-file.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:authorizer";
const TEST_TIMEOUT_SECONDS = 30;

export const authorizer: Command = {
  usage: "authorizer test --event FILE | authorizer bundle --out FILE",
  summary: "Runs the authorizer Lambda that ships on an event, or writes the zip to upload.",
  details:
    "test prints the policy; exits 1 when the token is refused. Configuration comes from TOKEN_ISSUER, JWKS_URI and AUDIENCE\nin --env-file (.env here, if there is one) or the environment.\nbundle writes one file with handler index.handler; --rules and --keys are put beside it.",
  flags: {
    event: { type: "string", value: "FILE", help: "the authorizer event as JSON; - reads standard input" },
    "env-file": { type: "string", value: "FILE", help: "variables of the function (.env)" },
    out: { type: "string", value: "FILE", help: "the zip to write" },
    rules: { type: "string", value: "FILE", help: "rules file to check and bundle" },
    keys: { type: "string", value: "FILE", help: "key set (JWKS) to bake in" },
  },
  async run(args, io) {
    const [verb] = args.positionals;
    if (verb === "test") return testAuthorizer(args, io);
    if (verb === "bundle") return bundle(args, io);
    throw new UsageError(`unknown verb ${JSON.stringify(verb ?? "")}, wanted test or bundle.`);
  },
};

async function testAuthorizer(args: Arguments, io: CommandIo): Promise<number> {
  const eventFile = args.string("event");
  if (eventFile === undefined) throw new UsageError("no event: gatewarden authorizer test --event event.json");
  const event = eventFile === "-" ? await io.stdin() : read(resolve(io.cwd, eventFile), "--event");
  try {
    JSON.parse(event);
  } catch (error) {
    throw new UsageError(`--event ${eventFile} is not JSON (${error instanceof Error ? error.message : error}).`);
  }
  const functions = createNodeFunctions({
    functions: [
      {
        arn: ARN,
        name: "authorizer",
        handlerFile: shippedAuthorizerFile(),
        handlerExport: "handler",
        runtime: "nodejs24.x",
        environment: readEnvironment(args, io),
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
    ...(rules !== undefined && { rules: read(resolve(io.cwd, rules), "--rules"), rulesFile: rules }),
    ...(keys !== undefined && { keys: read(resolve(io.cwd, keys), "--keys"), keysFile: keys }),
  });
  io.out(
    `${out}: ${written.zipBytes} bytes, ${written.files.join(", ")}. Handler: index.handler. Variables: TOKEN_ISSUER, JWKS_URI, AUDIENCE.\n`,
  );
  return 0;
}

/** The file's variables, else those of the environment; only names the authorizer knows leave the environment. */
function readEnvironment(args: Arguments, io: CommandIo): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of ["TOKEN_ISSUER", "JWKS_URI", "AUDIENCE"]) {
    const value = io.env[name];
    if (value !== undefined) environment[name] = value;
  }
  const named = args.string("env-file");
  const file = resolve(io.cwd, named ?? ".env");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    if (named !== undefined) throw new UsageError(`--env-file ${named} cannot be read.`);
    return environment;
  }
  const verdict = readEnvFile(file, text);
  if (!verdict.ok)
    throw new StartError(
      verdict.findings
        .map((finding) => `${finding.at.file}:${finding.at.line}: ${finding.message} ${finding.fix}`)
        .join("\n"),
      2,
    );
  return { ...environment, ...verdict.values };
}

function read(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(
      `${flag} ${file} cannot be read (${error instanceof Error && "code" in error ? error.code : error}).`,
    );
  }
}
