import type { Finding } from "../../../model/finding.ts";
import type { HttpApi, Route } from "../../../model/http-api.ts";
import type { SourceDocument } from "../../document.ts";
import { Report } from "../../report.ts";
import { StableIds } from "../../resource-id.ts";
import { SourceNode, show } from "../../source-node.ts";
import { type BasePathMode, readBasePath } from "../base-path.ts";
import { eachUnknownField } from "../extensions.ts";
import { HttpApiAuthorizers } from "./authorizers.ts";
import { readCors } from "./cors.ts";
import { HttpApiIntegrations } from "./integrations.ts";
import { isRoutePath } from "./route-path.ts";
import { readRouteSecurity } from "./route-security.ts";

export interface LoadHttpApiOptions {
  readonly apiId: string;
  /** Default `ignore`, as the import call's own (D). */
  readonly basePathMode?: BasePathMode;
  /** Makes warnings errors, as the import call's own (D). */
  readonly failOnWarnings?: boolean;
}

export interface LoadedHttpApiDefinition {
  /** Absent when a finding has the effect `load`. */
  readonly api?: HttpApi;
  readonly findings: readonly Finding[];
}

/** What every part of one load needs. */
export interface HttpApiContext {
  readonly root: SourceNode;
  readonly apiId: string;
  readonly report: Report;
  readonly ids: StableIds;
}

const VERBS = ["get", "put", "post", "delete", "options", "head", "patch"];
const ANY_METHOD = "x-amazon-apigateway-any-method";

/** Known to REST APIs and ignored for HTTP APIs (D). */
const IGNORED = [
  "x-amazon-apigateway-request-validator",
  "x-amazon-apigateway-request-validators",
  "x-amazon-apigateway-gateway-responses",
  "x-amazon-apigateway-documentation",
  "x-amazon-apigateway-policy",
  "x-amazon-apigateway-binary-media-types",
  "x-amazon-apigateway-minimum-compression-size",
  "x-amazon-apigateway-api-key-source",
];

/**
 * Reads an OpenAPI 3 document with `x-amazon-apigateway-*` extensions as API Gateway's importer for HTTP APIs does
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html). Never throws. A route with
 * something not understood has `notServed`; findings with effect `api` keep the API from being served.
 */
export function loadHttpApi(document: SourceDocument, options: LoadHttpApiOptions): LoadedHttpApiDefinition {
  const root = SourceNode.root(document);
  const report = new Report();
  const { apiId } = options;
  const version = root.get("openapi");
  const paths = root.get("paths");
  if (typeof version?.value !== "string" || !/^3\.\d/.test(version.value)) {
    const found = root.get("swagger") ? "Swagger 2.0" : `openapi ${show(version?.value)}`;
    const message = `The document is ${found}, wanted OpenAPI 3: HTTP APIs import no other.`; // (D)
    report.stopLoad({ rule: "openapi-version", at: (version ?? root).at(), message, fix: "Convert it to OpenAPI 3." });
  } else if (paths !== undefined && !paths.isMapping) {
    const message = `paths is ${show(paths.value)}, wanted a mapping.`;
    report.stopLoad({ rule: "openapi-shape", at: paths.at(), message, fix: "Add the paths of the API." });
  }
  if (report.findings.length > 0) return { findings: report.findings };

  const context: HttpApiContext = { root, apiId, report, ids: new StableIds(apiId) };
  eachUnknownField(root, "root", (problem) => report.refuseApi(problem, apiId));
  for (const key of IGNORED) {
    const ignored = root.get(key);
    if (!ignored) continue;
    const message = `${key} has no effect on an HTTP API.`;
    const severity = key.endsWith("policy") ? "warning" : "info";
    report.note(severity, { rule: "rest-api-only", at: ignored.keyAt(), message, fix: "Remove it." });
  }
  const authorizers = new HttpApiAuthorizers(context);
  const integrations = new HttpApiIntegrations(context);
  const { prefix } = readBasePath({ ...context, isSwagger: false }, options.basePathMode ?? "ignore");
  const routes: Route[] = [];
  for (const path of paths?.entries() ?? []) {
    if (path.name.startsWith("x-") && !path.name.startsWith("x-amazon-")) continue;
    routes.push(...readPath(path, prefix, context, authorizers, integrations));
  }
  const info = root.get("info");
  const text = (name: string): string | undefined => {
    const value = info?.get(name)?.value;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [description, apiVersion] = [text("description"), text("version")];
  const cors = readCors(context);
  const api: HttpApi = {
    apiId,
    name: text("title") ?? apiId,
    ...(description !== undefined && { description }),
    ...(apiVersion !== undefined && { version: apiVersion }),
    ...(cors && { corsConfiguration: cors }),
    disableExecuteApiEndpoint: readDisabled(context),
    routes,
    integrations: integrations.all,
    authorizers: authorizers.all,
    tags: readTags(root.get("tags")),
    at: root.at(),
  };
  if (options.failOnWarnings && report.findings.some(({ severity }) => severity !== "info")) {
    const [first] = report.findings.filter(({ severity }) => severity !== "info");
    const message = `FailOnWarnings is set, and the definition has a warning: ${first?.message ?? ""}`;
    report.refuseApi({ rule: "import-warnings", at: first?.at ?? root.at(), message, fix: "Mend it." }, apiId);
  }
  return { api, findings: report.findings };
}

function readPath(
  path: SourceNode,
  prefix: string,
  context: HttpApiContext,
  authorizers: HttpApiAuthorizers,
  integrations: HttpApiIntegrations,
): Route[] {
  const { report, apiId } = context;
  const isDefault = path.name === "$default" || path.name === "/$default";
  if (!isDefault && !isRoutePath(path.name)) {
    const message = `The path ${show(path.name)} is no route: each segment is text, {name} or, at the end, {name+}; it ends in no slash.`;
    report.refuseApi({ rule: "route-key-invalid", at: path.keyAt(), message, fix: "Correct the path." }, apiId);
    return [];
  }
  if (!path.isMapping) {
    const message = `The path ${path.name} is ${show(path.value)}, wanted its operations.`;
    report.refuseApi({ rule: "openapi-shape", at: path.keyAt(), message, fix: "Write its operations." }, apiId);
    return [];
  }
  eachUnknownField(path, "path", (problem) => report.refuseApi(problem, apiId));
  const ref = path.get("$ref");
  if (ref) {
    // What the importer does with it is not known (?): routes that went missing would leave their requests to wider ones.
    const message = `The path ${path.name} stands elsewhere ($ref), which is not read for HTTP APIs.`;
    report.refuseApi({ rule: "path-ref-unsupported", at: ref.keyAt(), message, fix: "Write it out here." }, apiId);
  }
  const routes: Route[] = [];
  for (const operation of path.entries()) {
    const verb = operation.name === ANY_METHOD ? "ANY" : operation.name.toUpperCase();
    const isVerb = operation.name === ANY_METHOD || VERBS.includes(operation.name);
    if (!isVerb) {
      if (operation.name !== "trace") continue;
      const message = `${path.name} has a trace operation, which no route can have.`;
      report.note("warning", { rule: "route-method-unsupported", at: operation.keyAt(), message, fix: "Remove it." });
      continue;
    }
    const isDefaultRoute = isDefault || operation.get("isDefaultRoute")?.value === true;
    const routeKey = isDefaultRoute ? "$default" : `${verb} ${prefix}${path.name}`;
    routes.push(readRoute(operation, routeKey, context, authorizers, integrations));
  }
  return routes;
}

function readRoute(
  operation: SourceNode,
  routeKey: string,
  context: HttpApiContext,
  authorizers: HttpApiAuthorizers,
  integrations: HttpApiIntegrations,
): Route {
  const { report, ids } = context;
  const route = report.route(routeKey);
  eachUnknownField(operation, "operation", (problem) => {
    if (!problem.message.startsWith('The key "isDefaultRoute" ')) route.refuse(problem);
  });
  const auth = operation.get("x-amazon-apigateway-auth") ?? context.root.get("x-amazon-apigateway-auth");
  if (auth && auth.get("type")?.value !== "NONE") {
    const message = `x-amazon-apigateway-auth asks for ${show(auth.get("type")?.value)}, which only REST APIs know.`;
    route.refuse({ rule: "rest-api-only", at: auth.keyAt(), message, fix: "Use a security scheme." });
  }
  const security = readRouteSecurity(operation, context, authorizers, route);
  const integrationId = integrations.read(operation, routeKey, route);
  const operationName = operation.get("operationId")?.value;
  return {
    routeId: ids.route(routeKey),
    routeKey,
    ...security,
    ...(typeof operationName === "string" && { operationName }),
    ...(integrationId !== undefined && { integrationId }),
    at: operation.keyAt(),
    ...(route.notServed && { notServed: route.notServed }),
  };
}

function readDisabled({ root, report, apiId }: HttpApiContext): boolean {
  const key = "x-amazon-apigateway-endpoint-configuration";
  const nodes = [root.get(key), root.get("servers")?.get(0)?.get(key)];
  return nodes.some((node) => {
    const disabled = node?.get("disableExecuteApiEndpoint");
    if (disabled === undefined || disabled.value === false || disabled.value === "false") return false;
    if (disabled.value !== true && disabled.value !== "true") {
      const message = `disableExecuteApiEndpoint is ${show(disabled.value)}, wanted true or false.`;
      report.refuseApi({ rule: "api-setting-invalid", at: disabled.at(), message, fix: "Correct it." }, apiId);
    }
    return true;
  });
}

function readTags(node: SourceNode | undefined): Record<string, string> {
  const entries: [string, string][] = [];
  for (const tag of node?.items() ?? []) {
    const name = tag.get("name")?.value;
    const value = tag.get("x-amazon-apigateway-tag-value")?.value;
    if (typeof name === "string" && typeof value === "string") entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}
