import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { FunctionPermission } from "../../model/invoke-access.ts";
import type { LambdaFunction } from "../../model/lambda-function.ts";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import { deriveApiId } from "../../template/api-id.ts";
import { isCloudFormation } from "../../template/cloudformation/is-cloudformation.ts";
import { loadStack } from "../../template/cloudformation/load-stack.ts";
import { readTemplate } from "../../template/cloudformation/read-template.ts";
import { STACK_READERS } from "../../template/cloudformation/stack-readers.ts";
import type { SourceDocument } from "../../template/document.ts";
import { apiKindOf } from "../../template/openapi/api-kind.ts";
import { loadHttpApi } from "../../template/openapi/http-api/load-http-api.ts";
import { loadOpenApi } from "../../template/openapi/load-rest-api.ts";
import type { ProjectStage } from "../../template/project-file/project-stage.ts";
import type { ProjectFile } from "../../template/project-file.ts";
import { SourceNode } from "../../template/source-node.ts";
import type { FileIdentities } from "../identities/merge-identities.ts";
import { readIfThere, readText } from "../read-text.ts";
import type { AccountPlace, LoadedApi, LoadedDomain, LoadProjectOptions } from "./load-project.ts";
import { createMaterialize } from "./materialize-code.ts";
import { httpThrottles, restThrottles } from "./stage-throttles.ts";

/** What one file comes to. */
export interface LoadedFile extends FileIdentities {
  readonly apis: readonly LoadedApi[];
  readonly domains?: readonly LoadedDomain[];
  readonly functions: readonly LambdaFunction[];
  readonly permissions?: readonly FunctionPermission[];
  readonly apiKeys?: readonly ApiKey[];
  readonly usagePlans?: readonly UsagePlan[];
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Files whose change should load it again. */
  readonly files: readonly string[];
}

/** What loading a file needs besides its text. */
export interface FileContext {
  readonly project: ProjectFile;
  readonly place: AccountPlace;
  readonly parameters: Readonly<Record<string, string>>;
  readonly options: LoadProjectOptions;
  /** Collects. */
  readonly findings: Finding[];
}

/** Stage of a REST API that nothing names; HTTP APIs have `$default`. */
const DEFAULT_REST_STAGE = "dev";
const DEFAULT_HTTP_STAGE = "$default";
/** What templates see as AWS::StackName. */
export const STACK_NAME = "local";

/** Reads an OpenAPI, CloudFormation or SAM file; which of them it is its content says. */
export function loadApiFile(file: string, context: FileContext): LoadedFile {
  const document = readTemplate(file, readText(file));
  if (!document.ok) {
    context.findings.push(...document.findings);
    return { apis: [], functions: [], files: [file] };
  }
  return isCloudFormation(SourceNode.root(document.document))
    ? loadTemplate(document.document, context)
    : { apis: loadDefinition(file, document.document, context), functions: [], files: [file] };
}

function loadTemplate(
  document: SourceDocument,
  { project, place, parameters, options, findings }: FileContext,
): LoadedFile {
  const stack = loadStack(
    document,
    {
      place: { ...place, stackName: STACK_NAME },
      parameters,
      dataDir: options.dataDir,
      materialize: createMaterialize(options.dataDir),
      readFile: readIfThere,
      stageOverrides: overridesOf(project, options),
    },
    STACK_READERS,
  );
  findings.push(...stack.findings);
  const { file } = document;
  const { access, domains, functions, users, attachments, managedPolicies, apiKeys, usagePlans, outputs, files } =
    stack;
  const { roles, permissions } = access;
  const apis: LoadedApi[] = [
    ...stack.restApis.map(({ api, stages, refusals = [] }) => {
      const throttled = restThrottles(api, logged(api.apiId, stages, project), stageOf(project, api.apiId), findings);
      return { type: "REST", api, stages: throttled, file, access, refusals } as const;
    }),
    ...stack.httpApis.map(({ api, stages, refusals = [] }) => {
      const throttled = httpThrottles(api, logged(api.apiId, stages, project), stageOf(project, api.apiId), findings);
      return { type: "HTTP", api, stages: throttled, file, access, refusals } as const;
    }),
  ];
  const identities = { users, roles, attachments, managedPolicies };
  return { ...identities, apis, domains, functions, permissions, apiKeys, usagePlans, outputs, files };
}

function stageOf({ stages }: ProjectFile, apiId: string): ProjectStage | undefined {
  // An API may well be called constructor.
  return Object.hasOwn(stages, apiId) ? stages[apiId] : undefined;
}

/** With the project file's access log, where it has one for the API, in place of the template's. */
function logged<Logged extends { readonly accessLog?: unknown }>(
  apiId: string,
  stages: readonly Logged[],
  project: ProjectFile,
): readonly Logged[] {
  const accessLog = stageOf(project, apiId)?.accessLog;
  return accessLog === undefined ? stages : stages.map((stage) => ({ ...stage, accessLog }));
}

/** The project file's stage variables, and over them the caller's. */
function overridesOf(
  project: ProjectFile,
  options: LoadProjectOptions,
): NonNullable<LoadProjectOptions["stageOverrides"]> {
  const stages = Object.entries(project.stages).map(([apiId, stage]) => [apiId, stage.variables] as const);
  const merged = new Map(stages);
  for (const [apiId, variables] of Object.entries(options.stageOverrides ?? {})) {
    merged.set(apiId, { ...merged.get(apiId), ...variables });
  }
  return Object.fromEntries(merged);
}

function loadDefinition(file: string, document: SourceDocument, context: FileContext): readonly LoadedApi[] {
  const { project, place, options, findings } = context;
  const id = deriveApiId(document);
  if (!id.ok) {
    findings.push({ severity: "error", effect: "load", ...id.problem });
    return [];
  }
  const stage = stageOf(project, id.apiId);
  const variables = { ...stage?.variables, ...options.stageOverrides?.[id.apiId] };
  const kind = apiKindOf(SourceNode.root(document));
  findings.push(...kind.findings);
  if (kind.type === "HTTP") {
    const loaded = loadHttpApi(document, { apiId: id.apiId });
    findings.push(...loaded.findings);
    if (loaded.api === undefined) return [];
    const httpStages = [httpStage(stage, variables, { file, line: 1, column: 1 })];
    return [
      {
        type: "HTTP",
        api: loaded.api,
        stages: httpThrottles(loaded.api, httpStages, stage, findings),
        file,
        refusals: refusalsIn(loaded.findings),
      },
    ];
  }
  const loaded = loadOpenApi(document, { apiId: id.apiId, ...place });
  findings.push(...loaded.findings);
  if (loaded.api === undefined) return [];
  const restStage = {
    stageName: stage?.name ?? loaded.suggestedStage ?? DEFAULT_REST_STAGE,
    variables,
    ...(stage?.accessLog && { accessLog: stage.accessLog }),
  };
  const restStages = restThrottles(loaded.api, [restStage], stage, findings);
  return [{ type: "REST", api: loaded.api, stages: restStages, file, refusals: refusalsIn(loaded.findings) }];
}

function httpStage(stage: ProjectStage | undefined, variables: Readonly<Record<string, string>>, at: SourcePosition) {
  return {
    stageName: stage?.name ?? DEFAULT_HTTP_STAGE,
    variables,
    isDeployed: true,
    routeSettings: {},
    ...(stage?.accessLog && { accessLog: stage.accessLog }),
    at: stage?.at ?? at,
  };
}

function refusalsIn(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ effect }) => effect === "api");
}
