import type { Arguments } from "../arguments.ts";
import type { CommandIo } from "../command.ts";
import type { IssuerFlag } from "./issuer-flags.ts";

/** One verb of `gatewarden issuer`. */
export interface Verb {
  /** After `gatewarden issuer`, e.g. `api create IDENTIFIER`. */
  readonly usage: string;
  readonly summary: string;
  /** Besides --data-dir, --tenant and --json. */
  readonly flags: readonly IssuerFlag[];
  /** Positionals that it wants: at least and at most. */
  readonly positionals: readonly [number, number];
  run(call: VerbCall): Promise<number>;
}

export interface VerbCall {
  readonly args: Arguments;
  /** After the verb's own words. */
  readonly positionals: readonly string[];
  readonly io: CommandIo;
}
