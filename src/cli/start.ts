import { refuseDevelopmentIssuers } from "../server/refuse-development-issuers.ts";
import type { Command } from "./command.ts";
import { announceServed, serveInTerminal, serveUntilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

/** Taken, so that one set of flags or variables serves all commands. */
const ISSUER_FLAGS = Object.fromEntries(
  (["issuer-port", "issuer-scheme", "no-issuer", "tenant", "i-know-this-is-not-for-production"] as const).map(
    (name) => [name, { ...SERVE_FLAGS[name], help: "without effect: start runs no issuer" }],
  ),
);

export const start: Command = {
  usage: "start [FILE…]",
  details: "Authorizers may not trust http or loopback issuers, nor one that says it is a development issuer.",
  flags: { ...SERVE_FLAGS, ...ISSUER_FLAGS },
  async run(args, io) {
    const options = readServeOptions(args, io.cwd, "production");
    await refuseDevelopmentIssuers(options);
    return serveUntilSignal(
      () => serveInTerminal(options, args, io),
      (server) => announceServed(server, args, io),
    );
  },
};
