import { type Arguments, type Flags, UsageError } from "../arguments.ts";
import { CODE_LANGUAGE_NAMES, type CodeLanguageName } from "./code-language.ts";

/** Flags of every command that can print code in place of what it does. */
export const AS_CODE_FLAGS = {
  "as-code": { type: "string", value: "LANGUAGE", help: `print it as code: ${CODE_LANGUAGE_NAMES.join("|")}` },
  "include-secret": { type: "boolean", help: "with --as-code: secrets in the code, not in its environment" },
} as const satisfies Flags;

/** @throws UsageError for a language that there is not */
export function codeLanguageOf(args: Arguments): CodeLanguageName | undefined {
  const wanted = args.string("as-code");
  if (wanted === undefined) return undefined;
  const found = CODE_LANGUAGE_NAMES.find((name) => name === wanted);
  if (found !== undefined) return found;
  throw new UsageError(`--as-code is ${JSON.stringify(wanted)}, wanted ${CODE_LANGUAGE_NAMES.join(", ")}.`);
}
