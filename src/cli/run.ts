import { spawn } from "node:child_process";
import { constants } from "node:os";
import { UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";
import { serveInTerminal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const run: Command = {
  usage: "run FILE… -- COMMAND…",
  summary: "For CI: starts on free ports, runs the command, stops, passes its exit code on.",
  details:
    "The command finds GATEWARDEN_URL, GATEWARDEN_ISSUER, GATEWARDEN_READY_FILE and AWS_ENDPOINT_URL in its environment,\nand GATEWARDEN_API_URL, the address of the first API's stage. Ports are free ones unless flags name them.",
  flags: SERVE_FLAGS,
  async run(args, io) {
    const [command, ...commandArguments] = args.rest;
    if (command === undefined)
      throw new UsageError("no command to run. Write it after --, e.g. gatewarden run openapi.yaml -- npm test.");
    const options = readServeOptions(args, io.cwd, "development");
    const server = await serveInTerminal(
      {
        ...options,
        port: args.number("port") ?? 0,
        ...(options.issuerPort !== undefined && { issuerPort: args.number("issuer-port") ?? 0 }),
        watch: false,
      },
      args,
      io,
    );
    try {
      const { ready } = server;
      return await runChild(command, commandArguments, io, {
        GATEWARDEN_URL: ready.gateway,
        AWS_ENDPOINT_URL: ready.management ?? ready.gateway,
        GATEWARDEN_READY_FILE: options.readyFile ?? `${options.dataDir}/ready.json`,
        ...(ready.issuer !== null && { GATEWARDEN_ISSUER: ready.issuer }),
        ...(ready.apis[0]?.stages[0] && { GATEWARDEN_API_URL: ready.apis[0].stages[0].url }),
      });
    } finally {
      await server.stop();
    }
  },
};

/** The command's exit code; 128 + signal number when a signal ended it, 127 when it cannot be found. */
function runChild(
  command: string,
  commandArguments: readonly string[],
  io: CommandIo,
  variables: Record<string, string>,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, commandArguments, { stdio: "inherit", cwd: io.cwd, env: { ...io.env, ...variables } });
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on("SIGINT", forward);
    process.on("SIGTERM", forward);
    child.on("error", (error) => {
      io.err(`gatewarden run: cannot start ${JSON.stringify(command)} (${error.message}).\n`);
      resolve(127);
    });
    child.on("exit", (code, signal) => {
      process.off("SIGINT", forward);
      process.off("SIGTERM", forward);
      resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]);
    });
  });
}
