import { lambdaFunctionArnOf } from "../../../aws/arn.ts";
import type { Integration, PayloadFormatVersion } from "../../../model/http-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readInteger, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import { ResourceProblems, readScalarText, readTextMap, type StackContext } from "./stack-context.ts";

/** Bounds and default of `TimeoutInMillis` for HTTP APIs (D: HTTP API quotas). */
export const INTEGRATION_TIMEOUT_MS = { min: 50, max: 30_000 } as const;

const KEYS = new Set([
  "ApiId",
  "ConnectionId",
  "ConnectionType",
  "CredentialsArn",
  "Description",
  "IntegrationMethod",
  "IntegrationSubtype",
  "IntegrationType",
  "IntegrationUri",
  "PayloadFormatVersion",
  "RequestParameters",
  "ResponseParameters",
  "TimeoutInMillis",
  "TlsConfig",
]);
const TLS_KEYS = new Set(["ServerNameToVerify"]);
const METHODS = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] as const;

/** Reads an AWS::ApiGatewayV2::Integration. With anything not understood it has `notServed`. */
export function readIntegration(
  resource: StackResource,
  integrationId: string,
  context: Pick<StackContext, "report">,
): Integration {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The integration ${logicalId} has the property ${show(child.name)}, which has no meaning here for an HTTP API.`;
    problems.add("integration-property-unknown", child, message, fix);
  });
  const type = readType(properties, logicalId, problems);
  const uriNode = properties.get("IntegrationUri");
  const integrationUri = readText(uriNode, invalid);
  if (!uriNode) problems.missing("IntegrationUri", type === "AWS_PROXY" ? "a function's ARN" : "a URL");
  if (type === "AWS_PROXY" && integrationUri !== undefined) checkFunctionUri(uriNode, integrationUri, problems);
  refuseOtherConnections(properties, logicalId, problems);
  const integrationMethod = readWord(properties.get("IntegrationMethod"), METHODS, invalid);
  const credentialsArn = readText(properties.get("CredentialsArn"), invalid);
  const { min, max } = INTEGRATION_TIMEOUT_MS;
  const timeoutInMillis = readInteger(properties.get("TimeoutInMillis"), min, max, invalid) ?? max;
  const payloadFormatVersion = readPayloadFormat(properties.get("PayloadFormatVersion"), type, problems);
  const requestParameters = readTextMap(properties.get("RequestParameters"), invalid);
  const responseParameters = readResponseParameters(properties.get("ResponseParameters"), problems);
  const serverNameToVerify = readTlsConfig(properties.get("TlsConfig"), problems);
  const notServed = problems.refuse(context.report);
  return {
    integrationId,
    integrationType: type ?? "HTTP_PROXY",
    integrationUri: integrationUri ?? "",
    ...(integrationMethod === undefined ? {} : { integrationMethod }),
    payloadFormatVersion,
    ...(credentialsArn === undefined ? {} : { credentialsArn }),
    timeoutInMillis,
    requestParameters,
    responseParameters,
    ...(serverNameToVerify === undefined ? {} : { serverNameToVerify }),
    at,
    ...(notServed && { notServed }),
  };
}

function readType(
  properties: SourceNode,
  logicalId: string,
  problems: ResourceProblems,
): Integration["integrationType"] | undefined {
  const node = properties.get("IntegrationType");
  if (!node) {
    problems.missing("IntegrationType", "AWS_PROXY or HTTP_PROXY");
    return undefined;
  }
  const subtype = properties.get("IntegrationSubtype");
  if (subtype) {
    const message = `The integration ${logicalId} calls the AWS service action ${show(subtype.value)}; AWS service integrations are not supported.`;
    problems.add("integration-type-unsupported", subtype, message, "Call the service from a function.");
  }
  return readWord(node, ["AWS_PROXY", "HTTP_PROXY"], (_, found, wanted) => {
    const message = `IntegrationType of ${logicalId} is ${found}, wanted ${wanted}: an HTTP API has no other.`;
    problems.add("integration-type-unsupported", node, message, "Use one of those, or a REST API.");
  });
}

function checkFunctionUri(node: SourceNode | undefined, uri: string, problems: ResourceProblems): void {
  // A stage variable may hold the function's name, alias or whole ARN (D).
  if (lambdaFunctionArnOf(uri) !== undefined || uri.includes("${stageVariables.")) return;
  const message = `IntegrationUri is ${show(uri)}, wanted the ARN of a Lambda function or its invocation ARN.`;
  problems.add("integration-uri-invalid", node, message, "Write Fn::GetAtt: [FUNCTION, Arn].");
}

function refuseOtherConnections(properties: SourceNode, logicalId: string, problems: ResourceProblems): void {
  const type = properties.get("ConnectionType");
  const id = properties.get("ConnectionId");
  const isInternet = type === undefined || (typeof type.value === "string" && type.value.toUpperCase() === "INTERNET");
  if (isInternet && id === undefined) return;
  const message = `The integration ${logicalId} connects through a VPC link, which is not supported.`;
  problems.add("integration-vpc-link", id ?? type, message, "Use a URL that this machine can reach.");
}

/** "2.0" or the number YAML makes of 2.0. (D) An HTTP API needs it stated; all but Lambda have only 1.0. */
function readPayloadFormat(
  node: SourceNode | undefined,
  type: Integration["integrationType"] | undefined,
  problems: ResourceProblems,
): PayloadFormatVersion {
  if (node === undefined) {
    if (type === "AWS_PROXY") problems.missing("PayloadFormatVersion", '"1.0" or "2.0"');
    return "1.0";
  }
  const text = typeof node.value === "number" ? node.value.toFixed(1) : node.value;
  if (text === "1.0" || (text === "2.0" && type !== "HTTP_PROXY")) return text;
  problems.invalid(node, show(node.value), type === "HTTP_PROXY" ? '"1.0"' : '"1.0" or "2.0"');
  return "1.0";
}

/**
 * CloudFormation writes `{"200": {ResponseParameters: [{Destination, Source}]}}` for what the API has as
 * `{"200": {destination: source}}` (D: AWS::ApiGatewayV2::Integration ResponseParameterMap).
 */
function readResponseParameters(
  node: SourceNode | undefined,
  problems: ResourceProblems,
): Record<string, Record<string, string>> {
  const { invalid } = problems;
  const byStatus: Record<string, Record<string, string>> = {};
  if (node && !node.isMapping) invalid(node, show(node.value), "a mapping");
  for (const status of node?.entries() ?? []) {
    if (!/^[2-5]\d\d$/.test(status.name)) invalid(status, `for the status ${show(status.name)}`, "one from 200 to 599");
    const list = status.get("ResponseParameters");
    if (!status.isMapping || status.entries().length > (list ? 1 : 0)) {
      invalid(status, show(status.value), "a mapping of ResponseParameters alone");
    }
    if (list && !list.isList) invalid(list, show(list.value), "a list of Destination and Source");
    const entries: [string, string][] = [];
    for (const item of list?.items() ?? []) {
      const destination = readText(item.get("Destination"), invalid);
      const source = readScalarText(item.get("Source"), invalid);
      if (destination !== undefined && source !== undefined) entries.push([destination, source]);
      else invalid(item, show(item.value), "Destination and Source");
    }
    byStatus[status.name] = Object.fromEntries(entries);
  }
  return byStatus;
}

function readTlsConfig(node: SourceNode | undefined, problems: ResourceProblems): string | undefined {
  if (node === undefined) return undefined;
  if (!node.isMapping) problems.invalid(node, show(node.value), "a mapping");
  eachUnknownKey(node, TLS_KEYS, (child, fix) => {
    const message = `TlsConfig has the unknown property ${show(child.name)}.`;
    problems.add("integration-property-unknown", child, message, fix);
  });
  return readText(node.get("ServerNameToVerify"), problems.invalid);
}
