import type { SourcePosition } from "./finding.ts";

/** A function as the runner needs it: the code on this machine and Lambda's own settings for it. */
export interface LambdaFunction {
  /** `arn:aws:lambda:{region}:{account}:function:{name}`, without version or alias. */
  readonly arn: string;
  readonly name: string;
  /** Absolute path of the module file (`.js .mjs .cjs .ts`); the export is `handlerExport`. */
  readonly handlerFile: string;
  /** Name of the exported handler, e.g. `handler` in `index.handler`. */
  readonly handlerExport: string;
  /** AWS's runtime identifier, e.g. `nodejs22.x`; decides whether callback handlers work (nodejs24.x refuses them). */
  readonly runtime: string;
  /** Exactly the variables of the function's configuration; never the parent's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Lambda's `Timeout`, 1–900; default 3. */
  readonly timeoutSeconds: number;
  /** Lambda's `MemorySize`, 128–10240; default 128. */
  readonly memoryMb: number;
  /** How many environments may run at once; default 10. */
  readonly concurrency: number;
  readonly at?: SourcePosition;
}
