/** What the load generator is asked to do. */
export interface LoadOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Asked, not counted. */
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** What it saw; only answers 200 count, any other ends the run with an error. */
export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
