import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { RunningServer } from "../server/start-server.ts";
import { UsageError } from "./arguments.ts";
import { catchSignals } from "./catch-signals.ts";
import type { Command } from "./command.ts";
import { NOTHING_SERVED, serveInTerminal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const run: Command = {
  usage: "run FILE… -- COMMAND…",
  details:
    "The command finds GATEWARDEN_URL, GATEWARDEN_ISSUER, GATEWARDEN_READY_FILE and AWS_ENDPOINT_URL in its environment,\nand GATEWARDEN_API_URL, the address of the first API's stage. Ports are free ones unless flags name them.\nGATEWARDEN_ISSUER_TLS is the issuer's https address, GATEWARDEN_ISSUER_CA the certificate authority to trust for it;\nwith --issuer-scheme https the latter is NODE_EXTRA_CA_CERTS, too, unless that is set.",
  flags: SERVE_FLAGS,
  async run(args, io) {
    const [command, ...commandArguments] = args.rest;
    if (command === undefined)
      throw new UsageError("no command to run. Write it after --, e.g. gatewarden run openapi.yaml -- npm test.");
    const options = readServeOptions(args, io.cwd, "development");
    let child: ChildProcess | undefined;
    let early: NodeJS.Signals | undefined;
    const release = catchSignals((signal) => {
      if (child === undefined) early ??= signal;
      else child.kill(signal);
    });
    let server: RunningServer | undefined;
    try {
      server = await serveInTerminal(
        {
          ...options,
          port: args.number("port") ?? 0,
          ...(options.issuerPort !== undefined && { issuerPort: args.number("issuer-port") ?? 0 }),
          watch: false,
        },
        args,
        io,
      );
      if (early !== undefined) return signalCode(early);
      if (server.ready.apis.length === 0) throw new UsageError(NOTHING_SERVED);
      const { ready } = server;
      const variables = {
        GATEWARDEN_URL: ready.gateway,
        AWS_ENDPOINT_URL: ready.management ?? ready.gateway,
        GATEWARDEN_READY_FILE: options.readyFile ?? `${options.dataDir}/ready.json`,
        ...(ready.issuer !== null && { GATEWARDEN_ISSUER: ready.issuer }),
        ...(ready.issuerTls !== null && { GATEWARDEN_ISSUER_TLS: ready.issuerTls }),
        ...(server.issuerCaFile !== undefined && { GATEWARDEN_ISSUER_CA: server.issuerCaFile }),
        ...(options.issuerScheme === "https" &&
          io.env.NODE_EXTRA_CA_CERTS === undefined && { NODE_EXTRA_CA_CERTS: server.issuerCaFile }),
        ...(ready.apis[0]?.stages[0] && { GATEWARDEN_API_URL: ready.apis[0].stages[0].url }),
      };
      child = spawn(command, commandArguments, { stdio: "inherit", cwd: io.cwd, env: { ...io.env, ...variables } });
      return await codeOf(child, (error) =>
        io.err(`gatewarden run: cannot start ${JSON.stringify(command)} (${error.message}).\n`),
      );
    } finally {
      await server?.stop();
      release();
    }
  },
};

/** The command's exit code; 128 + signal number when a signal ended it, 127 when it cannot be found. */
function codeOf(child: ChildProcess, onNotStarted: (error: Error) => void): Promise<number> {
  return new Promise((resolve) => {
    child.on("error", (error) => {
      onNotStarted(error);
      resolve(127);
    });
    child.on("exit", (code, signal) => resolve(code ?? signalCode(signal ?? "SIGTERM")));
  });
}

function signalCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
