import { hash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import type { Finding } from "../model/finding.ts";
import type { LambdaFunction } from "../model/lambda-function.ts";
import type { RestApi, Stage } from "../model/rest-api.ts";
import { deriveApiId } from "../template/api-id.ts";
import { readDocument } from "../template/document.ts";
import { readEnvFile } from "../template/env-file.ts";
import { loadOpenApi } from "../template/openapi/load-rest-api.ts";
import {
  type AcceptedFinding,
  type ProjectFile,
  type ProjectFunction,
  readProjectFile,
  SHIPPED_AUTHORIZER,
} from "../template/project-file.ts";
import { compiledRules } from "./bundle-authorizer.ts";
import { shippedAuthorizerFile } from "./shipped-authorizer.ts";
import { StartError } from "./start-error.ts";
import { writePrivateFile } from "./write-private-file.ts";

export interface ProjectLocation {
  /** Files named on the command line, absolute; they replace the project file's `files`. */
  readonly files: readonly string[];
  /** `--config`, absolute; without it `gatewarden.yaml` beside the first file or in the working folder, if there. */
  readonly config?: string;
  readonly cwd: string;
}

export interface AccountPlace {
  readonly region: string;
  readonly accountId: string;
  readonly partition: string;
}

/** An API as loaded from one file, with the stage it is served at. */
export interface LoadedApi {
  readonly api: RestApi;
  readonly stage: Stage;
  readonly file: string;
}

/** Everything read from the user's files. Findings are listed even where an API is served all the same. */
export interface LoadedProject {
  readonly apis: readonly LoadedApi[];
  readonly functions: readonly LambdaFunction[];
  readonly findings: readonly Finding[];
  readonly accept: readonly AcceptedFinding[];
  /** Files whose change should load the project again. */
  readonly watched: readonly string[];
}

const PROJECT_FILE = "gatewarden.yaml";
/** What Lambda's Node.js runtime looks for, in its order, and TypeScript, which is translated here. */
const HANDLER_ENDINGS = [".js", ".mjs", ".cjs", ".ts"];
const DEFAULT_STAGE = "dev";
/** Lambda's own defaults for a function that names none (D). */
const FUNCTION_DEFAULTS = { runtime: "nodejs22.x", timeoutSeconds: 3, memoryMb: 128, concurrency: 10 };
/** The authorizer that ships needs room for fetching keys. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;

/** What stands for the local issuer's URL (with its trailing slash) in functions' environment values. */
const ISSUER_PLACEHOLDER = "${gatewarden.issuer}";

/**
 * Reads project file and API files. Findings with effect `load` mean that nothing of the file can be served; the caller
 * decides whether to stop (at start) or to keep what was served before (on reload).
 */
export function loadProject(
  location: ProjectLocation,
  place: AccountPlace,
  options: LoadProjectOptions,
): LoadedProject {
  const findings: Finding[] = [];
  const config = location.config ?? findProjectFile(location);
  const project = config === undefined ? EMPTY_PROJECT : readProject(config, findings);
  const files = location.files.length > 0 ? location.files : project.files;
  const apis: LoadedApi[] = [];
  for (const file of files) {
    const loaded = loadApi(file, place, project, options.stageOverrides ?? {}, findings);
    if (loaded !== undefined) apis.push(loaded);
  }
  refuseCollisions(apis);
  const functions = Object.entries(project.functions).flatMap(
    ([name, entry]) => readFunction(name, entry, place, options, findings) ?? [],
  );
  const rulesFiles = Object.values(project.functions).flatMap(({ env, at }) =>
    env.RULES_FILE === undefined ? [] : [resolve(dirname(at.file), env.RULES_FILE)],
  );
  const besides = Object.values(project.functions).flatMap((entry) => [
    ...(entry.envFile === undefined ? [] : [entry.envFile]),
    ...missingHandlerFiles(entry.handler),
  ]);
  const watched = [...(config === undefined ? [] : [config]), ...files, ...rulesFiles, ...besides];
  return { apis, functions, findings, accept: project.accept, watched };
}

export interface LoadProjectOptions {
  /** The local issuer's, with its trailing slash; undefined when none runs. */
  readonly issuerUrl: string | undefined;
  /** Where compiled rules are written. */
  readonly dataDir: string;
  readonly stageOverrides?: StageOverrides;
}

/** Stage variables set by the caller, by API id, over the project file's. */
export type StageOverrides = Readonly<Record<string, Readonly<Record<string, string>>>>;

const EMPTY_PROJECT: ProjectFile = { files: [], parameters: {}, functions: {}, stages: {}, issuers: {}, accept: [] };

function findProjectFile({ files, cwd }: ProjectLocation): string | undefined {
  const places = files.length > 0 ? [dirname(files[0] as string), cwd] : [cwd];
  return places.map((place) => join(place, PROJECT_FILE)).find((file) => existsSync(file));
}

function readProject(config: string, findings: Finding[]): ProjectFile {
  const verdict = readProjectFile(readText(config), config);
  if (verdict.ok) {
    findings.push(...unsupportedKeys(verdict.project, config));
    return verdict.project;
  }
  findings.push(...verdict.findings);
  return EMPTY_PROJECT;
}

/** Keys that are read and do nothing yet must say so. */
function unsupportedKeys(project: ProjectFile, file: string): readonly Finding[] {
  const finding = (key: string, why: string): Finding => ({
    rule: "project-key-without-effect",
    severity: "warning",
    effect: "none",
    message: `${key} has no effect yet: ${why}`,
    fix: `Remove ${key}, or see the README for what is served.`,
    at: { file, line: 1, column: 1 },
  });
  return [
    ...(Object.keys(project.parameters).length > 0
      ? [finding("parameters", "CloudFormation and SAM files are not read.")]
      : []),
    ...(Object.keys(project.issuers).length > 0
      ? [finding("issuers", "authorizer functions fetch keys from the issuer they name.")]
      : []),
  ];
}

function loadApi(
  file: string,
  place: AccountPlace,
  project: ProjectFile,
  overrides: StageOverrides,
  findings: Finding[],
): LoadedApi | undefined {
  const document = readDocument(file, readText(file));
  if (!document.ok) {
    findings.push(...document.findings);
    return undefined;
  }
  const id = deriveApiId(document.document);
  if (!id.ok) {
    findings.push({ severity: "error", effect: "load", ...id.problem });
    return undefined;
  }
  const loaded = loadOpenApi(document.document, { apiId: id.apiId, ...place });
  findings.push(...loaded.findings);
  if (loaded.api === undefined) return undefined;
  // An API may well be called constructor.
  const stage = Object.hasOwn(project.stages, id.apiId) ? project.stages[id.apiId] : undefined;
  return {
    api: loaded.api,
    file,
    stage: {
      stageName: stage?.name ?? loaded.suggestedStage ?? DEFAULT_STAGE,
      variables: { ...stage?.variables, ...overrides[id.apiId] },
      ...(stage?.accessLog && { accessLog: stage.accessLog }),
    },
  };
}

function refuseCollisions(apis: readonly LoadedApi[]): void {
  const seen = new Map<string, string>();
  for (const { api, file } of apis) {
    const other = seen.get(api.apiId);
    if (other !== undefined) {
      throw new StartError(
        `${other} and ${file} both give the API id ${api.apiId}. Rename a file, or give one an id of its own.`,
        2,
      );
    }
    seen.set(api.apiId, file);
  }
}

function readFunction(
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
function missingHandlerFiles(handler: string): readonly string[] {
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

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const cause = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartError(`cannot read ${file} (${cause}). Check the path ${basename(file)}.`, 2);
  }
}
