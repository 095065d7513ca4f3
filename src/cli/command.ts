import type { Arguments, Flags } from "./arguments.ts";

/** A subcommand: one per file, named as the user types it. */
export interface Command {
  /** The line after `gatewarden` in the help, e.g. `dev [FILE…]`. */
  readonly usage: string;
  /** Printed by `--help` under the summary, which main.ts has. */
  readonly details?: string;
  readonly flags: Flags;
  /** How many words it takes at most beside flags; as many as there are when it is not set. */
  readonly words?: number;
  /** The exit code: 0 done, 1 the answer is "no", 2 wrong use, 3 could not start. */
  run(args: Arguments, io: CommandIo): Promise<number>;
}

/** What a command may touch of the process. */
export interface CommandIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: () => Promise<string>;
}
