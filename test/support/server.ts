import type { DecisionRecord } from "../../src/execute-api/decision-record.ts";
import type { Finding } from "../../src/model/finding.ts";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";
import type { Project } from "./project.ts";

/** A server in this process, with everything it told. */
export interface TestServer {
  readonly server: RunningServer;
  /** The first API's stage, or that of the API named. */
  url(apiId?: string): string;
  record(requestId: string): DecisionRecord | undefined;
  /** What would stand in the terminal. */
  readonly told: {
    readonly findings: Finding[];
    readonly reloads: string[];
    readonly troubles: string[];
    readonly defects: unknown[];
    readonly functionLogs: string[];
  };
  stop(): Promise<void>;
}

/** Serves the project's `gatewarden.yaml` with a data folder inside it. */
export async function startTestServer(
  project: Project,
  options: { readonly watch?: boolean; readonly issuer?: boolean; readonly cwd?: string } = {},
): Promise<TestServer> {
  const told: TestServer["told"] = { findings: [], reloads: [], troubles: [], defects: [], functionLogs: [] };
  const server = await startServer(
    {
      mode: "development",
      files: [],
      config: project.path("gatewarden.yaml"),
      cwd: project.folder,
      host: "127.0.0.1",
      port: 0,
      adminHost: "127.0.0.1",
      adminPort: 0,
      ...(options.issuer && { issuerPort: 0 }),
      dataDir: project.path(".gatewarden"),
      region: "us-east-1",
      accountId: "000000000000",
      allowedHosts: new Map(),
      trustedProxies: [],
      lambdaIsolation: "worker",
      watch: options.watch ?? false,
      stageVariables: {},
      parameters: {},
      allowPrivateIssuers: false,
    },
    {
      onFindings: (findings) => void told.findings.push(...findings),
      onReload: (message) => void told.reloads.push(message),
      onTrouble: (message) => void told.troubles.push(message),
      onDefect: (error) => void told.defects.push(error),
      onFunctionLog: (_name, line) => void told.functionLogs.push(line),
    },
  );
  return {
    server,
    told,
    url: (apiId) => {
      const { apis } = server.ready;
      const api = apiId === undefined ? apis[0] : apis.find((each) => each.apiId === apiId);
      return api?.stages[0]?.url ?? "";
    },
    record: (requestId) => server.records.get(requestId),
    stop: () => server.stop(),
  };
}
