import { parseArgs } from "node:util";
import { nearestName } from "../template/nearest-name.ts";

/** One flag of a command; `env` may also give it as `GATEWARDEN_{NAME}`, the flag wins. */
export interface Flag {
  readonly type: "string" | "boolean" | "number";
  /** May be given several times. */
  readonly multiple?: boolean;
  /** How the value is named in the help, e.g. `PORT`. */
  readonly value?: string;
  readonly help: string;
  readonly env?: boolean;
}

export type Flags = Readonly<Record<string, Flag>>;

/** A command line as a command reads it. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Everything after `--`. */
  readonly rest: readonly string[];
  string(name: string): string | undefined;
  strings(name: string): readonly string[];
  number(name: string): number | undefined;
  boolean(name: string): boolean;
}

/** Wrong use of the command line: exit code 2 with the sentence. */
export class UsageError extends Error {}

/** Reads a command's arguments; unknown flags, missing values and wrong kinds are `UsageError`s that name the next move. */
export function parseArguments(argv: readonly string[], flags: Flags, env: NodeJS.ProcessEnv): Arguments {
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const rest = split < 0 ? [] : argv.slice(split + 1);
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { type: flag.type === "boolean" ? ("boolean" as const) : ("string" as const), multiple: flag.multiple ?? false },
    ]),
  );
  const { tokens, positionals } = parseArgs({
    args: [...own],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given = new Map<string, string[]>();
  const fromEnvironment = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined)
      throw new UsageError(`Unknown flag ${token.rawName}.${suggestion(token.name, Object.keys(flags))}`);
    if (flag.type === "boolean") {
      if (token.value !== undefined)
        throw new UsageError(`${token.rawName} takes no value, found ${JSON.stringify(token.value)}.`);
      given.set(token.name, ["true"]);
      continue;
    }
    // A forgotten value would take the next flag for one; `--name=--value` says that it is meant.
    if (token.value === undefined || (!token.inlineValue && namesFlag(token.value, flags)))
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value ?? "VALUE"}.`);
    if (flag.multiple) given.set(token.name, [...(given.get(token.name) ?? []), token.value]);
    else given.set(token.name, [token.value]);
  }
  for (const [name, flag] of Object.entries(flags)) {
    const variable = variableOf(name);
    const value = env[variable];
    if (!flag.env || value === undefined || given.has(name)) continue;
    fromEnvironment.add(name);
    if (flag.type === "string" && value === "") {
      throw new UsageError(`${variable} is empty: unset it or give it a value.`);
    }
    if (flag.type !== "boolean") given.set(name, [value]);
    else if (value === "1" || value === "true") given.set(name, ["true"]);
    else if (value !== "0" && value !== "false") {
      throw new UsageError(`${variable} is ${JSON.stringify(value)}, wanted 1, true, 0 or false.`);
    }
  }
  for (const [name, flag] of Object.entries(flags)) {
    const value = given.get(name)?.[0];
    if (flag.type === "number" && value !== undefined && !/^\d+$/.test(value)) {
      const source = fromEnvironment.has(name) ? variableOf(name) : `--${name}`;
      throw new UsageError(`${source} is ${JSON.stringify(value)}, wanted a whole number.`);
    }
  }
  return {
    positionals,
    rest,
    string: (name) => given.get(name)?.at(-1),
    strings: (name) => given.get(name) ?? [],
    number: (name) => (given.has(name) ? Number(given.get(name)?.at(-1)) : undefined),
    boolean: (name) => given.get(name)?.at(-1) === "true",
  };
}

function namesFlag(text: string, flags: Flags): boolean {
  const name = /^--([^=]+)/.exec(text)?.[1];
  return name !== undefined && Object.hasOwn(flags, name);
}

function variableOf(name: string): string {
  return `GATEWARDEN_${name.replaceAll("-", "_").toUpperCase()}`;
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearestName(name, known) ?? known.find((each) => name.length > 2 && each.startsWith(name));
  return near === undefined ? " Run the command with --help for the list." : ` Did you mean --${near}?`;
}
