import type { RequestValidator } from "../../../model/rest-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readText } from "../../scalar.ts";
import { show } from "../../source-node.ts";
import { ResourceProblems, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";

const KEYS = new Set(["Name", "RestApiId", "ValidateRequestBody", "ValidateRequestParameters"]);

/** Reads an AWS::ApiGateway::RequestValidator; what is not understood refuses the API. */
export function readRequestValidator(
  resource: StackResource,
  apiLogicalId: string,
  { report, refOf }: StackContext,
): RequestValidator {
  const { properties, logicalId } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The request validator ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("request-validator-invalid", child, message, fix);
  });
  const validator: RequestValidator = {
    id: refOf(resource),
    name: readText(properties.get("Name"), invalid) ?? logicalId,
    validateRequestBody: readBoolean(properties.get("ValidateRequestBody"), invalid) ?? false,
    validateRequestParameters: readBoolean(properties.get("ValidateRequestParameters"), invalid) ?? false,
  };
  for (const problem of problems.all) report.refuseApi(problem, apiLogicalId);
  return validator;
}
