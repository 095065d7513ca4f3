import type { RestApi } from "../../../model/rest-api.ts";
import { loadOpenApi } from "../../openapi/load-rest-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readWord } from "../../scalar.ts";
import { SourceNode, show } from "../../source-node.ts";
import { definitionDocument, hasDefinition } from "../resources/http-api-definition.ts";
import type { ResourceProblems, StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";
import { holdsUnresolved } from "./holds-unresolved.ts";

export { hasDefinition };

/** What the import call takes as its query (D: PutRestApi parameters). */
const PARAMETER_KEYS = new Set(["basepath", "endpointConfigurationTypes", "ignore"]);

/** Imports `Body` or `BodyS3Location` as the OpenAPI importer does; undefined, after findings, without an API. */
export function importDefinition(
  resource: StackResource,
  apiId: string,
  problems: ResourceProblems,
  context: StackContext,
): RestApi | undefined {
  const { properties, logicalId } = resource;
  const { invalid } = problems;
  const document = definitionDocument(properties, problems, context);
  const parameters = properties.get("Parameters");
  if (parameters) {
    if (!parameters.isMapping) invalid(parameters, show(parameters.value), "a mapping");
    eachUnknownKey(parameters, PARAMETER_KEYS, (child, fix) => {
      const message = `Parameters of ${logicalId} has the unknown import parameter ${show(child.name)}.`;
      problems.add("api-property-unknown", child, message, fix);
    });
  }
  const basePathMode = readWord(parameters?.get("basepath"), ["ignore", "prepend", "split"], invalid);
  const types = parameters?.get("endpointConfigurationTypes");
  if (types && types.value !== "REGIONAL" && types.value !== "EDGE") {
    const message = `endpointConfigurationTypes is ${show(types.value)}, and only REGIONAL and EDGE are supported: everybody could reach the API here.`;
    problems.add("endpoint-private-unsupported", types, message, "Make it REGIONAL for use outside AWS.");
  }
  if (document === undefined) return undefined;
  const policy = SourceNode.root(document).get("x-amazon-apigateway-policy");
  if (policy && holdsUnresolved(policy.value)) {
    invalid(policy, "a document with a function that cannot be resolved", "a policy document");
  }
  const loaded = loadOpenApi(document, { apiId, ...(basePathMode === undefined ? {} : { basePathMode }) });
  context.report.findings.push(...loaded.findings);
  // Advice is ours; AWS warns of what it drops.
  const warning = loaded.findings.find(({ effect }) => effect !== "none");
  if (warning && readBoolean(properties.get("FailOnWarnings"), invalid)) {
    const message = `FailOnWarnings is set, and the definition has a warning: ${warning.message}`;
    problems.add("import-warnings", properties.get("FailOnWarnings"), message, "Resolve the warning, or remove it.");
  }
  return loaded.api;
}
