import type { RouteReport } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";
import type { ModelTable } from "./model-table.ts";
import { PARAMETER_NAME } from "./parameter-map.ts";
import { resolveRef } from "./resolve-ref.ts";

export interface MethodRequest {
  readonly requestParameters: Readonly<Record<string, boolean>>;
  readonly requestModels: Readonly<Record<string, string>>;
}

const LOCATIONS: Readonly<Record<string, string>> = { header: "header", query: "querystring", path: "path" };
const JSON_TYPE = "application/json";

/** The method request: parameters of the path and the operation (the operation's win), and the body's models. */
export function readMethodRequest(
  context: LoadContext,
  models: ModelTable,
  pathItem: SourceNode,
  operation: SourceNode,
  route: RouteReport,
): MethodRequest {
  const requestParameters = new Map<string, boolean>();
  const requestModels = new Map<string, string>();
  const locations = new Map<string, string>();
  for (const parameter of mergedParameters(pathItem, operation, route)) {
    const place = parameter.get("in")?.value;
    if (place === "body") {
      addModels(requestModels, bodyTypes(context, operation), parameter.get("schema"), models, route);
      continue;
    }
    const location = typeof place === "string" && Object.hasOwn(LOCATIONS, place) ? LOCATIONS[place] : undefined;
    const name = parameter.get("name")?.value;
    if (location === undefined) {
      noteUnsupportedPlace(parameter, place, route);
      continue;
    }
    if (typeof name !== "string" || !PARAMETER_NAME.test(name)) {
      const message = `The parameter's name is ${show(name)}, wanted letters, digits and . _ $ -.`;
      refuse(route, parameter.get("name") ?? parameter, message, "Correct the name.");
      continue;
    }
    const other = locations.get(name);
    if (other !== undefined && other !== location) {
      // (R) AWS's text.
      const message = `${name} is a parameter twice (AWS: Parameter names must be unique across querystring, header and path).`;
      refuse(route, parameter, message, "Rename one of the two.");
    }
    locations.set(name, location);
    const required = parameter.get("required");
    if (required && typeof required.value !== "boolean") {
      refuse(route, required, `required of ${name} is ${show(required.value)}, wanted true or false.`, "Correct it.");
    }
    // (R) Path parameters are always required.
    const isRequired = location === "path" || required?.value === true;
    requestParameters.set(`method.request.${location}.${name}`, isRequired);
  }
  const body = operation.get("requestBody");
  if (body) {
    const resolved = resolveRef(body);
    if (!resolved.ok) refuseRef(route, resolved);
    else {
      const content = resolved.node.get("content");
      const isOdd = (node: SourceNode | undefined): boolean => !!node && node.value !== null && !node.isMapping;
      // A body whose model went missing would pass unchecked.
      for (const odd of [resolved.node, content, ...(content?.entries() ?? [])].filter(isOdd)) {
        if (odd) refuse(route, odd, `${odd.name} is ${show(odd.value)}, wanted a mapping.`, "Correct it.");
      }
      for (const media of content?.entries() ?? []) {
        addModels(requestModels, [media.name], media.get("schema"), models, route);
      }
    }
  }
  return {
    requestParameters: Object.fromEntries(requestParameters),
    requestModels: Object.fromEntries(requestModels),
  };
}

/** Swagger's content types of an operation, its own or the document's. */
export function mediaTypes(context: LoadContext, operation: SourceNode, key: "consumes" | "produces"): string[] {
  const node = operation.get(key) ?? context.root.get(key);
  const types = (node?.items() ?? []).flatMap((item) => (typeof item.value === "string" ? item.value : []));
  return types.length > 0 ? types : [JSON_TYPE];
}

function bodyTypes(context: LoadContext, operation: SourceNode): string[] {
  return mediaTypes(context, operation, "consumes");
}

function addModels(
  requestModels: Map<string, string>,
  types: readonly string[],
  schema: SourceNode | undefined,
  models: ModelTable,
  route: RouteReport,
): void {
  for (const type of types) {
    const model = models.nameOf(schema, type, route);
    if (model !== undefined) requestModels.set(type, model);
  }
}

function mergedParameters(pathItem: SourceNode, operation: SourceNode, route: RouteReport): SourceNode[] {
  const merged = new Map<string, SourceNode>();
  for (const holder of [pathItem.get("parameters"), operation.get("parameters")]) {
    if (!holder || holder.value === null) continue;
    if (!holder.isList) refuse(route, holder, `parameters is ${show(holder.value)}, wanted a list.`, "Write a list.");
    for (const item of holder.items()) {
      const resolved = resolveRef(item);
      if (!resolved.ok) refuseRef(route, resolved);
      else if (!resolved.node.isMapping) {
        refuse(route, item, `A parameter is ${show(item.value)}, wanted a mapping.`, "Write name and in.");
      } else {
        const { node } = resolved;
        merged.set(JSON.stringify([node.get("in")?.value, node.get("name")?.value]), node);
      }
    }
  }
  return [...merged.values()];
}

function noteUnsupportedPlace(parameter: SourceNode, place: unknown, route: RouteReport): void {
  const at = (parameter.get("in") ?? parameter).at();
  if (place === "cookie" || place === "formData") {
    const message = `API Gateway drops parameters in ${place}: ${show(parameter.get("name")?.value)} is not checked.`;
    route.note("info", { rule: "parameter-dropped", at, message, fix: "Check it in the backend." });
  } else {
    const message = `The parameter is in ${show(place)}, wanted header, query or path.`;
    route.refuse({ rule: "parameter-invalid", at, message, fix: "Correct the place." });
  }
}

function refuse(route: RouteReport, node: SourceNode, message: string, fix: string): void {
  route.refuse({ rule: "parameter-invalid", at: node.at(), message, fix });
}

function refuseRef(route: RouteReport, bad: { readonly message: string; readonly at: SourceNode }): void {
  route.refuse({ rule: "openapi-ref-unresolved", at: bad.at.at(), message: bad.message, fix: "Correct it." });
}
