import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { RunningServer } from "../server/start-server.ts";
import { ISSUER_PLACEHOLDER } from "../template/project-file.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";
import { type DemoApp, prepareDemoTenant, startDemoApp } from "./demo-app.ts";
import { demoCalls, TEST_AUDIENCE } from "./demo-calls.ts";
import { printServed, serveInTerminal, serveUntilSignal } from "./serve.ts";
import { readServeOptions, SERVE_FLAGS } from "./serve-options.ts";

const SPA_PORT = 4569;

export const demo: Command = {
  usage: "demo",
  details: 'Each line that begins with "curl " can be pasted or run by a script; with --json they are in curls.',
  flags: {
    ...SERVE_FLAGS,
    "spa-port": {
      type: "number",
      value: "PORT",
      env: true,
      help: `port of the browser app, 0 for any free one (${SPA_PORT}; any with --port 0)`,
    },
  },
  async run(args, io) {
    const options = readServeOptions(args, io.cwd, "development");
    if (options.issuerPort === undefined)
      throw new UsageError("the demo shows tokens of its issuer: leave --no-issuer out.");
    if (args.positionals.length > 0)
      throw new UsageError("the demo serves its own example: for your files it is gatewarden dev FILE.");
    const spaPort = args.number("spa-port") ?? (options.port === 0 ? 0 : SPA_PORT);
    if (spaPort > 65_535) throw new UsageError(`--spa-port is ${spaPort}, wanted 0 to 65535.`);
    const petstore = exampleFolder("petstore");
    const { startPetsBackend } = (await import(pathToFileURL(`${petstore}backend.js`).href)) as {
      startPetsBackend: (port: number) => Promise<{ address: string; stop: () => Promise<void> }>;
    };
    const backend = await startPetsBackend(0);
    let app: DemoApp | undefined;
    try {
      const running = (app = await startDemoApp(spaPort));
      const demonstrated = {
        ...options,
        files: [
          `${petstore}petstore.yaml`,
          `${petstore}petstore-iam.yaml`,
          `${exampleFolder("http-api")}template.yaml`,
        ],
        config: `${petstore}gatewarden.yaml`,
        parameters: {
          Audience: TEST_AUDIENCE,
          IssuerUri: ISSUER_PLACEHOLDER,
          AppOrigin: running.url,
          ...options.parameters,
        },
        stageVariables: {
          petstore: { petsBackend: backend.address },
          petstoreiam: { petsBackend: backend.address },
        },
        tenant: options.tenant ?? prepareDemoTenant(options.dataDir, running.url),
      };
      return await serveUntilSignal(
        () => serveInTerminal(demonstrated, args, io),
        async (server) => {
          running.connect(server);
          await announceCalls(server, running.url, args, io);
        },
      );
    } finally {
      await app?.stop();
      await backend.stop();
    }
  },
};

async function announceCalls(server: RunningServer, spa: string, args: Arguments, io: CommandIo): Promise<void> {
  const calls = await demoCalls(server);
  if (args.boolean("json")) {
    io.out(`${JSON.stringify({ ...server.ready, spa, curls: calls.map((call) => call.curl) })}\n`);
    return;
  }
  printServed(server, io);
  io.out(`Browser app: ${spa} (log in as Alice, who may read pets and sell them, or as Bob, who may only read)\n`);
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
