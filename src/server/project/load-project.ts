import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { SignatureWording } from "../../aws/sigv4/signature-verdict.ts";
import type { CustomDomain } from "../../model/custom-domain.ts";
import type { Finding } from "../../model/finding.ts";
import type { HttpApi, HttpApiStage } from "../../model/http-api.ts";
import type { Role, User } from "../../model/iam.ts";
import type { FunctionPermission, InvokeAccess } from "../../model/invoke-access.ts";
import type { LambdaFunction } from "../../model/lambda-function.ts";
import type { RestApi, Stage } from "../../model/rest-api.ts";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import { readIamFile } from "../../template/iam-file.ts";
import {
  type AcceptedFinding,
  EMPTY_PROJECT,
  ISSUER_PLACEHOLDER,
  type ProjectFile,
  readProjectFile,
} from "../../template/project-file.ts";
import { type FileIdentities, mergeIdentities } from "../identities/merge-identities.ts";
import { readText } from "../read-text.ts";
import { StartError } from "../start-error.ts";
import { mergeUsagePlans } from "../usage-plans/merge-usage-plans.ts";
import { missingHandlerFiles, readProjectFunction } from "./functions.ts";
import { type LoadedFile, loadApiFile, STACK_NAME } from "./load-api-file.ts";
import { withLocalIssuerKeys } from "./local-issuer-keys.ts";
import { mergeDomains } from "./merge-domains.ts";
import { projectUserPools } from "./user-pools.ts";

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

/** An API as loaded from one file, with the stages it is served at. */
export type LoadedApi = LoadedRestApi | LoadedHttpApi;

interface LoadedBase {
  readonly file: string;
  /** Who may invoke which function, where the file says so. */
  readonly access?: InvokeAccess;
  /** Findings with effect `api` that concern this API, and no other of its file. */
  readonly refusals: readonly Finding[];
}

export interface LoadedRestApi extends LoadedBase {
  readonly type: "REST";
  readonly api: RestApi;
  readonly stages: readonly Stage[];
}

export interface LoadedHttpApi extends LoadedBase {
  readonly type: "HTTP";
  readonly api: HttpApi;
  readonly stages: readonly HttpApiStage[];
}

/** A custom domain as loaded from one file. */
export interface LoadedDomain {
  readonly domain: CustomDomain;
  /** Findings with effect `domain`: unless all are accepted, it answers 501. */
  readonly refusals: readonly Finding[];
  /** That of them which says that the file maps APIs to the domain and does not declare it. */
  readonly undeclared?: Finding;
}

/** Everything read from the user's files. Findings are listed even where an API is served all the same. */
export interface LoadedProject {
  readonly apis: readonly LoadedApi[];
  /** One of each name. */
  readonly domains: readonly LoadedDomain[];
  readonly functions: readonly LambdaFunction[];
  /** Of the templates and iam.yaml, one of each ARN, with everything that any of the files attaches to them. */
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  /** Of all templates, those without an API included: a function's policy stands in the account, not in a file. */
  readonly permissions: readonly FunctionPermission[];
  /** Of the templates and the project file. */
  readonly apiKeys: readonly ApiKey[];
  readonly usagePlans: readonly UsagePlan[];
  /** ARN of a Cognito user pool → issuer URL that answers for it here. */
  readonly userPools: ReadonlyMap<string, string>;
  /** In whose words a signature is refused. */
  readonly signatureWording: SignatureWording;
  readonly findings: readonly Finding[];
  readonly accept: readonly AcceptedFinding[];
  /** Issuers that the local issuer speaks for. */
  readonly localIssuers: readonly string[];
  /** The issuer's tenant file, as the project file names it. */
  readonly tenant?: string;
  /** Outputs of the templates, by file. */
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Files whose change should load the project again. */
  readonly watched: readonly string[];
}

export interface LoadProjectOptions {
  /** The local issuer's, with its trailing slash; undefined when none runs. */
  readonly issuerUrl: string | undefined;
  /** The local issuer's certificate authority (PEM), when its URL is https: functions are given it to trust. */
  readonly issuerCaFile?: string;
  /** Where compiled rules, inline code and access logs are written. */
  readonly dataDir: string;
  /** Template parameters; they go before the project file's. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly stageOverrides?: StageOverrides;
}

/** Stage variables set by the caller, by API id, over the project file's. */
export type StageOverrides = Readonly<Record<string, Readonly<Record<string, string>>>>;

const PROJECT_FILE = "gatewarden.yaml";
const IAM_FILE = "iam.yaml";

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
  const { config, project } = findProject(location, findings);
  const files = location.files.length > 0 ? location.files : project.files;
  const parameters = withIssuer({ ...project.parameters, ...options.parameters }, options.issuerUrl);
  const loaded = files.map((file) => loadApiFile(file, { project, place, parameters, options, findings }));
  tellUnusedParameters(options.parameters, loaded, findings);
  const iamFile = project.iam ?? findIamFile(location, config);
  const iam = iamFile === undefined ? undefined : readIam(iamFile, place, findings);
  const apis = loaded.flatMap((each) => each.apis);
  refuseCollisions(apis);
  const own = Object.entries(project.functions).flatMap(
    ([name, entry]) => readProjectFunction(name, entry, place, options, findings) ?? [],
  );
  // A function that the project file knows goes before a template's of the same ARN.
  const ownArns = new Set(own.map(({ arn }) => arn));
  const functions = [...own, ...loaded.flatMap((each) => each.functions).filter(({ arn }) => !ownArns.has(arn))].map(
    (each) =>
      withIssuerCa(
        withLocalIssuerKeys(each, Object.keys(project.issuers), options.issuerUrl, findings),
        options.issuerCaFile,
      ),
  );
  return {
    apis,
    domains: mergeDomains(
      loaded.flatMap((each) => each.domains ?? []),
      findings,
    ),
    functions,
    ...mergeIdentities(
      [...loaded, ...(iam ? [iam] : [])],
      { accountId: place.accountId, stackName: STACK_NAME },
      findings,
    ),
    permissions: loaded.flatMap((each) => each.permissions ?? []),
    ...mergeUsagePlans(loaded, project, apis, findings),
    userPools: projectUserPools(project, apis, options.issuerUrl, findings),
    signatureWording: project.signatureErrors ?? "current",
    findings,
    accept: project.accept,
    localIssuers: Object.keys(project.issuers),
    ...(project.tenant !== undefined && { tenant: project.tenant }),
    outputs: new Map(loaded.flatMap((each, at) => (each.outputs ? [[files[at] as string, each.outputs]] : []))),
    watched: [
      ...[config, iamFile].filter((each) => each !== undefined),
      ...awaited(location, config, project.iam),
      ...loaded.flatMap((each) => each.files),
      ...besides(project),
    ],
  };
}

function readIam(file: string, place: AccountPlace, findings: Finding[]): FileIdentities {
  const iam = readIamFile(readText(file), file, place);
  findings.push(...iam.findings);
  return iam;
}

/** Beside the project file; without one, where that would be looked for. */
function findIamFile(location: ProjectLocation, config: string | undefined): string | undefined {
  const folders = config === undefined ? projectFolders(location) : [dirname(config)];
  return folders.map((folder) => join(folder, IAM_FILE)).find((file) => existsSync(file));
}

/** Files that would be read if they were there. */
function awaited(location: ProjectLocation, config: string | undefined, iam: string | undefined): readonly string[] {
  const folders = config === undefined ? projectFolders(location) : [dirname(config)];
  const names = [...(config === undefined ? [PROJECT_FILE] : []), ...(iam === undefined ? [IAM_FILE] : [])];
  return folders.flatMap((folder) => names.map((name) => join(folder, name)));
}

/** The project file that goes with the files, and what it says. */
export function findProject(
  location: ProjectLocation,
  findings: Finding[],
): { readonly config: string | undefined; readonly project: ProjectFile } {
  const config = location.config ?? findProjectFile(location);
  return { config, project: config === undefined ? EMPTY_PROJECT : readProject(config, findings) };
}

function findProjectFile(location: ProjectLocation): string | undefined {
  return projectFolders(location)
    .map((folder) => join(folder, PROJECT_FILE))
    .find((file) => existsSync(file));
}

function projectFolders({ files, cwd }: ProjectLocation): readonly string[] {
  return files.length > 0 ? [dirname(files[0] as string), cwd] : [cwd];
}

function readProject(config: string, findings: Finding[]): ProjectFile {
  const verdict = readProjectFile(readText(config), config);
  if (verdict.ok) return verdict.project;
  findings.push(...verdict.findings);
  return EMPTY_PROJECT;
}

function withIssuer(
  parameters: Readonly<Record<string, string>>,
  issuerUrl: string | undefined,
): Readonly<Record<string, string>> {
  if (issuerUrl === undefined) return parameters;
  const entries = Object.entries(parameters).map(([name, value]) => [
    name,
    value.replaceAll(ISSUER_PLACEHOLDER, issuerUrl),
  ]);
  return Object.fromEntries(entries);
}

/** Lambda's Node.js runtime takes this variable, too (D), so a function's own stays. */
function withIssuerCa(lambda: LambdaFunction, caFile: string | undefined): LambdaFunction {
  if (caFile === undefined) return lambda;
  return { ...lambda, environment: { NODE_EXTRA_CA_CERTS: caFile, ...lambda.environment } };
}

/** Files of the project's functions whose change should load the project again. */
function besides(project: ProjectFile): readonly string[] {
  return Object.values(project.functions).flatMap(({ env, envFile, handler, at }) => [
    ...(env.RULES_FILE === undefined ? [] : [resolve(dirname(at.file), env.RULES_FILE)]),
    ...(envFile === undefined ? [] : [envFile]),
    ...missingHandlerFiles(handler),
  ]);
}

/** Each template tells of a parameter that it does not have; where there is none, nobody would. */
function tellUnusedParameters(
  given: LoadProjectOptions["parameters"],
  loaded: readonly LoadedFile[],
  findings: Finding[],
): void {
  const [file] = loaded.flatMap(({ files }) => files);
  if (file === undefined || loaded.some(({ outputs }) => outputs !== undefined)) return;
  for (const name of Object.keys(given ?? {})) {
    findings.push({
      rule: "parameter-unknown",
      severity: "warning",
      effect: "none",
      message: `The parameter ${name} was given, and none of the files is a template: OpenAPI files have no parameters.`,
      fix: "Leave it out, or write it into gatewarden.yaml as a stage variable or a function's variable.",
      at: { file, line: 1, column: 1 },
    });
  }
}

function refuseCollisions(apis: readonly LoadedApi[]): void {
  const seen = new Map<string, string>();
  for (const { api, file } of apis) {
    const other = seen.get(api.apiId);
    if (other !== undefined) {
      const both = other === file ? `${file} gives` : `${other} and ${file} both give`;
      throw new StartError(
        `${both} the API id ${api.apiId}${other === file ? " twice" : ""}. Rename a file or resource, or give one an id of its own.`,
        2,
      );
    }
    seen.set(api.apiId, file);
  }
}
