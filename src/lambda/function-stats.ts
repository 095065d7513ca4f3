/** A snapshot of one function's environments and counters since the start. */
export interface FunctionStats {
  readonly functionArn: string;
  readonly environments: number;
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly throttles: number;
}
