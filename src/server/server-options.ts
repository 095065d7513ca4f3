import type { DecisionRecord } from "../execute-api/decision-record.ts";
import type { IssuerEvent } from "../issuer/issuer-event.ts";
import type { Finding } from "../model/finding.ts";
import type { ThrottleSettings } from "../model/usage-plan.ts";
import type { StageOverrides } from "./project/load-project.ts";

/** How a server is started; paths absolute, port 0 means any free one. */
export interface ServerOptions {
  /** `demo`, `dev` and `run` are development; `start` is not: no issuer, functions in processes, strict issuers. */
  readonly mode: "development" | "production";
  readonly files: readonly string[];
  readonly config?: string;
  readonly cwd: string;
  readonly host: string;
  readonly port: number;
  /** Where everything but the data plane listens when `host` is not loopback. */
  readonly adminHost: string;
  readonly adminPort: number;
  /** Undefined runs no issuer. */
  readonly issuerPort?: number;
  /** Which of the issuer's two addresses everything names; default http. */
  readonly issuerScheme?: IssuerScheme;
  readonly dataDir: string;
  /** The issuer's tenant file; by default the project file's, `tenant.yaml` in `cwd`, or the one in the data folder. */
  readonly tenant?: string;
  /** Starts the issuer even where the environment looks like production. */
  readonly allowIssuerInProduction?: boolean;
  readonly region: string;
  readonly accountId: string;
  readonly readyFile?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Host names under which the data plane of a single API is also reached: name → API id. */
  readonly allowedHosts: ReadonlyMap<string, string>;
  readonly trustedProxies: readonly string[];
  readonly lambdaIsolation: "worker" | "process";
  readonly inspectPort?: number;
  readonly watch: boolean;
  readonly stageVariables: StageOverrides;
  /** Template parameters, over those of the project file. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Knows the access key `test` with the secret `test`, allowed everything; refused outside development and loopback. */
  readonly testCredentials?: boolean;
  /** URL of the Redis in which quotas and throttles count; without it they count in this process alone. */
  readonly redis?: string;
  /** Of all APIs together, by default AWS's account limit; null does not limit. */
  readonly accountThrottle?: ThrottleSettings | null;
  /** Production otherwise refuses issuers that lead to private addresses. */
  readonly allowPrivateIssuers: boolean;
}

export type IssuerScheme = "http" | "https";

/** What a server tells whoever started it. */
export interface ServerEvents {
  readonly onRecord?: (record: DecisionRecord) => void;
  readonly onFindings?: (findings: readonly Finding[]) => void;
  readonly onReload?: (message: string) => void;
  readonly onIssuerEvent?: (event: IssuerEvent) => void;
  readonly onFunctionLog?: (functionName: string, line: string) => void;
  /** Something outside keeps part of the work from being done, e.g. a full disk. */
  readonly onTrouble?: (message: string) => void;
  readonly onDefect?: (error: unknown) => void;
}

export const SERVER_DEFAULTS = {
  host: "127.0.0.1",
  port: 4566,
  issuerPort: 4567,
  adminHost: "127.0.0.1",
  adminPort: 4565,
  dataDir: ".gatewarden",
  region: "us-east-1",
  accountId: "000000000000",
} as const;

/** AWS's partition of a region, by its name. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
