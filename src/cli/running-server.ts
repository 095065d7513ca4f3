import { resolve } from "node:path";
import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { createHttpClient } from "../execute-api/integrations/http-client/http-client.ts";
import type { HttpOrigin } from "../execute-api/integrations/http-client/http-exchange.ts";
import { readProjectToken } from "../server/data-dir.ts";
import { readReadyFile } from "../server/ready-file.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { StartError } from "../server/start-error.ts";
import type { UsageReport } from "../server/usage-plans/project-limits.ts";
import { isLoopback } from "../token/loopback.ts";
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

/** A server that runs on this machine. */
export interface RunningInterface {
  /** Its data plane, e.g. `http://127.0.0.1:4566`. */
  readonly gatewayUrl: string;
  /** A record, or undefined when the server no longer has it. */
  record(requestId: string): Promise<DecisionRecord | undefined>;
  /** Newest first. */
  records(): Promise<readonly DecisionRecord[]>;
  /** What the keys of usage plans used. */
  usage(question: { readonly [name: string]: string }): Promise<UsageReport>;
}

/** Finds the server by `--port` or the data folder's ready file. @throws StartError when there is none */
export function findRunningServer(args: Arguments, cwd: string): RunningInterface {
  const dataDir = resolve(cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir);
  const port = args.number("port");
  const ready = readReadyFile(resolve(dataDir, "ready.json"));
  const named = port === undefined ? undefined : `http://127.0.0.1:${port}`;
  const own = loopbackUrl(named ?? ready?.management ?? ready?.gateway);
  const gateway = loopbackUrl(named ?? ready?.gateway) ?? own;
  const token = readProjectToken(dataDir);
  if (own === undefined || gateway === undefined || token === undefined) {
    throw new StartError(
      `no running server is known in ${dataDir}. Start one here with "gatewarden demo" or "gatewarden dev FILE", or name its folder with --data-dir.`,
      2,
    );
  }
  const ask = async (path: string): Promise<unknown> => {
    const http = createHttpClient();
    try {
      const result = await http.request({
        method: "GET",
        url: originOf(own),
        path,
        headers: ["Host", own.host, "Authorization", `Bearer ${token}`],
        timeoutMs: ASK_TIMEOUT_MS,
        // It is this machine, whatever name its certificate has.
        insecureSkipVerification: true,
      });
      if (result.outcome !== "response") {
        throw new StartError(
          `the server at ${own.origin} does not answer (${result.outcome}). Is it still running?`,
          2,
        );
      }
      const text = result.body.toString("utf8");
      if (result.status === 404) return undefined;
      if (result.status !== 200) {
        throw new StartError(`the server at ${own.origin} answered ${result.status}: ${text.slice(0, 300)}`, 2);
      }
      return parseJson(text);
    } finally {
      await http.close();
    }
  };
  const stranger = (): StartError => new StartError(`the server at ${own.origin} is no gatewarden.`, 2);
  return {
    gatewayUrl: gateway.origin,
    record: async (requestId) => {
      const record = await ask(`/_gatewarden/requests/${encodeURIComponent(requestId)}`);
      if (record !== undefined && !isObject(record)) throw stranger();
      return record as DecisionRecord | undefined;
    },
    records: async () => {
      const answer = await ask("/_gatewarden/requests");
      if (!isObject(answer) || !Array.isArray(answer.requests)) throw stranger();
      return answer.requests;
    },
    usage: async (question) => {
      const answer = await ask(`/_gatewarden/usage?${new URLSearchParams(question)}`);
      if (!isObject(answer) || !Array.isArray(answer.plans) || !Array.isArray(answer.apiKeys)) throw stranger();
      return answer as unknown as UsageReport;
    },
  };
}

/** Where a URL's host and port are, as the HTTP client wants them. */
export function originOf(url: URL): HttpOrigin {
  const scheme = url.protocol === "https:" ? "https" : "http";
  return { scheme, hostname: url.hostname, port: Number(url.port || (scheme === "https" ? 443 : 80)) };
}

/** The project token goes to this machine only, whatever a ready file that came with a foreign project says. */
function loopbackUrl(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  // A listener on every address is reached by this one too.
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  return isWeb && isLoopback(url.hostname) ? url : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
