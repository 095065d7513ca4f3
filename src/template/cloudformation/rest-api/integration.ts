import {
  type ContentHandling,
  HTTP_METHODS,
  type Integration,
  type IntegrationResponse,
} from "../../../model/rest-api.ts";
import { judgeInvocationUri, LAMBDA_URI_FORM } from "../../lambda-uri.ts";
import { INTEGRATION_TIMEOUT_MS } from "../../openapi/integration.ts";
import { readTargets, readTemplates } from "../../openapi/parameter-map.ts";
import { eachUnknownKey, type RouteReport } from "../../report.ts";
import { type OnInvalid, readInteger, readStatusCode, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { ResourceProblems } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";

const KEYS = new Set([
  "ConnectionId",
  "ConnectionType",
  "ContentHandling",
  "Credentials",
  "IntegrationHttpMethod",
  "IntegrationResponses",
  "IntegrationTarget",
  "PassthroughBehavior",
  "RequestParameters",
  "RequestTemplates",
  "ResponseTransferMode",
  "TimeoutInMillis",
  "Type",
  "Uri",
  // Without effect here: the stage cache is inert.
  "CacheKeyParameters",
  "CacheNamespace",
]);
const RESPONSE_KEYS = new Set([
  "ContentHandling",
  "ResponseParameters",
  "ResponseTemplates",
  "SelectionPattern",
  "StatusCode",
]);
const TYPES = ["AWS_PROXY", "AWS", "HTTP_PROXY", "HTTP", "MOCK"] as const;
const PASSTHROUGH = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"] as const;
const CONTENT_HANDLING: readonly ContentHandling[] = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"];

/** Reads the Integration of an AWS::ApiGateway::Method; whatever is not understood refuses the route. */
export function readIntegration(method: StackResource, route: RouteReport): Integration | undefined {
  const { properties, logicalId, at } = method;
  const node = properties.get("Integration");
  if (!node) {
    // (C) AWS: "No integration defined for method", when the API is deployed.
    const message = `${logicalId} has no Integration; AWS would not deploy the API (No integration defined for method).`;
    route.refuse({ rule: "integration-missing", at, message, fix: "Add one; Type: MOCK will do for a start." });
    return undefined;
  }
  const problems = new ResourceProblems(method);
  const { invalid } = problems;
  if (!node.isMapping) invalid(node, show(node.value), "a mapping");
  eachUnknownKey(node, KEYS, (child, fix) => {
    const message = `The integration of ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("integration-property-unknown", child, message, fix);
  });
  const typeNode = node.get("Type");
  if (node.isMapping && !typeNode) problems.missing("Integration.Type", TYPES.join(", "));
  const type = readWord(typeNode, TYPES, (_, found, wanted) => {
    const message = `The integration's Type of ${logicalId} is ${found}, wanted ${wanted}.`;
    problems.add("integration-type-unsupported", typeNode, message, "Correct it.");
  });
  const integration = type && readParts(node, type, logicalId, problems, route);
  for (const problem of problems.all) route.refuse(problem);
  return integration;
}

function readParts(
  node: SourceNode,
  type: Integration["type"],
  logicalId: string,
  problems: ResourceProblems,
  route: RouteReport,
): Integration {
  const { invalid } = problems;
  const uri = type === "MOCK" ? undefined : readText(node.get("Uri"), invalid);
  checkUri(node, type, uri, problems);
  const methodNode = node.get("IntegrationHttpMethod");
  const httpMethod = readWord(methodNode, [...HTTP_METHODS, "ANY"] as const, invalid);
  if (!methodNode && (type === "AWS" || type === "HTTP" || type === "HTTP_PROXY")) {
    // (R) AWS's text.
    const message = `The ${type} integration of ${logicalId} has no IntegrationHttpMethod (AWS: Enumeration value for HttpMethod must be non-empty).`;
    problems.add("integration-property-invalid", node, message, "Add IntegrationHttpMethod.");
  }
  checkConnection(node, logicalId, problems);
  const credentials = readText(node.get("Credentials"), invalid);
  const contentHandling = readWord(node.get("ContentHandling"), CONTENT_HANDLING, invalid);
  const { min, max, default: defaultTimeout } = INTEGRATION_TIMEOUT_MS;
  return {
    type,
    ...(httpMethod === undefined ? {} : { httpMethod }),
    ...(uri === undefined ? {} : { uri }),
    ...(credentials === undefined ? {} : { credentials }),
    connectionType: "INTERNET",
    passthroughBehavior: readWord(node.get("PassthroughBehavior"), PASSTHROUGH, invalid) ?? "WHEN_NO_MATCH",
    ...(contentHandling === undefined ? {} : { contentHandling }),
    timeoutInMillis: readInteger(node.get("TimeoutInMillis"), min, max, invalid) ?? defaultTimeout,
    requestParameters: readTargets(node.get("RequestParameters"), "integration.request", route),
    requestTemplates: readTemplates(node.get("RequestTemplates"), route),
    integrationResponses: readIntegrationResponses(node.get("IntegrationResponses"), logicalId, problems, route),
    insecureSkipVerification: false,
    at: node.at(),
  };
}

function checkUri(
  node: SourceNode,
  type: Integration["type"],
  uri: string | undefined,
  problems: ResourceProblems,
): void {
  if (type === "MOCK") return;
  const rule = "integration-uri-invalid";
  const uriNode = node.get("Uri");
  if (!uriNode) {
    const wanted = type.startsWith("AWS") ? LAMBDA_URI_FORM : "an http or https address";
    problems.add(rule, node, `The ${type} integration has no Uri, wanted ${wanted}.`, "Add it.");
    return;
  }
  if (uri === undefined) return;
  if (type === "HTTP" || type === "HTTP_PROXY") {
    if (/^https?:\/\/./i.test(uri)) return;
    // (R) AWS's text.
    const message = `Uri is ${show(uri)}, wanted an http or https address (AWS: Invalid HTTP endpoint specified for URI).`;
    problems.add(rule, uriNode, message, "Correct the address.");
    return;
  }
  const verdict = judgeInvocationUri(uri);
  if (verdict.ok) return;
  if (verdict.reason === "other-service") {
    const message = `The ${type} integration calls the AWS service ${show(verdict.service)}; only Lambda functions are supported.`;
    const fix = "Call a Lambda function, or use this route on AWS only.";
    problems.add("integration-service-unsupported", uriNode, message, fix);
    return;
  }
  const message = `Uri is ${show(uri)}, wanted ${LAMBDA_URI_FORM} (AWS: ${verdict.message}).`;
  problems.add(rule, uriNode, message, "Correct the ARN.");
}

function checkConnection(node: SourceNode, logicalId: string, problems: ResourceProblems): void {
  const type = node.get("ConnectionType");
  const isVpcLink = type !== undefined && readWord(type, ["INTERNET", "VPC_LINK"], problems.invalid) === "VPC_LINK";
  const id = node.get("ConnectionId") ?? node.get("IntegrationTarget");
  if (isVpcLink || id !== undefined) {
    const message = `The integration of ${logicalId} connects through a VPC link, which is not supported.`;
    const fix = "Give the integration a public address for use outside AWS.";
    problems.add("integration-vpc-link-unsupported", isVpcLink ? type : id, message, fix);
  }
  const mode = node.get("ResponseTransferMode");
  if (mode && readWord(mode, ["BUFFERED", "STREAM"], problems.invalid) === "STREAM") {
    const message = "ResponseTransferMode is STREAM, and only BUFFERED is supported.";
    problems.add("integration-streaming-unsupported", mode, message, "Write BUFFERED.");
  }
}

/** A response without a SelectionPattern, or with an empty one, is the default. */
function readIntegrationResponses(
  node: SourceNode | undefined,
  logicalId: string,
  problems: ResourceProblems,
  route: RouteReport,
): IntegrationResponse[] {
  const invalid: OnInvalid = (at, found, wanted) => {
    const message = `${at.name} of an integration response of ${logicalId} is ${found}, wanted ${wanted}.`;
    problems.add("integration-response-invalid", at, message, "Correct the value.");
  };
  if (node && !node.isList) invalid(node, show(node.value), "a list");
  return (node?.items() ?? []).flatMap((item): IntegrationResponse[] => {
    if (!item.isMapping) invalid(item, show(item.value), "a mapping with StatusCode");
    eachUnknownKey(item, RESPONSE_KEYS, (child, fix) => {
      const message = `An integration response of ${logicalId} has the unknown property ${show(child.name)}.`;
      problems.add("integration-property-unknown", child, message, fix);
    });
    const statusNode = item.get("StatusCode");
    if (item.isMapping && !statusNode) problems.missing("IntegrationResponses.StatusCode", "a status from 100 to 599");
    const statusCode = readStatusCode(statusNode, invalid);
    if (statusCode === undefined) return [];
    const patternNode = item.get("SelectionPattern");
    // A pattern of digits alone comes as a number from YAML.
    const pattern = typeof patternNode?.value === "number" ? String(patternNode.value) : patternNode?.value;
    if (patternNode && typeof pattern !== "string") invalid(patternNode, show(pattern), "a regular expression");
    const contentHandling = readWord(item.get("ContentHandling"), CONTENT_HANDLING, invalid);
    return [
      {
        statusCode,
        ...(typeof pattern === "string" && pattern !== "" ? { selectionPattern: pattern } : {}),
        responseParameters: readTargets(item.get("ResponseParameters"), "method.response", route),
        responseTemplates: readTemplates(item.get("ResponseTemplates"), route),
        ...(contentHandling === undefined ? {} : { contentHandling }),
      },
    ];
  });
}
