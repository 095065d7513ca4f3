import type { Finding } from "../../model/finding.ts";
import { HTTP_METHODS, type Method, type RestApi } from "../../model/rest-api.ts";
import type { SourceDocument } from "../document.ts";
import { Report } from "../report.ts";
import { StableIds } from "../resource-id.ts";
import { ResourceTree } from "../resource-tree.ts";
import { SourceNode, show } from "../source-node.ts";
import { advise } from "./advice.ts";
import { readApiSettings } from "./api-settings.ts";
import { type BasePathMode, readBasePath } from "./base-path.ts";
import { eachUnknownField } from "./extensions.ts";
import { readGatewayResponses } from "./gateway-responses.ts";
import type { LoadContext } from "./load-context.ts";
import { emptyMethod, loadMethod, notServed, type Shared } from "./load-method.ts";
import { ModelTable } from "./model-table.ts";
import { RequestValidators } from "./request-validators.ts";
import { resolveRef } from "./resolve-ref.ts";
import { SecuritySchemes } from "./security-schemes.ts";

export interface LoadOptions {
  readonly apiId: string;
  /** Default `ignore`, as the import call's own (D). */
  readonly basePathMode?: BasePathMode;
  /** Where the API will be served. Accepted because callers hold it together with the id; no document depends on it. */
  readonly region?: string;
  readonly accountId?: string;
  readonly partition?: string;
}

export interface LoadedRestApi {
  /** Absent when a finding has the effect `load`. */
  readonly api?: RestApi;
  readonly findings: readonly Finding[];
  /** The stage name that the base path suggests. */
  readonly suggestedStage?: string;
}

/**
 * Reads a Swagger 2.0 or OpenAPI 3 document with `x-amazon-apigateway-*` extensions as API Gateway's importer does
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html). Never throws. A method
 * with something not understood has `notServed`; findings with effect `api` keep the API from being served unless the
 * user accepts them.
 */
export function loadOpenApi(document: SourceDocument, options: LoadOptions): LoadedRestApi {
  const root = SourceNode.root(document);
  const report = new Report();
  const isSwagger = readVersion(root, report);
  const paths = root.get("paths");
  if (isSwagger !== undefined && !paths?.isMapping) {
    const message = `paths is ${show(paths?.value)}, wanted a mapping.`;
    report.stopLoad({ rule: "openapi-shape", at: (paths ?? root).at(), message, fix: "Add the paths of the API." });
  }
  if (isSwagger === undefined || !paths?.isMapping) return { findings: report.findings };

  const context: LoadContext = { root, isSwagger, apiId: options.apiId, report, ids: new StableIds(options.apiId) };
  const settings = readApiSettings(context);
  const shared: Shared = {
    schemes: new SecuritySchemes(context),
    models: new ModelTable(context),
    validators: new RequestValidators(context),
  };
  const { prefix, suggestedStage } = readBasePath(context, options.basePathMode ?? "ignore");
  const tree = new ResourceTree(report);
  const unstated: Method[] = [];
  let count = 0;
  for (const pathItem of paths.entries()) {
    if (pathItem.name.startsWith("x-")) {
      if (pathItem.name.startsWith("x-amazon-")) refuseUnknownPathsKey(context, pathItem);
      continue;
    }
    const methods = loadPath(context, shared, pathItem, unstated);
    count += methods.length;
    tree.add(fullPath(context, prefix, pathItem), methods, pathItem.keyAt());
  }
  shared.schemes.reportUnused();
  if (count === 0) {
    // (C) AWS's text when such an API is deployed.
    const message = "The REST API doesn't contain any methods.";
    report.refuseApi({ rule: "api-without-methods", at: paths.keyAt(), message, fix: "Add one." }, options.apiId);
  }
  const api: RestApi = {
    apiId: options.apiId,
    ...settings,
    resources: tree.resources(context.ids),
    authorizers: shared.schemes.authorizers,
    models: shared.models.all(),
    requestValidators: shared.validators.all,
    gatewayResponses: readGatewayResponses(context),
  };
  advise(context, api, unstated);
  return { api, findings: report.findings, ...(suggestedStage === undefined ? {} : { suggestedStage }) };
}

/** True for Swagger 2.0, false for OpenAPI 3; undefined after a finding. */
function readVersion(root: SourceNode, report: Report): boolean | undefined {
  const swagger = root.get("swagger");
  const openapi = root.get("openapi");
  const version = swagger ?? openapi;
  const text = typeof version?.value === "number" ? version.value.toFixed(1) : version?.value;
  if (swagger && !openapi && text === "2.0") return true;
  if (openapi && !swagger && typeof text === "string" && /^3\.[01](?:\.\d+)?$/.test(text)) return false;
  const found = version ? `${version.name} is ${show(version.value)}` : `The document is ${show(root.value)}`;
  const message = `${found}, wanted swagger: "2.0" or openapi: 3.0 or 3.1.`;
  const at = (version ?? root).at();
  report.stopLoad({
    rule: "openapi-version-unsupported",
    at,
    message,
    fix: "Convert the document, or check its first lines.",
  });
  return undefined;
}

function loadPath(context: LoadContext, shared: Shared, given: SourceNode, unstated: Method[]): Method[] {
  const { report } = context;
  const refuseAll = (problem: { rule: string; message: string; fix: string }, at: SourceNode): Method[] => {
    const route = report.route(`ANY ${given.name}`);
    route.refuse({ ...problem, at: at.at() });
    return [{ ...emptyMethod("ANY", given.keyAt()), ...notServed(route) }];
  };
  const resolved = resolveRef(given);
  if (!resolved.ok) {
    const problem = {
      rule: "openapi-ref-unresolved",
      message: resolved.message,
      fix: "Write the path out in this file.",
    };
    return refuseAll(problem, resolved.at);
  }
  const pathItem = resolved.node;
  const [beside] = pathItem === given ? [] : given.entries().filter(({ name }) => name !== "$ref");
  if (beside) {
    const message = `The path ${given.name} stands elsewhere ($ref) and has ${show(beside.name)} here: which of the two counts is not known.`;
    return refuseAll({ rule: "openapi-ref-siblings", message, fix: "Keep one of the two." }, beside);
  }
  if (!pathItem.isMapping) {
    const message = `The path ${given.name} is ${show(pathItem.value)}, wanted a mapping.`;
    return refuseAll({ rule: "openapi-shape", message, fix: "Write its methods." }, given);
  }
  const methods: Method[] = [];
  for (const operation of pathItem.entries()) {
    const httpMethod = methodOf(operation.name);
    if (!httpMethod) continue;
    const route = report.route(`${httpMethod} ${given.name}`);
    const loaded = loadMethod(context, shared, pathItem, operation, httpMethod, route);
    methods.push(loaded.method);
    if (!loaded.isSecurityStated) unstated.push(loaded.method);
  }
  if (pathItem.get("trace")) {
    const message = "API Gateway has no TRACE method.";
    const problem = { rule: "method-unsupported", at: pathItem.get("trace")?.keyAt() ?? given.keyAt(), message };
    report.refuseRoute({ ...problem, fix: "Remove it." }, `TRACE ${given.name}`);
  }
  // An unknown key may be a misspelt method or decide about all of them: the whole path is not served.
  let finding: Finding | undefined;
  eachUnknownField(pathItem, "path", (problem) => {
    finding = report.refuseRoute(problem, `ANY ${given.name}`);
  });
  if (!finding) return methods;
  const refusal = finding;
  const refused = methods.map((each) => ({ ...each, notServed: each.notServed ?? refusal }));
  if (refused.some((each) => each.httpMethod === "ANY")) return refused;
  return [...refused, { ...emptyMethod("ANY", given.keyAt()), notServed: refusal }];
}

function methodOf(key: string): Method["httpMethod"] | undefined {
  if (key === "x-amazon-apigateway-any-method") return "ANY";
  return HTTP_METHODS.find((each) => each.toLowerCase() === key);
}

function fullPath({ report }: LoadContext, prefix: string, pathItem: SourceNode): string {
  const { name } = pathItem;
  if (!name.startsWith("/")) {
    const message = `The path ${show(name)} does not begin with a slash; it is read as if it did.`;
    report.note("warning", { rule: "path-slash", at: pathItem.keyAt(), message, fix: `Write /${name}.` });
    return `${prefix}/${name}`;
  }
  if (name.length > 1 && name.endsWith("/")) {
    const message = `The trailing slash of ${name} means nothing: paths match with and without it.`;
    report.note("info", { rule: "trailing-slash", at: pathItem.keyAt(), message, fix: "Remove it." });
  }
  return prefix + name;
}

function refuseUnknownPathsKey({ report, apiId }: LoadContext, node: SourceNode): void {
  const message = `${node.name} has no meaning in paths and may decide who gets in.`;
  report.refuseApi({ rule: "extension-misplaced", at: node.keyAt(), message, fix: "Move or remove it." }, apiId);
}
