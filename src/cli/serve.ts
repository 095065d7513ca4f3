import { relative } from "node:path";
import { formatFinding } from "../model/finding.ts";
import { issuerLine } from "../server/issuer/events.ts";
import { refusalLine } from "../server/refusal-line.ts";
import type { ServerEvents, ServerOptions } from "../server/server-options.ts";
import { type RunningServer, startServer } from "../server/start-server.ts";
import type { Arguments } from "./arguments.ts";
import { catchSignals } from "./catch-signals.ts";
import type { CommandIo } from "./command.ts";

/** Starts a server whose findings, refusals and function logs go to the terminal (standard error). */
export async function serveInTerminal(options: ServerOptions, args: Arguments, io: CommandIo): Promise<RunningServer> {
  const server = await startServer(options, terminalEvents(args, io));
  const served = server.ready.apis.map(({ apiId }) => apiId);
  for (const [name, apiId] of options.allowedHosts) {
    if (served.includes(apiId)) continue;
    io.err(`--allowed-host ${name}=${apiId}: no API ${apiId} is served; served: ${served.join(", ") || "none"}.\n`);
  }
  return server;
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
      onIssuerEvent: (event) => {
        const text = issuerLine(event);
        if (text !== undefined) line(text);
      },
      onFunctionLog: (name, text) => line(`  ${name}: ${text}`),
    }),
  };
}

/**
 * Starts a server, says so, and stops it at SIGINT, SIGTERM or the end of the terminal; a second signal ends the process
 * at once. Answers with the exit code.
 */
export async function serveUntilSignal(
  start: () => Promise<RunningServer>,
  announce: (server: RunningServer) => void | Promise<void>,
): Promise<number> {
  let isAsked = false;
  let ask = (): void => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const release = catchSignals(() => {
    if (isAsked) process.exit(1);
    isAsked = true;
    ask();
  });
  try {
    const server = await start();
    try {
      await announce(server);
      await asked;
    } finally {
      await server.stop();
    }
    return 0;
  } finally {
    release();
  }
}

/** As one JSON line with `--json`, else in words. */
export function announceServed(server: RunningServer, args: Arguments, io: CommandIo): void {
  if (args.boolean("json")) io.out(`${JSON.stringify(server.ready)}\n`);
  else printServed(server, io);
}

/** Said where there is no API. */
export const NOTHING_SERVED =
  "No API is served: name an OpenAPI, CloudFormation or SAM file, or write gatewarden.yaml.";

/** What is served where, one line per stage. */
export function printServed(server: RunningServer, io: CommandIo): void {
  const { ready } = server;
  for (const api of ready.apis) {
    for (const stage of api.stages)
      io.out(`${api.type} API ${api.name} (${api.apiId}), stage ${stage.name}: ${stage.url}\n`);
  }
  if (ready.apis.length === 0) io.out(`${NOTHING_SERVED}\n`);
  if (ready.issuer !== null) io.out(`Issuer, for development only: ${ready.issuer}\n`);
  if (ready.issuerTls !== null && server.issuerCaFile !== undefined) {
    io.out(`Issuer over TLS: ${ready.issuerTls} (CA ${relative(io.cwd, server.issuerCaFile)})\n`);
  }
}
