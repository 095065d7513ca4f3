import { hash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import type { Finding } from "../../model/finding.ts";
import type { LambdaFunction } from "../../model/lambda-function.ts";
import { readEnvFile } from "../../template/env-file.ts";
import { type ProjectFunction, SHIPPED_AUTHORIZER } from "../../template/project-file/project-function.ts";
import { ISSUER_PLACEHOLDER } from "../../template/project-file.ts";
import { compiledRules } from "../bundle-authorizer.ts";
import { readText } from "../read-text.ts";
import { shippedAuthorizerFile } from "../shipped-authorizer.ts";
import { StartError } from "../start-error.ts";
import { writePrivateFile } from "../write-private-file.ts";
import type { AccountPlace, LoadProjectOptions } from "./load-project.ts";

/** What Lambda's Node.js runtime looks for, in its order, and TypeScript, which is translated here. */
const HANDLER_ENDINGS = [".js", ".mjs", ".cjs", ".ts"];
/** Lambda's own defaults for a function that names none (D). */
const FUNCTION_DEFAULTS = { runtime: "nodejs22.x", timeoutSeconds: 3, memoryMb: 128, concurrency: 10 };
/** The authorizer that ships needs room for fetching keys. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;

/** A function of the project file; undefined, with a finding, when it cannot run. */
export function readProjectFunction(
  key: string,
  entry: ProjectFunction,
  place: AccountPlace,
  options: LoadProjectOptions,
  findings: Finding[],
): LambdaFunction | undefined {
  const arn = key.startsWith("arn:")
    ? key
    : `arn:${place.partition}:lambda:${place.region}:${place.accountId}:function:${key}`;
  const name = arn.split(":")[6] ?? key;
  const isShipped = entry.handler === SHIPPED_AUTHORIZER;
  const handler = isShipped ? `${shippedAuthorizerFile()}.handler` : entry.handler;
  const located = locateHandler(handler, isShipped);
  if (located === undefined) {
    findings.push({
      rule: "function-handler-missing",
      severity: "error",
      effect: "route",
      message: `The handler of function ${name} is ${JSON.stringify(handler)}: no file ${handler.slice(0, handler.lastIndexOf("."))} with one of .js .mjs .cjs .ts exists.`,
      fix: "Name an existing file and its export, e.g. dist/index.handler. Until then its routes answer 501.",
      at: entry.at,
      logicalId: name,
    });
    return undefined;
  }
  const environment: Record<string, string> = {};
  if (entry.envFile !== undefined) {
    const env = readEnvFile(entry.envFile, readText(entry.envFile));
    if (env.ok) Object.assign(environment, env.values);
    findings.push(...env.findings);
  }
  Object.assign(environment, entry.env);
  for (const [variable, value] of Object.entries(environment)) {
    if (!value.includes(ISSUER_PLACEHOLDER)) continue;
    if (options.issuerUrl === undefined) {
      findings.push({
        rule: "issuer-not-running",
        severity: "error",
        effect: "none",
        message: `${variable} of function ${name} names the local issuer and none is running.`,
        fix: "Start without --no-issuer, or name the issuer's URL.",
        at: entry.at,
      });
      continue;
    }
    environment[variable] = value.replaceAll(ISSUER_PLACEHOLDER, options.issuerUrl);
  }
  if (isShipped && environment.RULES_FILE !== undefined) {
    const compiled = compileRulesFile(environment.RULES_FILE, entry, options.dataDir, findings);
    // Without usable rules the authorizer must not run: it would let every valid token through.
    if (compiled === undefined) return undefined;
    environment.RULES_FILE = compiled;
  }
  return {
    ...FUNCTION_DEFAULTS,
    ...(isShipped && { timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS }),
    arn,
    name,
    ...located,
    environment,
    ...(entry.runtime !== undefined && { runtime: entry.runtime }),
    ...(entry.timeoutSeconds !== undefined && { timeoutSeconds: entry.timeoutSeconds }),
    ...(entry.memoryMb !== undefined && { memoryMb: entry.memoryMb }),
    at: entry.at,
  };
}

/** Compiles the rules into the data folder, where the authorizer reads them; undefined, with a finding, when they are unusable. */
function compileRulesFile(
  path: string,
  entry: ProjectFunction,
  dataDir: string,
  findings: Finding[],
): string | undefined {
  const file = isAbsolute(path) ? path : resolve(dirname(entry.at.file), path);
  try {
    const rules = compiledRules(readText(file), file);
    const compiled = join(dataDir, `authorizer-rules-${hash("sha256", rules, "hex").slice(0, 16)}.json`);
    // Always anew: what stands under that name may be half a file, or somebody else's.
    writePrivateFile(compiled, rules);
    return compiled;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    findings.push({
      rule: "authorizer-rules-invalid",
      severity: "error",
      effect: "route",
      message: `The authorizer's rules cannot be used: ${error.message}`,
      fix: "Correct the rules file. Until then the routes behind this authorizer answer 501.",
      at: { file, line: 1, column: 1 },
    });
    return undefined;
  }
}

/** Files of which any would be the handler that was not found; none when it was. */
export function missingHandlerFiles(handler: string): readonly string[] {
  if (handler === SHIPPED_AUTHORIZER || locateHandler(handler, false) !== undefined) return [];
  const base = handler.slice(0, handler.indexOf(".", handler.lastIndexOf("/")));
  return HANDLER_ENDINGS.map((ending) => base + ending);
}

/** `/app/dist/index.handler` → the module file and the export, tried with Lambda's file endings. */
function locateHandler(handler: string, isExact: boolean): { handlerFile: string; handlerExport: string } | undefined {
  const slash = handler.lastIndexOf("/");
  const dot = isExact ? handler.lastIndexOf(".") : handler.indexOf(".", slash);
  const base = handler.slice(0, dot);
  const handlerExport = handler.slice(dot + 1);
  const candidates = HANDLER_ENDINGS.includes(extname(base)) ? [base] : HANDLER_ENDINGS.map((ending) => base + ending);
  const handlerFile = candidates.find((file) => existsSync(file) && statSync(file).isFile());
  return handlerFile === undefined || handlerExport === "" ? undefined : { handlerFile, handlerExport };
}
