import type { ApiKey } from "../../../model/usage-plan.ts";
import { isApiKeyValue, MAX_API_KEY_NAME_CHARACTERS, WANTED_API_KEY_VALUE } from "../../api-key-value.ts";
import { readBoolean } from "../../scalar.ts";
import { kindOf } from "../../source-node.ts";
import { generatedName } from "../physical-ids.ts";
import type { StackResource } from "../stack.ts";
import { ResourceProblems, readScalarText, refuseUnknownKeys, type StackContext } from "./stack-context.ts";

const KEYS = ["CustomerId", "Description", "Enabled", "GenerateDistinctId", "Name", "StageKeys", "Tags", "Value"];

/**
 * Reads every AWS::ApiGateway::ApiKey
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-apikey.html). One that
 * is not understood opens nothing: it is left out. `StageKeys` are from before there were usage plans.
 */
export function readApiKeys(resources: readonly StackResource[], context: StackContext): ApiKey[] {
  return resources.flatMap((each) =>
    each.type === "AWS::ApiGateway::ApiKey" ? (readApiKey(each, context) ?? []) : [],
  );
}

function readApiKey(resource: StackResource, { place, report, refOf }: StackContext): ApiKey | undefined {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, KEYS, problems);
  const name = readScalarText(properties.get("Name"), problems.invalid) ?? generatedName(place, logicalId);
  if (name.length > MAX_API_KEY_NAME_CHARACTERS) {
    const message = `The name of ${logicalId} has ${name.length} characters, wanted at most ${MAX_API_KEY_NAME_CHARACTERS}.`;
    problems.add("resource-property-invalid", properties.get("Name"), message, "Shorten it.");
  }
  const valueNode = properties.get("Value");
  // It opens methods: no message shows it. Empty text asks for one that is made (R).
  const value = readScalarText(valueNode, (node) => {
    problems.invalid(node, kindOf(node.value), "text");
  });
  if (valueNode && value && !isApiKeyValue(value)) {
    problems.invalid(valueNode, `text of ${value.length} characters`, WANTED_API_KEY_VALUE);
  }
  const enabledNode = properties.get("Enabled");
  // (R) A key that is made without saying so is disabled; its resource type documents no other default.
  const enabled = readBoolean(enabledNode, problems.invalid) ?? false;
  for (const problem of problems.all) report.note("error", problem, logicalId);
  if (problems.all.length > 0) return undefined;
  if (!enabled) {
    const message = `The API key ${logicalId} is ${enabledNode ? "disabled" : "disabled, as AWS makes keys that do not say Enabled"}: it opens nothing.`;
    report.note("info", { rule: "api-key-disabled", at, message, fix: "Set Enabled: true to use it." }, logicalId);
  }
  return { id: refOf(resource), name, ...(value && { value }), enabled, at };
}
