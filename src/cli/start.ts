import { refuseDevelopmentIssuers } from "../server/refuse-development-issuers.ts";
import type { Command } from "./command.ts";
import { announceServed, serveInTerminal, serveUntilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const start: Command = {
  usage: "start [FILE…]",
  summary: "Serves for good: no issuer, no reloading, functions in processes of their own.",
  details: "Authorizers may not trust http or loopback issuers, nor one that says it is a development issuer.",
  flags: SERVE_FLAGS,
  async run(args, io) {
    const options = readServeOptions(args, io.cwd, "production");
    await refuseDevelopmentIssuers(options);
    return serveUntilSignal(
      () => serveInTerminal(options, args, io),
      (server) => announceServed(server, args, io),
    );
  },
};
