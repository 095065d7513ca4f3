import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AUTHORIZER_BUNDLE_OPTIONS, authorizerEntry } from "../authorizer/bundle-options.ts";
import { compileRules } from "../authorizer/load-rules.ts";
import { parseKeySet } from "../token/key-set.ts";
import { writeTrouble } from "./file-trouble.ts";
import { shippedAuthorizerFile } from "./shipped-authorizer.ts";
import { StartError } from "./start-error.ts";

export interface BundleOptions {
  readonly out: string;
  /** Text of a rules file, and its name for messages. */
  readonly rules?: string;
  readonly rulesFile?: string;
  /** Text of a JWKS to bake in, and its name for messages. */
  readonly keys?: string;
  readonly keysFile?: string;
}

/** A fixed time in the archive makes equal inputs equal files. */
const ZIP_TIME = new Date("1980-01-01T00:00:00Z");

/**
 * Writes the zip that is uploaded to Lambda: `index.js` (handler `index.handler`), with the compiled rules and the key
 * set beside it when given. @throws StartError when rules or keys are not usable, or the file cannot be written
 */
export async function bundleAuthorizer(
  options: BundleOptions,
): Promise<{ readonly zipBytes: number; readonly files: readonly string[] }> {
  const contents: Record<string, string> = { "index.js": await authorizerCode() };
  if (options.rules !== undefined) contents["rules.json"] = compiledRules(options.rules, options.rulesFile ?? "rules");
  if (options.keys !== undefined) contents["keys.json"] = checkedKeys(options.keys, options.keysFile ?? "keys");
  const { zipSync, strToU8 } = await import("fflate");
  const zip = zipSync(
    Object.fromEntries(
      Object.entries(contents).map(([name, text]) => [name, [strToU8(text), { mtime: ZIP_TIME, level: 9 }]]),
    ),
  );
  try {
    writeFileSync(options.out, zip);
  } catch (error) {
    throw new StartError(`cannot write ${options.out} ${writeTrouble(error)}`, 2);
  }
  return { zipBytes: zip.length, files: Object.keys(contents) };
}

/** A rules file as the authorizer reads it. @throws StartError naming each fault */
export function compiledRules(text: string, file: string): string {
  const verdict = compileRules(parseJson(text, file));
  if (!verdict.ok) throw new StartError(verdict.problems.map((problem) => `${file}: ${problem}`).join("\n"), 2);
  return JSON.stringify(verdict.rules);
}

/** A key set as the authorizer reads it. @throws StartError when it is none */
export function checkedKeys(text: string, file: string): string {
  const parsed = parseKeySet(parseJson(text, file), { fetchedAtMs: 0 });
  if (!parsed.ok) throw new StartError(`${file}: ${parsed.detail}, wanted a JWKS.`, 2);
  return text;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartError(`${file} is not JSON (${error instanceof Error ? error.message : error}).`, 2);
  }
}

async function authorizerCode(): Promise<string> {
  const file = shippedAuthorizerFile();
  if (!file.endsWith(".ts")) return readFileSync(file, "utf8");
  const { build } = await import("esbuild");
  const built = await build({
    ...AUTHORIZER_BUNDLE_OPTIONS,
    stdin: authorizerEntry(dirname(file)),
    write: false,
    logLevel: "silent",
  });
  return built.outputFiles[0]?.text ?? "";
}
