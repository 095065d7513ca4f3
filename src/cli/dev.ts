import type { Command } from "./command.ts";
import { printServed, serveInTerminal, untilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const dev: Command = {
  usage: "dev [FILE…]",
  summary: "Runs your OpenAPI files with a development issuer; deploys anew when a file changes.",
  flags: SERVE_FLAGS,
  async run(args, io) {
    const server = await serveInTerminal(readServeOptions(args, io.cwd, "development"), args, io);
    if (args.boolean("json")) io.out(`${JSON.stringify(server.ready)}\n`);
    else printServed(server, io);
    return untilSignal(server);
  },
};
