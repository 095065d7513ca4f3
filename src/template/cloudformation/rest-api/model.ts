import type { Model } from "../../../model/rest-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readText } from "../../scalar.ts";
import { isMapping, type SourceNode, show } from "../../source-node.ts";
import { ResourceProblems, readJsonDocument, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";
import { holdsUnresolved } from "./holds-unresolved.ts";

const KEYS = new Set(["ContentType", "Description", "Name", "RestApiId", "Schema"]);
/** What a model is for when it does not say (D: AWS::ApiGateway::Model ContentType). */
const DEFAULT_CONTENT_TYPE = "application/json";
/** Models that every new API has (R). */
export const DEFAULT_MODEL_NAMES: ReadonlySet<string> = new Set(["Empty", "Error"]);
const MODEL_REF = /^https:\/\/apigateway\.[a-z.]*amazonaws\.com(?:\.cn)?\/restapis\/([^/]+)\/models\/([A-Za-z0-9]+)/;

export interface ModelRead {
  readonly model: Model;
  readonly resource: StackResource;
}

/** Reads an AWS::ApiGateway::Model; what is not understood refuses the API, as bodies might pass unchecked. */
export function readModel(
  resource: StackResource,
  apiLogicalId: string,
  { report, refOf }: Pick<StackContext, "report" | "refOf">,
): ModelRead {
  const { properties, logicalId } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The model ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("model-property-unknown", child, message, fix);
  });
  const schemaNode = properties.get("Schema");
  if (holdsUnresolved(schemaNode?.value)) {
    invalid(schemaNode as SourceNode, "a schema with a function that cannot be resolved", "a JSON Schema");
  }
  const schema = readJsonDocument(schemaNode, invalid) ?? {};
  const contentType = readText(properties.get("ContentType"), invalid) ?? DEFAULT_CONTENT_TYPE;
  for (const problem of problems.all) report.refuseApi(problem, apiLogicalId);
  return { model: { name: refOf(resource), contentType, schema }, resource };
}

/** References to models that the API does not have: AWS refuses to create such a model. */
export function refuseUnknownModelRefs(
  read: readonly ModelRead[],
  models: readonly Model[],
  apiId: string,
  apiLogicalId: string,
  { report }: Pick<StackContext, "report">,
): void {
  const names = new Set([...models.map(({ name }) => name), ...DEFAULT_MODEL_NAMES]);
  for (const { model, resource } of read) {
    for (const ref of refsIn(model.schema)) {
      if (ref.startsWith("#")) continue;
      const [, refApi, name = ""] = MODEL_REF.exec(ref) ?? [];
      if (refApi === apiId && names.has(name)) continue;
      const at = resource.properties.get("Schema")?.at() ?? resource.at;
      const message = `The model ${resource.logicalId} refers to ${show(ref)}, which is no model of this API.`;
      const fix = "Write https://apigateway.amazonaws.com/restapis/API_ID/models/NAME.";
      report.refuseApi({ rule: "model-ref-unresolved", at, message, fix }, apiLogicalId);
    }
  }
}

/** The `$ref`s of a schema. */
function refsIn(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(refsIn);
  if (!isMapping(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "$ref" && typeof value === "string" ? [value] : refsIn(value),
  );
}
