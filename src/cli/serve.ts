import { formatFinding } from "../model/finding.ts";
import { refusalLine } from "../server/refusal-line.ts";
import type { ServerEvents, ServerOptions } from "../server/server-options.ts";
import { type RunningServer, startServer } from "../server/start-server.ts";
import type { Arguments } from "./arguments.ts";
import type { CommandIo } from "./command.ts";

/** Starts a server whose findings, refusals and function logs go to the terminal (standard error). */
export async function serveInTerminal(options: ServerOptions, args: Arguments, io: CommandIo): Promise<RunningServer> {
  return startServer(options, terminalEvents(args, io));
}

function terminalEvents(args: Arguments, io: CommandIo): ServerEvents {
  const isQuiet = args.boolean("quiet");
  const line = (text: string): void => io.err(`${text}\n`);
  return {
    onFindings: (findings) => {
      for (const finding of findings) if (finding.severity !== "info" || !isQuiet) line(formatFinding(finding));
    },
    onReload: line,
    onTrouble: line,
    onDefect: (error) => line(`defect, please report it: ${error instanceof Error ? error.stack : String(error)}`),
    ...(!isQuiet && {
      onRecord: (record) => {
        const text = refusalLine(record);
        if (text !== undefined) line(text);
      },
      onFunctionLog: (name, text) => line(`  ${name}: ${text}`),
    }),
  };
}

/** Waits for SIGINT, SIGTERM or the end of the terminal, then stops; a second signal ends the process at once. */
export function untilSignal(server: RunningServer): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (): void => {
      if (stopping) process.exit(1);
      stopping = true;
      server.stop().then(
        () => resolve(0),
        () => resolve(70),
      );
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  });
}

/** What is served where, one line per stage. */
export function printServed(server: RunningServer, io: CommandIo): void {
  const { ready } = server;
  for (const api of ready.apis) {
    for (const stage of api.stages)
      io.out(`${api.type} API ${api.name} (${api.apiId}), stage ${stage.name}: ${stage.url}\n`);
  }
  if (ready.apis.length === 0) io.out("No API is served: name an OpenAPI file, or write gatewarden.yaml.\n");
  if (ready.issuer !== null) io.out(`Issuer, for development only: ${ready.issuer}\n`);
}
