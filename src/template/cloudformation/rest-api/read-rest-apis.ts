import type { Finding } from "../../../model/finding.ts";
import type { Method, RestApi } from "../../../model/rest-api.ts";
import { Report } from "../../report.ts";
import { StableIds } from "../../resource-id.ts";
import { ResourceTree } from "../../resource-tree.ts";
import { ResourceProblems, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";
import type { LoadedRestApi } from "../stack-readers.ts";
import { Authorizers } from "./authorizer.ts";
import { readGatewayResponse } from "./gateway-response.ts";
import { groupByApi, ofType, REST_API_TYPE } from "./group-by-api.ts";
import { type MethodNeighbours, readMethod } from "./method.ts";
import { readModel, refuseUnknownModelRefs } from "./model.ts";
import { readRequestValidator } from "./request-validator.ts";
import { type PlacedResource, readResourcePaths } from "./resource-path.ts";
import { hasDefinition, importDefinition } from "./rest-api-definition.ts";
import { readRestApiSettings } from "./rest-api-settings.ts";
import { readStages } from "./stage.ts";

/**
 * Reads every AWS::ApiGateway::* resource of a stack
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html). What is not understood
 * inside a method keeps that method from being served; what may decide about more than one, the API.
 */
export function readRestApis(
  resources: readonly StackResource[],
  given: StackContext,
): { readonly restApis: readonly LoadedRestApi[]; readonly findings: readonly Finding[] } {
  const report = new Report();
  const context: StackContext = { ...given, report };
  const { partsOf, refusals: shared } = groupByApi(resources, context);
  const restApis: LoadedRestApi[] = [];
  for (const resource of resources) {
    if (resource.type !== REST_API_TYPE) continue;
    const before = report.findings.length;
    const loaded = readApi(resource, partsOf.get(context.refOf(resource)) ?? [], context);
    const own = report.findings.slice(before).filter(({ effect }) => effect === "api");
    if (loaded) restApis.push({ ...loaded, refusals: [...shared, ...own] });
  }
  return { restApis, findings: report.findings };
}

function readApi(
  resource: StackResource,
  parts: readonly StackResource[],
  context: StackContext,
): Pick<LoadedRestApi, "api" | "stages"> | undefined {
  const { properties, logicalId } = resource;
  const { report } = context;
  const apiId = context.refOf(resource);
  const problems = new ResourceProblems(resource);
  const settings = readRestApiSettings(resource, apiId, problems, context);
  const imported = hasDefinition(properties) ? importDefinition(resource, apiId, problems, context) : undefined;
  for (const problem of problems.all) report.refuseApi(problem, logicalId);
  if (hasDefinition(properties) && imported === undefined) return undefined;

  const authorizers = new Authorizers(ofType(parts, "Authorizer"), context);
  const models = ofType(parts, "Model").map((each) => readModel(each, logicalId, context));
  const validators = ofType(parts, "RequestValidator").map((each) => readRequestValidator(each, logicalId, context));
  const gatewayResponses = ofType(parts, "GatewayResponse").flatMap(
    (each) => readGatewayResponse(each, logicalId, context) ?? [],
  );
  const allModels = [...(imported?.models ?? []), ...models.map(({ model }) => model)];
  refuseUnknownModelRefs(models, allModels, apiId, logicalId, context);
  const neighbours: MethodNeighbours = {
    authorizers,
    modelNames: new Set(allModels.map(({ name }) => name)),
    validatorIds: new Set([...(imported?.requestValidators ?? []), ...validators].map(({ id }) => id)),
  };
  const placed = readResourcePaths(resource, ofType(parts, "Resource"), context);
  const resourcesOfApi = readResources(resource, placed, ofType(parts, "Method"), neighbours, imported, context);
  authorizers.reportUnused();
  refuseTwice(allModels, ({ name }) => name, "models", resource, context);
  refuseTwice(gatewayResponses, ({ responseType }) => responseType, "gateway responses", resource, context);
  const stages = readStages(resource, ofType(parts, "Stage"), ofType(parts, "Deployment"), resourcesOfApi, context);

  const own = new Set(gatewayResponses.map(({ responseType }) => responseType));
  const { policy = imported?.policy, ...rest } = settings;
  const api: RestApi = {
    binaryMediaTypes: [],
    apiKeySource: "HEADER",
    ...imported,
    ...rest,
    apiId,
    name: settings.name ?? imported?.name ?? logicalId,
    // Whichever of the two closes the endpoint wins.
    disableExecuteApiEndpoint:
      (settings.disableExecuteApiEndpoint ?? false) || (imported?.disableExecuteApiEndpoint ?? false),
    ...(policy === undefined ? {} : { policy }),
    tags: { ...imported?.tags, ...settings.tags },
    resources: resourcesOfApi,
    authorizers: [...(imported?.authorizers ?? []), ...authorizers.all],
    models: allModels,
    requestValidators: [...(imported?.requestValidators ?? []), ...validators],
    gatewayResponses: [
      ...(imported?.gatewayResponses ?? []).filter(({ responseType }) => !own.has(responseType)),
      ...gatewayResponses,
    ],
  };
  return { api, stages };
}

/** The tree of resources with their methods, under the ids that `Ref` gives. */
function readResources(
  resource: StackResource,
  placed: ReadonlyMap<string, PlacedResource>,
  methods: readonly StackResource[],
  neighbours: MethodNeighbours,
  imported: RestApi | undefined,
  context: StackContext,
): RestApi["resources"] {
  const { report } = context;
  const { logicalId } = resource;
  const byResource = new Map<string, MethodsOfResource>();
  const methodCount = methods.length;
  for (const each of methods) {
    const node = each.properties.get("ResourceId");
    const place = typeof node?.value === "string" ? placed.get(node.value) : undefined;
    if (place === undefined) {
      const message = `ResourceId of ${each.logicalId} is no resource of the API ${logicalId}: without the method a wider one might answer in its place.`;
      const problem = { rule: "method-resource-unknown", at: node?.at() ?? each.at, message };
      report.refuseApi({ ...problem, fix: "Write Ref: RESOURCE, or Fn::GetAtt: [API, RootResourceId]." }, logicalId);
      continue;
    }
    const { method, isVerbKnown } = readMethod(each, place.path, neighbours, context);
    const own = byResource.get(place.id) ?? { methods: [], closed: undefined };
    byResource.set(place.id, own);
    if (!isVerbKnown) own.closed ??= method;
    else own.methods.push(imported ? refuseBesideBody(method, place.path, context) : method);
  }
  if (methodCount === 0 && imported === undefined) {
    // (C) AWS's text when such an API is deployed.
    const message = "The REST API doesn't contain any methods.";
    report.refuseApi({ rule: "api-without-methods", at: resource.at, message, fix: "Add one." }, logicalId);
  }
  if (imported !== undefined && methodCount === 0 && placed.size <= 1) return imported.resources;

  const tree = new ResourceTree(report);
  const ids = new Map<string, string>();
  for (const { id, path, resourceMethods } of imported?.resources ?? []) {
    ids.set(path, id);
    tree.add(path, resourceMethods, resourceMethods[0]?.at ?? resource.at);
  }
  for (const { id, path, at } of placed.values()) {
    if (imported === undefined || !ids.has(path)) ids.set(path, id);
    tree.add(path, methodsOf(byResource.get(id)), at);
  }
  const made = tree.resources(new StableIds(context.refOf(resource)));
  return made.map((each) => ({ ...each, id: ids.get(each.path) ?? each.id }));
}

interface MethodsOfResource {
  readonly methods: Method[];
  /** A method of this resource whose verb cannot be read: it may be any of them. */
  closed: Method | undefined;
}

function methodsOf({ methods, closed }: MethodsOfResource = { methods: [], closed: undefined }): readonly Method[] {
  if (closed?.notServed === undefined) return methods;
  const finding = closed.notServed;
  const refused = methods.map((each) => ({ ...each, notServed: each.notServed ?? finding }));
  return refused.some(({ httpMethod }) => httpMethod === "ANY") ? refused : [...refused, closed];
}

/**
 * Which of the two stands after an update depends on the order AWS works in (D: RestApi Mode), so a method beside a
 * Body answers 501, and still hides what lies behind it.
 */
function refuseBesideBody(method: Method, path: string, { report }: StackContext): Method {
  if (method.notServed) return method;
  const route = `${method.httpMethod} ${path}`;
  const message = `${route} stands beside an API with a Body; an update with Mode overwrite would remove it.`;
  const problem = { rule: "method-beside-body", at: method.at, message, fix: "Move the method into the definition." };
  return { ...method, notServed: report.refuseRoute(problem, route) };
}

function refuseTwice<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  what: string,
  { logicalId, at }: StackResource,
  { report }: StackContext,
): void {
  const seen = new Set<string>();
  for (const item of items) {
    const name = nameOf(item);
    if (seen.has(name)) {
      const message = `The API ${logicalId} has two ${what} named ${name}.`;
      report.refuseApi({ rule: "api-part-twice", at, message, fix: "Remove or rename one." }, logicalId);
    }
    seen.add(name);
  }
}
