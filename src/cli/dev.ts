import type { Command } from "./command.ts";
import { announceServed, serveInTerminal, serveUntilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const dev: Command = {
  usage: "dev [FILE…]",
  flags: SERVE_FLAGS,
  async run(args, io) {
    const options = readServeOptions(args, io.cwd, "development");
    return serveUntilSignal(
      () => serveInTerminal(options, args, io),
      (server) => announceServed(server, args, io),
    );
  },
};
