import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ISSUER_PLACEHOLDER } from "../server/project-functions.ts";
import type { RunningServer } from "../server/start-server.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";
import { demoCalls, TEST_AUDIENCE } from "./demo-calls.ts";
import { printServed, serveInTerminal, serveUntilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

export const demo: Command = {
  usage: "demo",
  summary: "Issuer, gateway and the two example APIs; prints curl lines that answer 200, 401 and 403, and why.",
  details: 'Each line that begins with "curl " can be pasted or run by a script; with --json they are in curls.',
  flags: SERVE_FLAGS,
  async run(args, io) {
    const options = readServeOptions(args, io.cwd, "development");
    if (options.issuerPort === undefined)
      throw new UsageError("the demo shows tokens of its issuer: leave --no-issuer out.");
    if (args.positionals.length > 0)
      throw new UsageError("the demo serves its own example: for your files it is gatewarden dev FILE.");
    const petstore = exampleFolder("petstore");
    const { startPetsBackend } = (await import(pathToFileURL(`${petstore}backend.js`).href)) as {
      startPetsBackend: (port: number) => Promise<{ address: string; stop: () => Promise<void> }>;
    };
    const backend = await startPetsBackend(0);
    const demonstrated = {
      ...options,
      files: [`${petstore}petstore.yaml`, `${exampleFolder("http-api")}template.yaml`],
      config: `${petstore}gatewarden.yaml`,
      parameters: { Audience: TEST_AUDIENCE, IssuerUri: ISSUER_PLACEHOLDER, ...options.parameters },
      stageVariables: { petstore: { petsBackend: backend.address } },
    };
    try {
      return await serveUntilSignal(
        () => serveInTerminal(demonstrated, args, io),
        (server) => announceCalls(server, args, io),
      );
    } finally {
      await backend.stop();
    }
  },
};

function announceCalls(server: RunningServer, args: Arguments, io: CommandIo): void {
  const calls = demoCalls(server);
  if (args.boolean("json")) {
    io.out(`${JSON.stringify({ ...server.ready, curls: calls.map((call) => call.curl) })}\n`);
    return;
  }
  printServed(server, io);
  for (const call of calls) io.out(`\n# ${call.status}: ${call.why}\n${call.curl}\n`);
  io.out(
    "\nEvery refusal is explained below as it happens; `gatewarden explain` shows the last one in full. Ctrl-C stops.\n\n",
  );
}

/** An example's folder in a checkout or in the published package, with a trailing slash. */
function exampleFolder(name: "petstore" | "http-api"): string {
  const folder = fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url));
  if (!existsSync(folder)) throw new Error(`the example is missing from the installation: ${folder}`);
  return folder;
}
