import { relative } from "node:path";
import { openDataDir } from "../../server/data-dir.ts";
import { ListenError } from "../../server/http-listener/listen-error.ts";
import { issuerLine } from "../../server/issuer/events.ts";
import { startIssuer } from "../../server/issuer/start-issuer.ts";
import { refuseProduction } from "../../server/refuse-production.ts";
import { SERVER_DEFAULTS } from "../../server/server-options.ts";
import { StartError } from "../../server/start-error.ts";
import { UsageError } from "../arguments.ts";
import { catchSignals } from "../catch-signals.ts";
import { dataDirOf, tenantFileOf } from "./open-project-tenant.ts";
import type { Verb } from "./verb.ts";

export const startVerb: Verb = {
  usage: "start [--issuer-port PORT]",
  summary: "the issuer alone, without a gateway, until it is stopped",
  flags: ["issuer-port", "issuer-scheme", "quiet", "i-know-this-is-not-for-production"],
  positionals: [0, 0],
  async run(call) {
    const { args, io } = call;
    refuseProduction(io.env, args.boolean("i-know-this-is-not-for-production"));
    const port = args.number("issuer-port") ?? SERVER_DEFAULTS.issuerPort;
    if (port > 65_534) throw new UsageError(`--issuer-port is ${port}, wanted at most 65534: TLS is on the next one.`);
    const scheme = args.string("issuer-scheme") ?? "http";
    if (scheme !== "http" && scheme !== "https") {
      throw new UsageError(`--issuer-scheme is ${JSON.stringify(scheme)}, wanted http or https.`);
    }
    const line = (text: string): void => io.err(`${text}\n`);
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const release = catchSignals(() => ask());
    try {
      const plane = await startIssuer({
        port,
        scheme,
        dataDir: openDataDir(dataDirOf(call)).path,
        tenant: tenantFileOf(call),
        cwd: io.cwd,
        onTrouble: line,
        onDefect: (error) => line(`defect, please report it: ${error instanceof Error ? error.stack : String(error)}`),
        onIssuerEvent: (event) => {
          const text = args.boolean("quiet") ? undefined : issuerLine(event);
          if (text !== undefined) line(text);
        },
      }).catch(portTaken);
      try {
        await plane.serve();
        const { issuerUrl, issuerHttpUrl, issuerTlsUrl, caFile } = plane;
        if (args.boolean("json")) {
          const ready = {
            issuer: issuerUrl,
            issuerHttp: issuerHttpUrl,
            issuerTls: issuerTlsUrl,
            caFile,
            pid: process.pid,
          };
          io.out(`${JSON.stringify(ready)}\n`);
        } else {
          io.out(`Issuer, for development only: ${issuerUrl}\n`);
          io.out(`Also at ${scheme === "http" ? issuerTlsUrl : issuerHttpUrl} (CA ${relative(io.cwd, caFile)})\n`);
        }
        await asked;
      } finally {
        await plane.stop();
      }
      return 0;
    } finally {
      release();
    }
  },
};

/** Names the flag that chooses the port. */
function portTaken(error: unknown): never {
  if (!(error instanceof ListenError)) throw error;
  throw new StartError(`${error.message}. The flag is --issuer-port.`);
}
