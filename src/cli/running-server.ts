import { resolve } from "node:path";
import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { createHttpClient } from "../execute-api/integrations/http-client/http-client.ts";
import { readProjectToken } from "../server/data-dir.ts";
import { readReadyFile } from "../server/ready-file.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { StartError } from "../server/start-error.ts";
import type { Arguments, Flags } from "./arguments.ts";

/** Flags of commands that talk to a running server. */
export const CLIENT_FLAGS = {
  port: { type: "number", value: "PORT", env: true, help: "the server's port (from the ready file)" },
  "data-dir": {
    type: "string",
    value: "FOLDER",
    env: true,
    help: `the server's data folder (${SERVER_DEFAULTS.dataDir})`,
  },
} as const satisfies Flags;

const ASK_TIMEOUT_MS = 5_000;

/** The own interface of a server that runs on this machine. */
export interface RunningInterface {
  /** e.g. `http://127.0.0.1:4566`. */
  readonly url: string;
  /** A record, or undefined when the server no longer has it. */
  record(requestId: string): Promise<DecisionRecord | undefined>;
  /** Newest first. */
  records(): Promise<readonly DecisionRecord[]>;
}

/** Finds the server by `--port` or the data folder's ready file. @throws StartError when there is none */
export function findRunningServer(args: Arguments, cwd: string): RunningInterface {
  const dataDir = resolve(cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir);
  const port = args.number("port");
  const ready = readReadyFile(resolve(dataDir, "ready.json"));
  const url = port === undefined ? (ready?.management ?? ready?.gateway) : `http://127.0.0.1:${port}`;
  const token = readProjectToken(dataDir);
  if (url === undefined || token === undefined) {
    throw new StartError(
      `no running server is known in ${dataDir}. Start one here with "gatewarden demo" or "gatewarden dev FILE", or name its folder with --data-dir.`,
      2,
    );
  }
  const ask = async (path: string): Promise<unknown> => {
    const { protocol, hostname, port: urlPort } = new URL(url);
    const http = createHttpClient();
    try {
      const result = await http.request({
        method: "GET",
        url: { scheme: protocol === "https:" ? "https" : "http", hostname, port: Number(urlPort) },
        path,
        headers: ["Host", `${hostname}:${urlPort}`, "Authorization", `Bearer ${token}`],
        timeoutMs: ASK_TIMEOUT_MS,
      });
      if (result.outcome !== "response") {
        throw new StartError(`the server at ${url} does not answer (${result.outcome}). Is it still running?`, 2);
      }
      if (result.status === 404) return undefined;
      if (result.status !== 200)
        throw new StartError(
          `the server at ${url} answered ${result.status}: ${result.body.toString("utf8").slice(0, 300)}`,
          2,
        );
      return JSON.parse(result.body.toString("utf8"));
    } finally {
      await http.close();
    }
  };
  return {
    url,
    record: async (requestId) =>
      (await ask(`/_gatewarden/requests/${encodeURIComponent(requestId)}`)) as DecisionRecord | undefined,
    records: async () => ((await ask("/_gatewarden/requests")) as { requests: DecisionRecord[] }).requests,
  };
}
