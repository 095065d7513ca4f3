import type { Finding } from "../../../model/finding.ts";
import type { Authorizer, HttpApi, HttpApiStage, Integration, Route } from "../../../model/http-api.ts";
import { CUSTOM_ID_TAG } from "../../api-id.ts";
import { eachUnknownKey, type Problem } from "../../report.ts";
import { readBoolean, readText } from "../../scalar.ts";
import { show } from "../../source-node.ts";
import { customIdOf, isApiId } from "../physical-ids.ts";
import type { StackResource } from "../stack.ts";
import { belongsToDomain } from "./custom-domains.ts";
import { readAuthorizer } from "./http-api-authorizer.ts";
import { readCorsConfiguration } from "./http-api-cors.ts";
import { hasDefinition, type ImportHttpApi, importDefinition } from "./http-api-definition.ts";
import { readIntegration } from "./http-api-integration.ts";
import { problemsOfOverrides, QUICK_CREATE_INTEGRATION_ID, quickCreate } from "./http-api-quick-create.ts";
import { readRoute, refuseConflictingRoutes } from "./http-api-route.ts";
import { readStage } from "./http-api-stage.ts";
import { ResourceProblems, readTextMap, referenced, type StackContext } from "./stack-context.ts";

/** An HTTP API of a stack with its stages. */
export interface LoadedHttpApi {
  readonly logicalId: string;
  readonly api: HttpApi;
  readonly stages: readonly HttpApiStage[];
  /** The findings with effect `api` that concern this API: unless all are accepted, it is not served. */
  readonly refusals: readonly Finding[];
}

const API_TYPE = "AWS::ApiGatewayV2::Api";

const KEYS = new Set([
  "BasePath",
  "Body",
  "BodyS3Location",
  "CorsConfiguration",
  "CredentialsArn",
  "Description",
  "DisableExecuteApiEndpoint",
  "FailOnWarnings",
  "IpAddressType",
  "Name",
  "ProtocolType",
  "RouteKey",
  "RouteSelectionExpression",
  "Tags",
  "Target",
  "Version",
  CUSTOM_ID_TAG,
]);
/** The one expression of HTTP APIs (D). */
const ROUTE_SELECTION = "${request.method} ${request.path}";

/** The types that make up an HTTP API, beside the API itself; each names it by `ApiId`. */
const PART_TYPES = new Set(
  ["ApiGatewayManagedOverrides", "Authorizer", "Deployment", "Integration", "Route", "Stage"].map(
    (each) => `AWS::ApiGatewayV2::${each}`,
  ),
);
/** Nothing of an HTTP API depends on these; of WebSocket APIs, which are refused, some would. */
const WEBSOCKET_TYPES = new Set(
  ["IntegrationResponse", "Model", "RouteResponse"].map((each) => `AWS::ApiGatewayV2::${each}`),
);
/** Not parts of an API. */
const OTHER_TYPES = new Set([API_TYPE, "AWS::ApiGatewayV2::VpcLink"]);

/** Reads every AWS::ApiGatewayV2::* resource of a stack. */
export function readHttpApis(
  resources: readonly StackResource[],
  importHttpApi: ImportHttpApi,
  context: StackContext,
): LoadedHttpApi[] {
  const { parts, refusals: shared } = groupByApi(resources, context);
  const apis: LoadedHttpApi[] = [];
  for (const resource of resources) {
    if (resource.type !== API_TYPE) continue;
    const before = context.report.findings.length;
    const loaded = readApi(resource, parts.get(context.refOf(resource)) ?? [], importHttpApi, context);
    const own = context.report.findings.slice(before).filter(({ effect }) => effect === "api");
    if (loaded) apis.push({ logicalId: resource.logicalId, ...loaded, refusals: [...shared, ...own] });
  }
  return apis;
}

interface PartsOfApis {
  /** By the id of the API they belong to. */
  readonly parts: ReadonlyMap<unknown, readonly StackResource[]>;
  /** What may belong to any HTTP API of the stack and cannot be read. */
  readonly refusals: readonly Finding[];
}

/** Sorts the parts by their API; a part of an API that is not in this stack is reported. */
function groupByApi(resources: readonly StackResource[], context: StackContext): PartsOfApis {
  const { report, refOf } = context;
  const parts = new Map<unknown, StackResource[]>();
  for (const resource of resources) if (resource.type === API_TYPE) parts.set(refOf(resource), []);
  const ownIds = new Set(resources.filter(({ type }) => PART_TYPES.has(type)).map(refOf));
  const refusals: Finding[] = [];
  for (const resource of resources) {
    const { type, logicalId, at } = resource;
    if (!type.startsWith("AWS::ApiGatewayV2::") || OTHER_TYPES.has(type) || belongsToDomain(type)) continue;
    const apiId = resource.properties.get("ApiId");
    const own = parts.get(apiId?.value);
    if (own !== undefined) {
      own.push(resource);
      continue;
    }
    const found = `ApiId of ${logicalId} is ${show(apiId?.value)}`;
    const place = apiId?.at() ?? at;
    if (parts.size > 0 && PART_TYPES.has(type) && !isOfAnotherStack(resource, ownIds)) {
      // A route that went missing might leave its requests to a wider neighbour.
      const message = `${found}, wanted the id of an HTTP API of this template.`;
      const problem = { rule: "api-part-misplaced", at: place, message, fix: "Write Ref: API." };
      refusals.push(report.refuseApi(problem, logicalId));
      continue;
    }
    const message = `${found}, which is no HTTP API of this template.`;
    const problem = { rule: "api-not-in-stack", at: place, message, fix: "Load the API's own template." };
    report.note("warning", problem, logicalId);
  }
  return { parts, refusals };
}

/** It names some other API, and nothing in it points into this stack's. */
function isOfAnotherStack({ properties }: StackResource, ownIds: ReadonlySet<string>): boolean {
  const apiId = properties.get("ApiId")?.value;
  if (typeof apiId !== "string" || apiId === "") return false;
  return ["AuthorizerId", "DeploymentId", "Target"].every((name) => {
    const value = properties.get(name)?.value;
    return value === undefined || (typeof value === "string" && !ownIds.has(value.replace(/^integrations\//, "")));
  });
}

function readApi(
  resource: StackResource,
  parts: readonly StackResource[],
  importHttpApi: ImportHttpApi,
  context: StackContext,
): Pick<LoadedHttpApi, "api" | "stages"> | undefined {
  const { properties, logicalId } = resource;
  const { report } = context;
  const problems = new ResourceProblems(resource);
  const protocol = properties.get("ProtocolType");
  if (protocol?.value === "WEBSOCKET") {
    const message = `${logicalId} is a WebSocket API, which is not supported.`;
    const problem = {
      rule: "websocket-unsupported",
      at: protocol.at(),
      message,
      fix: "Remove it from what is served.",
    };
    report.refuseApi(problem, logicalId);
    return undefined;
  }
  for (const part of parts) {
    if (PART_TYPES.has(part.type) || WEBSOCKET_TYPES.has(part.type)) continue;
    const message = `${part.logicalId} has the type ${part.type}, which is not known and may decide who gets in.`;
    report.refuseApi({ rule: "api-part-unknown", at: part.at, message, fix: "Remove it." }, logicalId);
  }
  const apiId = context.refOf(resource);
  const settings = readSettings(resource, apiId, problems);
  const imported = hasDefinition(properties)
    ? importDefinition(resource, apiId, importHttpApi, problems, context)
    : undefined;
  for (const problem of problems.all) report.refuseApi(problem, logicalId);
  if (hasDefinition(properties) && imported === undefined) return undefined;

  const overrides = ofType(parts, "ApiGatewayManagedOverrides");
  const quick = hasDefinition(properties) ? undefined : quickCreate(resource, overrides[0]);
  refuseMisplaced(resource, overrides, quick !== undefined, context);
  const ownAuthorizers = ofType(parts, "Authorizer").map((each) => readAuthorizer(each, context.refOf(each), context));
  const ownIntegrations = ofType(parts, "Integration").map((each) =>
    readIntegration(each, context.refOf(each), context),
  );
  if (quick) ownIntegrations.push(readIntegration(quick.integration, QUICK_CREATE_INTEGRATION_ID, context));
  const authorizers = [...(imported?.authorizers ?? []), ...ownAuthorizers];
  const integrations = [...(imported?.integrations ?? []), ...ownIntegrations];
  const neighbours = {
    authorizers: byId(authorizers, (each: Authorizer) => each.authorizerId),
    integrations: byId(integrations, (each: Integration) => each.integrationId),
  };
  const declared = [...ofType(parts, "Route"), ...(quick ? [quick.route] : [])];
  const ownRoutes = declared.flatMap(
    (each) => readRoute(each, context.refOf(each), logicalId, neighbours, context) ?? [],
  );
  const routes = [...(imported?.routes ?? []), ...(imported ? refuseCombined(ownRoutes, context) : ownRoutes)];
  refuseConflictingRoutes(routes, logicalId, context);
  const deployments = ofType(parts, "Deployment").map((each) => each.properties.get("StageName")?.value);
  const deployed = new Set(deployments.filter((each) => typeof each === "string"));
  const stages = [...ofType(parts, "Stage"), ...(quick ? [quick.stage] : [])].flatMap(
    (each) => readStage(each, apiId, logicalId, deployed, context) ?? [],
  );
  refuseStageTwice(stages, logicalId, context);
  // What the resource says of the API as a whole comes after the import, and so over it (?).
  const api: HttpApi = {
    ...imported,
    ...settings,
    // Whichever of the two closes the endpoint wins.
    disableExecuteApiEndpoint:
      (settings.disableExecuteApiEndpoint ?? false) || (imported?.disableExecuteApiEndpoint ?? false),
    apiId,
    name: settings.name ?? imported?.name ?? logicalId,
    tags: { ...imported?.tags, ...settings.tags },
    routes,
    integrations,
    authorizers,
    at: resource.at,
  };
  return { api, stages };
}

type Settings = Partial<Omit<HttpApi, "routes" | "integrations" | "authorizers" | "at">> & Pick<HttpApi, "tags">;

function readSettings(resource: StackResource, apiId: string, problems: ResourceProblems): Settings {
  const { properties, logicalId } = resource;
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The API ${logicalId} has the property ${show(child.name)}, which has no meaning for an HTTP API.`;
    problems.add("api-property-unknown", child, message, fix);
  });
  const customId = customIdOf(referenced(resource));
  if (customId !== undefined && !(typeof customId === "string" && isApiId(customId))) {
    const message = `${CUSTOM_ID_TAG} of ${logicalId} is ${show(customId)}, wanted 1 to 63 characters of a-z and 0-9; ${apiId} is used.`;
    problems.add("api-id-invalid", properties.get("Tags"), message, "Correct the id.");
  }
  const protocol = properties.get("ProtocolType");
  if (protocol && protocol.value !== "HTTP") invalid(protocol, show(protocol.value), "HTTP");
  if (!hasDefinition(properties)) {
    if (!protocol) problems.missing("ProtocolType", "HTTP");
    if (!properties.get("Name")) problems.missing("Name", "text");
  }
  const selection = properties.get("RouteSelectionExpression");
  if (selection && selection.value !== ROUTE_SELECTION) invalid(selection, show(selection.value), ROUTE_SELECTION);
  const name = readText(properties.get("Name"), invalid);
  const description = properties.get("Description")?.value;
  const version = properties.get("Version")?.value;
  const isDisabled = readBoolean(properties.get("DisableExecuteApiEndpoint"), invalid);
  const corsConfiguration = readCorsConfiguration(properties.get("CorsConfiguration"), problems);
  return {
    ...(name === undefined ? {} : { name }),
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof version === "string" || typeof version === "number" ? { version: String(version) } : {}),
    ...(isDisabled === undefined ? {} : { disableExecuteApiEndpoint: isDisabled }),
    ...(corsConfiguration === undefined ? {} : { corsConfiguration }),
    tags: readTags(resource, problems),
  };
}

/** A mapping as the type has it, or the list of Key and Value that most other types have. */
function readTags({ properties }: StackResource, problems: ResourceProblems): Record<string, string> {
  const node = properties.get("Tags");
  if (!node?.isList) return readTextMap(node, problems.invalid);
  const pairs = node.items().map((item) => [item.get("Key")?.value, item.get("Value")?.value]);
  return Object.fromEntries(pairs.filter((pair) => pair.every((each) => typeof each === "string")));
}

/**
 * (D) "API Gateway doesn't support the combination of OpenAPI and CloudFormation resources" (AWS::ApiGatewayV2::Api
 * Body): what a route beside a Body would do is not known, so it answers 501 and still hides what lies behind it.
 */
function refuseCombined(routes: readonly Route[], { report }: StackContext): Route[] {
  return routes.map((route) => {
    const message = `The route ${route.routeKey} stands beside an API with a Body, which API Gateway does not support.`;
    const problem = { rule: "route-beside-body", at: route.at, message, fix: "Move the route into the definition." };
    return { ...route, notServed: route.notServed ?? report.refuseRoute(problem, route.routeKey) };
  });
}

function refuseMisplaced(
  { properties, logicalId }: StackResource,
  overrides: readonly StackResource[],
  isQuick: boolean,
  { report }: StackContext,
): void {
  const refuse = (problem: Problem): void => void report.refuseApi(problem, logicalId);
  for (const problem of overrides.flatMap(problemsOfOverrides)) refuse(problem);
  if (overrides.length > (isQuick ? 1 : 0)) {
    const extra = overrides.at(-1) as StackResource;
    const message = isQuick
      ? `${logicalId} has several ApiGatewayManagedOverrides, wanted one.`
      : `${extra.logicalId} overrides what ${logicalId} does not have: it is not quick-created.`;
    refuse({ rule: "managed-overrides-misplaced", at: extra.at, message, fix: "Remove it." });
  }
  if (isQuick) return;
  for (const name of ["RouteKey", "CredentialsArn", "Target"]) {
    const node = properties.get(name);
    if (!node) continue;
    const message = `${name} of ${logicalId} belongs to a quick-created API: one with a Target and without a definition.`;
    refuse({ rule: "quick-create-incomplete", at: node.at(), message, fix: "Add Target, or remove it." });
  }
}

function refuseStageTwice(stages: readonly HttpApiStage[], logicalId: string, { report }: StackContext): void {
  const seen = new Set<string>();
  for (const { stageName, at } of stages) {
    if (seen.has(stageName)) {
      const message = `The API ${logicalId} has two stages named ${stageName}.`;
      report.refuseApi({ rule: "stage-name-conflict", at, message, fix: "Rename one." }, logicalId);
    }
    seen.add(stageName);
  }
}

function ofType(parts: readonly StackResource[], kind: string): StackResource[] {
  return parts.filter(({ type }) => type === `AWS::ApiGatewayV2::${kind}`);
}

function byId<Item>(items: readonly Item[], idOf: (item: Item) => string): Map<string, Item> {
  return new Map(items.map((item) => [idOf(item), item]));
}
