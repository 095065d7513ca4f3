import type { Finding, SourcePosition } from "./finding.ts";

/** A custom domain name and the stages of APIs that answer under it. */
export interface CustomDomain {
  /** Lower case. `*.example.com` stands for every name one label below `example.com`. */
  readonly domainName: string;
  readonly mappings: readonly ApiMapping[];
  readonly at: SourcePosition;
  /** Not understood, and it may decide who gets in: every request to the domain answers 501 and says why. */
  readonly notServed?: Finding;
}

/** One API mapping; REST APIs also call it a base path mapping. */
export interface ApiMapping {
  /** e.g. `v1` or `orders/v1`, without a slash at either end; empty takes what no other mapping takes. */
  readonly key: string;
  readonly apiId: string;
  /** Absent where the segment behind the key names the stage: REST APIs only. */
  readonly stageName?: string;
}
