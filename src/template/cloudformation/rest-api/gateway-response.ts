import { GATEWAY_RESPONSE_TYPES, type GatewayResponse } from "../../../model/rest-api.ts";
import { nearestName } from "../../nearest-name.ts";
import { GATEWAY_RESPONSE_SOURCE, GATEWAY_RESPONSE_TARGET } from "../../openapi/gateway-responses.ts";
import { eachUnknownKey } from "../../report.ts";
import { readStatusCode } from "../../scalar.ts";
import { show } from "../../source-node.ts";
import { ResourceProblems, readTextMap, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";

const KEYS = new Set(["ResponseParameters", "ResponseTemplates", "ResponseType", "RestApiId", "StatusCode"]);

/** Reads an AWS::ApiGateway::GatewayResponse; AWS fails the stack when one is wrong, so the API is not served. */
export function readGatewayResponse(
  resource: StackResource,
  apiLogicalId: string,
  { report }: Pick<StackContext, "report">,
): GatewayResponse | undefined {
  const { properties, logicalId } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The gateway response ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("gateway-response-invalid", child, message, fix);
  });
  const typeNode = properties.get("ResponseType");
  const responseType = GATEWAY_RESPONSE_TYPES.find((each) => each === typeNode?.value);
  if (!responseType) {
    const meant = typeof typeNode?.value === "string" && nearestName(typeNode.value, GATEWAY_RESPONSE_TYPES);
    const message = `ResponseType of ${logicalId} is ${show(typeNode?.value)}, wanted one of ${GATEWAY_RESPONSE_TYPES.join(", ")}.`;
    problems.add("gateway-response-type-unknown", typeNode, message, meant ? `Write ${meant}.` : "Correct it.");
  }
  const statusCode = readStatusCode(properties.get("StatusCode"), invalid);
  const parameters = properties.get("ResponseParameters");
  for (const child of parameters?.entries() ?? []) {
    if (!GATEWAY_RESPONSE_TARGET.test(child.name)) {
      invalid(child, `set for ${show(child.name)}`, "a key of the form gatewayresponse.header.NAME");
    }
    if (typeof child.value === "string" && !GATEWAY_RESPONSE_SOURCE.test(child.value)) {
      const wanted =
        "'TEXT' in single quotes, method.request.header|querystring|path.NAME, context.NAME or stageVariables.NAME";
      invalid(child, show(child.value), wanted);
    }
  }
  const responseParameters = readTextMap(parameters, invalid);
  const responseTemplates = readTextMap(properties.get("ResponseTemplates"), invalid);
  for (const problem of problems.all) report.refuseApi(problem, apiLogicalId);
  if (!responseType) return undefined;
  return { responseType, ...(statusCode === undefined ? {} : { statusCode }), responseParameters, responseTemplates };
}
