/** What the load generator is asked to do. */
export interface LoadOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Asked, not counted. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Authorization headers that take turns, each on the next request; in place of one in `headers`. */
  readonly authorizations?: readonly string[];
  /** Requests beside those that are counted, on connections of their own, all answered with `status`. */
  readonly beside?: {
    readonly authorizations: readonly string[];
    readonly connections: number;
    readonly status: number;
  };
}

/** What it saw; any other answer than 200 (beside: than `status`) ends the run with an error. */
export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
