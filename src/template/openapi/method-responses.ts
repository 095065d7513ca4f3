import type { MethodResponse } from "../../model/rest-api.ts";
import type { RouteReport } from "../report.ts";
import { STATUS_CODE } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";
import { mediaTypes } from "./method-request.ts";
import type { ModelTable } from "./model-table.ts";
import { PARAMETER_NAME } from "./parameter-map.ts";
import { resolveRef } from "./resolve-ref.ts";

/** The method responses: one per declared status, with header names and models (R). */
export function readMethodResponses(
  context: LoadContext,
  models: ModelTable,
  operation: SourceNode,
  route: RouteReport,
): MethodResponse[] {
  const holder = operation.get("responses");
  if (!holder || holder.value === null) return [];
  if (!holder.isMapping) {
    const message = `responses is ${show(holder.value)}, wanted a mapping of statuses.`;
    route.refuse({ rule: "openapi-shape", at: holder.at(), message, fix: "Correct it." });
  }
  const responses: MethodResponse[] = [];
  for (const given of holder.entries()) {
    if (given.name.startsWith("x-")) continue;
    if (!STATUS_CODE.test(given.name)) {
      const message = `API Gateway drops the response ${show(given.name)}: a method response has one status from 100 to 599.`;
      const fix = "Declare the statuses the integration answers with.";
      if (given.name !== "default") route.note("info", { rule: "response-dropped", at: given.keyAt(), message, fix });
      continue;
    }
    const resolved = resolveRef(given);
    if (!resolved.ok) {
      const { message, at } = resolved;
      route.refuse({ rule: "openapi-ref-unresolved", at: at.at(), message, fix: "Correct it." });
      continue;
    }
    responses.push({
      statusCode: given.name,
      responseParameters: readHeaders(resolved.node.get("headers"), route),
      responseModels: readModels(context, models, operation, resolved.node, route),
    });
  }
  return responses;
}

function readHeaders(node: SourceNode | undefined, route: RouteReport): Record<string, boolean> {
  const entries: [string, boolean][] = [];
  for (const header of node?.entries() ?? []) {
    if (PARAMETER_NAME.test(header.name)) entries.push([`method.response.header.${header.name}`, false]);
    else {
      const message = `The header's name is ${show(header.name)}, wanted letters, digits and . _ $ -.`;
      route.refuse({ rule: "parameter-invalid", at: header.keyAt(), message, fix: "Correct the name." });
    }
  }
  return Object.fromEntries(entries);
}

function readModels(
  context: LoadContext,
  models: ModelTable,
  operation: SourceNode,
  response: SourceNode,
  route: RouteReport,
): Record<string, string> {
  const schemas: [string, SourceNode | undefined][] = context.isSwagger
    ? response.get("schema")
      ? mediaTypes(context, operation, "produces").map((type) => [type, response.get("schema")])
      : []
    : (response.get("content")?.entries() ?? []).map((media) => [media.name, media.get("schema")]);
  const entries: [string, string][] = [];
  for (const [type, schema] of schemas) {
    const model = models.nameOf(schema, type, route);
    if (model !== undefined) entries.push([type, model]);
  }
  return Object.fromEntries(entries);
}
