import { resolve } from "node:path";
import type { DecisionRecord } from "./execute-api/decision-record.ts";
import type { IssuerEvent } from "./issuer/issuer-event.ts";
import type { MintOptions } from "./issuer/tokens/mint-token.ts";
import type { Finding } from "./model/finding.ts";
import type { Credentials, SessionOptions } from "./server/identities/open-credentials.ts";
import type { ReadyApi } from "./server/ready-file.ts";
import { SERVER_DEFAULTS } from "./server/server-options.ts";
import { startServer } from "./server/start-server.ts";

export type { DecisionRecord } from "./execute-api/decision-record.ts";
export type { IssuerEvent } from "./issuer/issuer-event.ts";
export type { MintOptions } from "./issuer/tokens/mint-token.ts";
export type { Finding } from "./model/finding.ts";
export type { Credentials, SessionOptions } from "./server/identities/open-credentials.ts";
export type { ReadyApi, ReadyStage } from "./server/ready-file.ts";
export { StartError } from "./server/start-error.ts";

/** How a program starts a gateway; what is left out is as with `gatewarden dev`, but ports are free ones. */
export interface GatewardenOptions {
  /** OpenAPI, CloudFormation or SAM files; without any, those of the project file. */
  readonly files?: readonly string[];
  /** The project file; default `gatewarden.yaml` beside the first file or in the working folder. */
  readonly config?: string;
  /** Port of the data plane; default 0, any free one. */
  readonly port?: number;
  /** Port of the development issuer; default 0, any free one; false runs none. */
  readonly issuerPort?: number | false;
  /** Which of the issuer's two addresses tokens, functions and parameters name; default http. */
  readonly issuerScheme?: "http" | "https";
  /** The issuer's tenant file; default the project file's, `tenant.yaml` in the working folder, or one in `dataDir`. */
  readonly tenant?: string;
  /** Starts the issuer even where the environment looks like production, e.g. with NODE_ENV=production. */
  readonly allowIssuerInProduction?: boolean;
  /** Default `.gatewarden` in the working folder. */
  readonly dataDir?: string;
  readonly region?: string;
  readonly accountId?: string;
  readonly lambdaIsolation?: "worker" | "process";
  /** Deploy anew when a file changes; default false. */
  readonly watch?: boolean;
  /** Stage variables by API id, over those of the project file. */
  readonly stageVariables?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Template parameters, over those of the project file. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** URL of the Redis in which quotas and throttles count, shared by several gateways; default in this process. */
  readonly redis?: string;
  /** The limit of all APIs together; default AWS's, 10,000 requests a second and 5,000 at once; null does not limit. */
  readonly accountThrottle?: { readonly rateLimit?: number; readonly burstLimit?: number } | null;
  /** Called with each decision record; what it throws becomes a warning of the process. */
  readonly onRecord?: (record: DecisionRecord) => void;
  /** Called with what the issuer granted, refused and warned of; no event holds a secret or a token. */
  readonly onIssuerEvent?: (event: IssuerEvent) => void;
}

/** A running gateway. */
export interface Gatewarden {
  /** The address of an API's first stage, without trailing slash, by API id or name; the first API's without one. */
  url(api?: string): string;
  /** What is served where. */
  readonly apis: readonly ReadyApi[];
  /** The development issuer's URL, with its trailing slash; null when none runs. */
  readonly issuer: string | null;
  /** Its address with TLS, for clients that refuse plain http; null when none runs. */
  readonly issuerTls: string | null;
  /** The certificate authority (PEM) that those clients must trust, e.g. by NODE_EXTRA_CA_CERTS; null when none runs. */
  readonly issuerCaFile: string | null;
  /** A token of the development issuer, good or broken on purpose. */
  token(options?: MintOptions): string;
  /** The access key of a user of the files (`alice`), or of a new session of a role (`role/web`), for any SigV4 signer. */
  credentials(name: string, session?: SessionOptions): Promise<Credentials>;
  /** Decision records, newest first. */
  requests(): readonly DecisionRecord[];
  /** What is wrong, not served or dangerous in the files. */
  readonly findings: readonly Finding[];
  /** Loads the files again and deploys what they say. */
  reload(): void;
  /** FlushStageAuthorizersCache. */
  flushAuthorizers(apiId: string, stageName: string): void;
  stop(): Promise<void>;
}

/**
 * Starts a gateway in this process.
 *
 * @example
 * const gateway = await startGatewarden({ files: ["openapi.yaml"], port: 0 });
 * const answer = await fetch(`${gateway.url()}/pets`, { headers: { authorization: `Bearer ${gateway.token()}` } });
 * await gateway.stop();
 *
 * @throws StartError when files cannot be read, a port is taken or the data folder cannot be written
 */
export async function startGatewarden(options: GatewardenOptions = {}): Promise<Gatewarden> {
  const cwd = process.cwd();
  const server = await startServer(
    {
      mode: "development",
      files: (options.files ?? []).map((file) => resolve(cwd, file)),
      ...(options.config !== undefined && { config: resolve(cwd, options.config) }),
      cwd,
      host: SERVER_DEFAULTS.host,
      port: options.port ?? 0,
      adminHost: SERVER_DEFAULTS.adminHost,
      adminPort: 0,
      ...(options.issuerPort !== false && { issuerPort: options.issuerPort ?? 0 }),
      issuerScheme: options.issuerScheme ?? "http",
      ...(options.tenant !== undefined && { tenant: resolve(cwd, options.tenant) }),
      allowIssuerInProduction: options.allowIssuerInProduction ?? false,
      dataDir: resolve(cwd, options.dataDir ?? SERVER_DEFAULTS.dataDir),
      region: options.region ?? SERVER_DEFAULTS.region,
      accountId: options.accountId ?? SERVER_DEFAULTS.accountId,
      allowedHosts: new Map(),
      trustedProxies: [],
      lambdaIsolation: options.lambdaIsolation ?? "worker",
      watch: options.watch ?? false,
      stageVariables: options.stageVariables ?? {},
      parameters: options.parameters ?? {},
      ...(options.redis !== undefined && { redis: options.redis }),
      ...(options.accountThrottle !== undefined && { accountThrottle: options.accountThrottle }),
      allowPrivateIssuers: false,
    },
    {
      ...(options.onRecord && { onRecord: options.onRecord }),
      ...(options.onIssuerEvent && { onIssuerEvent: options.onIssuerEvent }),
      onTrouble: (message) => process.emitWarning(message),
      onDefect: (error) => process.emitWarning(error instanceof Error ? error : String(error)),
    },
  );
  return {
    url: (api) => {
      const { apis } = server.ready;
      const named = apis.filter(({ apiId, name }) => api === undefined || apiId === api || name === api);
      const url = (named.find(({ apiId }) => apiId === api) ?? named[0])?.stages[0]?.url;
      if (url === undefined) {
        const served = apis.map(({ apiId, name }) => `${apiId} (${name})`).join(", ");
        throw new RangeError(`no API ${api ?? ""} is served; served: ${served || "none"}`);
      }
      return url;
    },
    get apis() {
      return server.ready.apis;
    },
    issuer: server.ready.issuer,
    issuerTls: server.ready.issuerTls,
    issuerCaFile: server.issuerCaFile ?? null,
    token: (mintOptions = {}) => server.mint(mintOptions),
    credentials: (name, session) => server.credentialsOf(name, session),
    requests: () => server.records.list(),
    get findings() {
      return server.findings;
    },
    reload: () => server.reload(),
    flushAuthorizers: (apiId, stageName) => server.flushAuthorizers(apiId, stageName),
    stop: () => server.stop(),
  };
}
