import { basename, dirname, resolve } from "node:path";
import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { PolicyAttachment, User } from "../../model/iam.ts";
import type { InvokeAccess } from "../../model/invoke-access.ts";
import type { LambdaFunction } from "../../model/lambda-function.ts";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import type { SourceDocument } from "../document.ts";
import { nearestName } from "../nearest-name.ts";
import { Report } from "../report.ts";
import { SourceNode, show } from "../source-node.ts";
import { checkSections } from "./check-sections.ts";
import { maskSecrets } from "./mask-secrets.ts";
import { createReferenceValues } from "./reference-values.ts";
import { readApiKeys } from "./resources/api-keys.ts";
import { type LoadedDomain, readCustomDomains } from "./resources/custom-domains.ts";
import { type LoadedHttpApi, readHttpApis } from "./resources/http-api.ts";
import { readIdentities } from "./resources/iam.ts";
import { readFunctions, readPermissions } from "./resources/lambda.ts";
import { createRefOf, type Materialize, type StackContext } from "./resources/stack-context.ts";
import { readUsagePlans } from "./resources/usage-plans.ts";
import { findWebAclAssociations } from "./resources/web-acl.ts";
import type { StackPlace, StackResource } from "./stack.ts";
import type { LoadedRestApi, StackReaders } from "./stack-readers.ts";

export interface LoadStackOptions {
  readonly place: StackPlace;
  /** Values for the template's Parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What `Fn::ImportValue` finds. */
  readonly exports?: Readonly<Record<string, string>>;
  /** Absolute. Access logs go to `access-logs/` in it. */
  readonly dataDir: string;
  readonly materialize: Materialize;
  /** Text of a file by its absolute path; undefined when it cannot be read. */
  readonly readFile: (file: string) => string | undefined;
  /** Stage variables set by the caller, by API id, over the template's. */
  readonly stageOverrides?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A resource that is loaded and does nothing here. */
export interface InertResource {
  readonly logicalId: string;
  readonly type: string;
  readonly at: SourcePosition;
}

/** Everything a CloudFormation or SAM template comes to. */
export interface LoadedStack {
  readonly restApis: readonly LoadedRestApi[];
  readonly httpApis: readonly LoadedHttpApi[];
  readonly domains: readonly LoadedDomain[];
  readonly functions: readonly LambdaFunction[];
  readonly access: InvokeAccess;
  readonly users: readonly User[];
  /** What it gives to users, groups and roles of other files. */
  readonly attachments: readonly PolicyAttachment[];
  /** Managed policies by ARN; undefined for one that cannot be read. */
  readonly managedPolicies: ReadonlyMap<string, unknown>;
  readonly apiKeys: readonly ApiKey[];
  readonly usagePlans: readonly UsagePlan[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly inert: readonly InertResource[];
  readonly findings: readonly Finding[];
  /** Files whose change should load the template again, absolute, the template among them. */
  readonly files: readonly string[];
}

const SAM_TRANSFORM = "AWS::Serverless-2016-10-31";
/** Resolved together with the intrinsic functions. */
const RESOLVED_TRANSFORMS = new Set(["AWS::Include", "AWS::LanguageExtensions"]);

/** Types that are read; every other is inert. */
const READ_TYPES =
  /^AWS::(?:ApiGateway(?:V2)?::(?!(?:VpcLink|Account|ClientCertificate|Documentation(?:Part|Version))$)|Lambda::(?:Function|Permission|Version|Alias|Url)$|IAM::(?:AccessKey|(?:Group|Role|User)(?:Policy)?|ManagedPolicy|Policy|UserToGroupAddition)$|WAF(?:v2|Regional)::WebACLAssociation$)/;
/** (D: CloudFormation, "Resources" and custom resources) `AWS::Lambda::Function`, `Vendor::Name::Type::MODULE`, `Custom::Name`. */
const TYPE_FORM = /^(?:\w{2,64}::\w{2,64}::\w{2,64}(?:::MODULE)?|Custom::[\w@-]{1,60})$/;
/** Types whose absence would change what answers a request: one that is nearly written so is not taken for inert. */
const DECIDING_TYPES = [
  ...[
    "Authorizer",
    "BasePathMapping",
    "BasePathMappingV2",
    "Deployment",
    "DomainName",
    "DomainNameV2",
    "GatewayResponse",
    "Method",
    "Model",
    "RequestValidator",
    "Resource",
    "RestApi",
    "Stage",
  ].map((each) => `AWS::ApiGateway::${each}`),
  ...[
    "Api",
    "ApiGatewayManagedOverrides",
    "ApiMapping",
    "Authorizer",
    "Deployment",
    "DomainName",
    "Integration",
    "Route",
    "Stage",
  ].map((each) => `AWS::ApiGatewayV2::${each}`),
  "AWS::Lambda::Function",
  "AWS::Lambda::Permission",
  "AWS::IAM::Role",
  "AWS::WAFv2::WebACLAssociation",
];
/** Compared with types of IAM only: other services have an AWS::IoT::Policy, an AWS::XRay::Group. */
const IAM_TYPES = [
  "AccessKey",
  "Group",
  "GroupPolicy",
  "ManagedPolicy",
  "Policy",
  "Role",
  "RolePolicy",
  "User",
  "UserPolicy",
  "UserToGroupAddition",
].map((each) => `AWS::IAM::${each}`);

/**
 * Reads a CloudFormation or SAM template as far as it makes APIs, functions and who may invoke them. Never throws for
 * what stands in the template: with a finding of effect `load` nothing of it is served.
 */
export function loadStack(document: SourceDocument, options: LoadStackOptions, readers: StackReaders): LoadedStack {
  const secrets: string[] = [];
  const stack = readStack(document, options, readers, secrets);
  maskSecrets(stack.findings, secrets);
  return stack;
}

/** `secrets` takes up the values that no finding may show. */
function readStack(
  document: SourceDocument,
  options: LoadStackOptions,
  readers: StackReaders,
  secrets: string[],
): LoadedStack {
  const report = new Report();
  const file = resolve(document.file);
  const files = new Set([file]);
  const folder = dirname(file);
  const expanded = expandTransforms(document, folder, options, readers, report, files);
  if (expanded === undefined) return nothing(report, files);
  const { place } = options;
  const resolved = readers.resolveTemplate(expanded, {
    place,
    parameters: options.parameters,
    ...(options.exports && { exports: options.exports }),
    referenceValues: createReferenceValues(place),
    readFile: options.readFile,
  });
  secrets.push(...resolved.secrets);
  for (const each of resolved.files) files.add(each);
  report.findings.push(...resolved.findings);
  if (stopsLoad(report)) return nothing(report, files);

  const { resources } = resolved;
  const context: StackContext = {
    place,
    report,
    folder,
    fileName: basename(file),
    dataDir: options.dataDir,
    materialize: options.materialize,
    readFile: options.readFile,
    files,
    refOf: createRefOf(place),
  };
  refuseUnknownTypes(resources, report);
  refuseCollisions(resources, context);
  if (stopsLoad(report)) return nothing(report, files);
  const rest = readers.readRestApis(resources, context);
  report.findings.push(...rest.findings);
  const webAcls = findWebAclAssociations(resources, context);
  const restApis = rest.restApis.map((each) => withRefusals(each, webAcls.get(each.api.apiId)));
  const httpApis = readHttpApis(resources, readers.importHttpApi, context);
  const mappable = [
    ...restApis.map(({ api, stages }) => {
      const paths = api.resources.map(({ path }) => path);
      return { type: "REST", apiId: api.apiId, stageNames: namesOf(stages), paths } as const;
    }),
    ...httpApis.map(({ api, stages }) => {
      return { type: "HTTP", apiId: api.apiId, stageNames: namesOf(stages), paths: [] } as const;
    }),
  ];
  const domains = readCustomDomains(resources, mappable, context);
  const functions = readFunctions(resources, context);
  const { users, roles, attachments, managedPolicies } = readIdentities(resources, context);
  const access = { roles, permissions: readPermissions(resources, context) };
  const apiKeys = readApiKeys(resources, context);
  const usagePlans = readUsagePlans(resources, context);
  const inert = listInert(resources, report);
  const overrides = options.stageOverrides ?? {};
  return {
    restApis: restApis.map((each) => withVariables(each, overrides)),
    httpApis: httpApis.map((each) => withVariables(each, overrides)),
    domains,
    functions,
    access,
    users,
    attachments,
    managedPolicies,
    apiKeys,
    usagePlans,
    outputs: resolved.outputs,
    inert,
    findings: report.findings,
    files: [...files],
  };
}

/** The template without SAM's resources; undefined after a finding that stops the load. */
function expandTransforms(
  document: SourceDocument,
  folder: string,
  { parameters, place, readFile }: LoadStackOptions,
  readers: StackReaders,
  report: Report,
  files: Set<string>,
): SourceDocument | undefined {
  const root = SourceNode.root(document);
  const transform = root.get("Transform");
  const given = transform?.isList ? transform.items() : transform ? [transform] : [];
  let isSam = false;
  for (const node of given) {
    const name = node.isMapping ? node.get("Name")?.value : node.value;
    if (name === SAM_TRANSFORM) isSam = true;
    else if (typeof name !== "string" || !RESOLVED_TRANSFORMS.has(name)) {
      const message = `The template is transformed by ${show(name)}, which only AWS can run.`;
      report.stopLoad({ rule: "transform-unsupported", at: node.at(), message, fix: "Load the processed template." });
    }
  }
  checkSections(root, report, isSam);
  if (!isSam) refuseSamResources(root, report);
  if (stopsLoad(report)) return undefined;
  if (!isSam) return document;
  const expanded = readers.expandSam(root, { parameters, place, baseFolder: folder, readFile });
  report.findings.push(...expanded.findings);
  for (const each of expanded.files) files.add(each);
  return stopsLoad(report) ? undefined : expanded.document;
}

function refuseSamResources(root: SourceNode, report: Report): void {
  for (const resource of root.get("Resources")?.entries() ?? []) {
    const type = resource.get("Type");
    if (typeof type?.value !== "string" || !type.value.startsWith("AWS::Serverless::")) continue;
    const message = `${resource.name} has the type ${type.value}, and the template does not name SAM's transform.`;
    const fix = `Add Transform: ${SAM_TRANSFORM}.`;
    report.stopLoad({ rule: "transform-missing", at: type.at(), message, fix });
  }
}

/** CloudFormation refuses a template with a type it does not know, so a method that is none is never left out. */
function refuseUnknownTypes(resources: readonly StackResource[], report: Report): void {
  for (const { type, logicalId, at } of resources) {
    if (READ_TYPES.test(type)) continue;
    const meant = nearestName(type, /^AWS::IAM::/i.test(type) ? IAM_TYPES : DECIDING_TYPES);
    if (TYPE_FORM.test(type) && meant === undefined) continue;
    const message = `The type of ${logicalId} is ${show(type)}, which CloudFormation does not know.`;
    report.stopLoad({ rule: "resource-type-unknown", at, message, fix: meant ? `Write ${meant}.` : "Correct it." });
  }
}

/** Two APIs of one id would also share each other's routes. */
function refuseCollisions(resources: readonly StackResource[], { refOf, report }: StackContext): void {
  const seen = new Map<string, string>();
  for (const resource of resources) {
    if (!/^AWS::ApiGateway(?:::RestApi|V2::Api)$/.test(resource.type)) continue;
    const { logicalId, at } = resource;
    const apiId = refOf(resource);
    const other = seen.get(apiId);
    if (other !== undefined) {
      const message = `${other} and ${logicalId} both give the API id ${apiId}.`;
      report.stopLoad({ rule: "api-id-collision", at, message, fix: "Give one the tag _custom_id_." });
    }
    seen.set(apiId, logicalId);
  }
}

function stopsLoad(report: Report): boolean {
  return report.findings.some(({ effect }) => effect === "load");
}

function nothing(report: Report, files: ReadonlySet<string>): LoadedStack {
  return {
    restApis: [],
    httpApis: [],
    domains: [],
    functions: [],
    access: { roles: [], permissions: [] },
    users: [],
    attachments: [],
    managedPolicies: new Map(),
    apiKeys: [],
    usagePlans: [],
    outputs: {},
    inert: [],
    findings: report.findings,
    files: [...files],
  };
}

function listInert(resources: readonly StackResource[], report: Report): InertResource[] {
  const inert: InertResource[] = [];
  for (const { logicalId, type, at } of resources) {
    if (READ_TYPES.test(type)) continue;
    inert.push({ logicalId, type, at });
    if (type !== "AWS::CloudFormation::Stack") continue;
    const message = `The nested stack ${logicalId} is not read: nothing in it is served.`;
    const fix = "Load its template as a file of its own.";
    report.note("warning", { rule: "nested-stack-not-read", at, message, fix }, logicalId);
  }
  return inert;
}

function withRefusals(loaded: LoadedRestApi, more: readonly Finding[] | undefined): LoadedRestApi {
  return more === undefined ? loaded : { ...loaded, refusals: [...(loaded.refusals ?? []), ...more] };
}

function namesOf(stages: readonly { readonly stageName: string }[]): readonly string[] {
  return stages.map(({ stageName }) => stageName);
}

interface WithStages<Stage> {
  readonly api: { readonly apiId: string };
  readonly stages: readonly Stage[];
}

function withVariables<
  Stage extends { readonly variables: Readonly<Record<string, string>> },
  Loaded extends WithStages<Stage>,
>(loaded: Loaded, overrides: Readonly<Record<string, Readonly<Record<string, string>>>>): Loaded {
  const { apiId } = loaded.api;
  // An API may well be called constructor.
  const variables = Object.hasOwn(overrides, apiId) ? overrides[apiId] : undefined;
  if (variables === undefined) return loaded;
  return {
    ...loaded,
    stages: loaded.stages.map((stage) => ({ ...stage, variables: { ...stage.variables, ...variables } })),
  };
}
