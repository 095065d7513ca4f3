import { readFileSync } from "node:fs";
import { StartError } from "../server/start-error.ts";
import { type Flags, parseArguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";

/** Every command, loaded when it is named: start-up pays for nothing else. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  demo: {
    summary: "issuer, gateway, three example APIs and a browser app; prints curl lines, and why each is answered so",
    load: async () => (await import("./demo.ts")).demo,
  },
  dev: {
    summary: "runs your OpenAPI, CloudFormation and SAM files with a development issuer, anew when one changes",
    load: async () => (await import("./dev.ts")).dev,
  },
  run: {
    summary: "for CI: starts on free ports, runs a command, stops, passes its exit code on",
    load: async () => (await import("./run.ts")).run,
  },
  start: {
    summary: "serves for good: no issuer, no reloading, functions in processes of their own",
    load: async () => (await import("./start.ts")).start,
  },
  token: {
    summary: "prints one token of the project's issuer and nothing else, good or broken on purpose",
    load: async () => (await import("./token.ts")).token,
  },
  issuer: {
    summary: "administers the development issuer's APIs, applications, users and keys",
    load: async () => (await import("./issuer/issuer.ts")).issuer,
  },
  authorizer: {
    summary: "runs the authorizer Lambda that ships on an event, or writes the zip to upload",
    load: async () => (await import("./authorizer.ts")).authorizer,
  },
  call: {
    summary: "sends a request and prints the answer with its decision record under it",
    load: async () => (await import("./call.ts")).call,
  },
  sign: {
    summary: "prints a curl line that is signed with SigV4 by a user or role of the project",
    load: async () => (await import("./sign.ts")).sign,
  },
  credentials: {
    summary: "prints the access key of a user, or of a new session of a role, for AWS's tools",
    load: async () => (await import("./credentials.ts")).credentials,
  },
  explain: {
    summary: "why a request was answered as it was; without an id, the last one that was refused",
    load: async () => (await import("./explain.ts")).explain,
  },
  usage: {
    summary: "what each API key has used of its usage plan, and what remains",
    load: async () => (await import("./usage.ts")).usage,
  },
  template: {
    summary: "lists what is wrong in your files, or what SAM becomes as CloudFormation; starts nothing",
    load: async () => (await import("./template.ts")).template,
  },
};

const HELP: Flags = { help: { type: "boolean", help: "this text" } };

/** Runs one command line and answers with the exit code; 70 marks a defect of ours. */
export async function run(argv: readonly string[], io: CommandIo = processIo()): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.out(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    io.out(`${version()}\n`);
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    io.err(`gatewarden: unknown command ${JSON.stringify(name)}. Commands: ${Object.keys(COMMANDS).join(", ")}.\n`);
    return 2;
  }
  try {
    const command = await entry.load();
    if (asksForHelp(rest)) {
      io.out(help(entry.summary, command));
      return 0;
    }
    const args = parseArguments(rest, { ...command.flags, ...HELP }, io.env);
    const extra = command.words === undefined ? undefined : args.positionals[command.words];
    if (extra !== undefined) {
      throw new UsageError(`there is a word too many, ${JSON.stringify(extra)}. Wanted: gatewarden ${command.usage}`);
    }
    return await command.run(args, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`gatewarden ${name}: ${error.message}\n`);
      return 2;
    }
    if (error instanceof StartError) {
      io.err(`gatewarden ${name}: ${error.message}\n`);
      return error.exitCode;
    }
    io.err(
      `gatewarden ${name}: this is a defect, please report it.\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return 70;
  }
}

/** Before `--`, which begins another program's arguments. */
function asksForHelp(argv: readonly string[]): boolean {
  const split = argv.indexOf("--");
  return (split < 0 ? argv : argv.slice(0, split)).some((each) => each === "--help" || each === "-h");
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return `gatewarden ${version()}: runs Amazon API Gateway APIs outside AWS, decides every request as AWS would, and says why.\n\n${lines.join("\n")}\n\ngatewarden COMMAND --help shows a command's flags.\n`;
}

function help(summary: string, command: Command): string {
  const flags = Object.entries({ ...command.flags, ...HELP }).map(([name, flag]) => {
    const left = `--${name}${flag.type === "boolean" ? "" : ` ${flag.value ?? "VALUE"}`}`;
    return `  ${left.padEnd(27)} ${flag.help}${flag.multiple ? " (repeatable)" : ""}`;
  });
  const details = command.details === undefined ? "" : `\n${command.details}\n`;
  return `gatewarden ${command.usage}\n${summary.charAt(0).toUpperCase()}${summary.slice(1)}.\n${details}\n${flags.join("\n")}\n`;
}

export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function processIo(): CommandIo {
  // A reader that goes away (`| head`) ends nothing: a server goes on, and its exit code stays what it is.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    stdin: async () => {
      let text = "";
      for await (const chunk of process.stdin) text += chunk;
      return text;
    },
  };
}
