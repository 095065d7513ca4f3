import { refuseDevelopmentIssuers } from "../server/refuse-development-issuers.ts";
import type { Command } from "./command.ts";
import { printServed, serveInTerminal, untilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const start: Command = {
  usage: "start [FILE…]",
  summary: "Serves for good: no issuer, no reloading, functions in processes of their own.",
  details: "Authorizers may not trust http or loopback issuers, nor one that says it is a development issuer.",
  flags: SERVE_FLAGS,
  async run(args, io) {
    const options = readServeOptions(args, io.cwd, "production");
    await refuseDevelopmentIssuers(options);
    const server = await serveInTerminal(options, args, io);
    if (args.boolean("json")) io.out(`${JSON.stringify(server.ready)}\n`);
    else printServed(server, io);
    return untilSignal(server);
  },
};
