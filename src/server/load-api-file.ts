import type { Finding, SourcePosition } from "../model/finding.ts";
import type { LambdaFunction } from "../model/lambda-function.ts";
import { deriveApiId } from "../template/api-id.ts";
import { isCloudFormation } from "../template/cloudformation/is-cloudformation.ts";
import { loadStack } from "../template/cloudformation/load-stack.ts";
import { readTemplate } from "../template/cloudformation/read-template.ts";
import { STACK_READERS } from "../template/cloudformation/stack-readers.ts";
import type { SourceDocument } from "../template/document.ts";
import { apiKindOf } from "../template/openapi/api-kind.ts";
import { loadHttpApi } from "../template/openapi/http-api/load-http-api.ts";
import { loadOpenApi } from "../template/openapi/load-rest-api.ts";
import type { ProjectFile, ProjectStage } from "../template/project-file.ts";
import { SourceNode } from "../template/source-node.ts";
import type { AccountPlace, LoadedApi, LoadedDomain, LoadProjectOptions } from "./load-project.ts";
import { createMaterialize } from "./materialize-code.ts";
import { readIfThere, readText } from "./read-text.ts";

/** What one file comes to. */
export interface LoadedFile {
  readonly apis: readonly LoadedApi[];
  readonly domains?: readonly LoadedDomain[];
  readonly functions: readonly LambdaFunction[];
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
  const { access } = stack;
  const apis: LoadedApi[] = [
    ...stack.restApis.map(
      ({ api, stages, refusals = [] }) =>
        ({ type: "REST", api, stages: logged(api.apiId, stages, project), file, access, refusals }) as const,
    ),
    ...stack.httpApis.map(
      ({ api, stages, refusals = [] }) =>
        ({ type: "HTTP", api, stages: logged(api.apiId, stages, project), file, access, refusals }) as const,
    ),
  ];
  return { apis, domains: stack.domains, functions: stack.functions, outputs: stack.outputs, files: stack.files };
}

/** With the project file's access log, where it has one for the API, in place of the template's. */
function logged<Logged extends { readonly accessLog?: unknown }>(
  apiId: string,
  stages: readonly Logged[],
  { stages: own }: ProjectFile,
): readonly Logged[] {
  const accessLog = Object.hasOwn(own, apiId) ? own[apiId]?.accessLog : undefined;
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
  // An API may well be called constructor.
  const stage = Object.hasOwn(project.stages, id.apiId) ? project.stages[id.apiId] : undefined;
  const variables = { ...stage?.variables, ...options.stageOverrides?.[id.apiId] };
  const kind = apiKindOf(SourceNode.root(document));
  findings.push(...kind.findings);
  if (kind.type === "HTTP") {
    const loaded = loadHttpApi(document, { apiId: id.apiId });
    findings.push(...loaded.findings);
    if (loaded.api === undefined) return [];
    return [
      {
        type: "HTTP",
        api: loaded.api,
        stages: [httpStage(stage, variables, { file, line: 1, column: 1 })],
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
  return [{ type: "REST", api: loaded.api, stages: [restStage], file, refusals: refusalsIn(loaded.findings) }];
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
