import { HTTP_METHODS, type Integration } from "../../model/rest-api.ts";
import { judgeInvocationUri, LAMBDA_URI_FORM } from "../lambda-uri.ts";
import { eachUnknownKey, type RouteReport } from "../report.ts";
import { type OnInvalid, readBoolean, readInteger, readText, readWord } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import { readContentHandling, readIntegrationResponses } from "./integration-response.ts";
import { readTargets, readTemplates } from "./parameter-map.ts";

/** Bounds and default of an integration's timeout in milliseconds (D: Developer Guide, quotas). */
export const INTEGRATION_TIMEOUT_MS = { min: 50, max: 29_000, default: 29_000 } as const;

const TYPES = ["AWS_PROXY", "AWS", "HTTP_PROXY", "HTTP", "MOCK"] as const;
const PASSTHROUGH = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"] as const;
/** `x-amazon-apigateway-any-method` is how the console exports ANY (C). */
const INTEGRATION_METHODS = [...HTTP_METHODS, "ANY", "x-amazon-apigateway-any-method"] as const;
const KEYS = new Set([
  "type",
  "uri",
  "httpMethod",
  "credentials",
  "requestParameters",
  "requestTemplates",
  "responses",
  "passthroughBehavior",
  "contentHandling",
  "timeoutInMillis",
  "connectionType",
  "connectionId",
  "tlsConfig",
  "responseTransferMode",
  // Without effect here: the stage cache is inert, payload formats belong to HTTP APIs.
  "cacheNamespace",
  "cacheKeyParameters",
  "payloadFormatVersion",
]);

/** Reads the `x-amazon-apigateway-integration` of an operation; whatever is not understood refuses the route. */
export function readIntegration(operation: SourceNode, route: RouteReport): Integration | undefined {
  const node = operation.get("x-amazon-apigateway-integration");
  if (!node) {
    // (C) AWS: "No integration defined for method", when the API is deployed.
    const message = `${route.route} has no x-amazon-apigateway-integration; AWS would not deploy the API (No integration defined for method).`;
    const fix = "Add an integration; type: mock will do for a start.";
    route.refuse({ rule: "integration-missing", at: operation.keyAt(), message, fix });
    return undefined;
  }
  const refuse = (at: SourceNode, rule: string, message: string, fix: string): void =>
    route.refuse({ rule, at: at.at(), message, fix });
  const invalid: OnInvalid = (at, found, wanted) =>
    refuse(at, "integration-property-invalid", `${at.name} is ${found}, wanted ${wanted}.`, "Correct the value.");
  if (!node.isMapping) {
    invalid(node, show(node.value), "a mapping");
    return undefined;
  }
  if (node.get("$ref")) {
    const message = "The integration is a $ref, which only HTTP APIs resolve.";
    refuse(node, "http-api-only", message, "Write the integration out in the operation.");
    return undefined;
  }
  eachUnknownKey(node, KEYS, (child, fix) => {
    const message = `The integration has the unknown property ${show(child.name)}.`;
    route.refuse({ rule: "integration-property-unknown", at: child.keyAt(), message, fix });
  });
  const typeNode = node.get("type");
  if (!typeNode)
    refuse(node, "integration-property-invalid", `The integration has no type, wanted ${TYPES.join(", ")}.`, "Add it.");
  const type = readWord(typeNode, TYPES, (at, found) =>
    refuse(
      at,
      "integration-type-unsupported",
      `The integration's type is ${found}, wanted ${TYPES.join(", ")}.`,
      "Correct it.",
    ),
  );
  if (!type) return undefined;

  const uri = type === "MOCK" ? undefined : readText(node.get("uri"), invalid);
  checkUri(node, type, uri, refuse);
  const method = readWord(node.get("httpMethod"), INTEGRATION_METHODS, invalid);
  if (method === undefined && !node.get("httpMethod") && (type === "AWS" || type === "HTTP" || type === "HTTP_PROXY")) {
    // (R) AWS's text.
    const message = `The ${type} integration has no httpMethod (AWS: Enumeration value for HttpMethod must be non-empty).`;
    refuse(node, "integration-property-invalid", message, "Add httpMethod.");
  }
  checkConnection(node, invalid, refuse);
  const tls = node.get("tlsConfig");
  if (tls?.get("serverNameToVerify")) {
    const message = "serverNameToVerify is not supported: it belongs to VPC links.";
    refuse(tls, "integration-property-unsupported", message, "Remove it.");
  }
  const credentials = readText(node.get("credentials"), invalid);
  const contentHandling = readContentHandling(node, invalid);
  const { min, max, default: defaultTimeout } = INTEGRATION_TIMEOUT_MS;
  return {
    type,
    ...(method === undefined ? {} : { httpMethod: method.startsWith("x-") ? "ANY" : method }),
    ...(uri === undefined ? {} : { uri }),
    ...(credentials === undefined ? {} : { credentials }),
    connectionType: "INTERNET",
    passthroughBehavior: readWord(node.get("passthroughBehavior"), PASSTHROUGH, invalid) ?? "WHEN_NO_MATCH",
    ...(contentHandling === undefined ? {} : { contentHandling }),
    timeoutInMillis: readInteger(node.get("timeoutInMillis"), min, max, invalid) ?? defaultTimeout,
    requestParameters: readTargets(node.get("requestParameters"), "integration.request", route),
    requestTemplates: readTemplates(node.get("requestTemplates"), route),
    integrationResponses: readIntegrationResponses(node.get("responses"), route),
    insecureSkipVerification: readBoolean(tls?.get("insecureSkipVerification"), invalid) ?? false,
    at: node.keyAt(),
  };
}

type Refuse = (at: SourceNode, rule: string, message: string, fix: string) => void;

function checkUri(node: SourceNode, type: Integration["type"], uri: string | undefined, refuse: Refuse): void {
  if (type === "MOCK") return;
  const uriNode = node.get("uri");
  if (!uriNode) {
    const wanted = type.startsWith("AWS") ? LAMBDA_URI_FORM : "an http or https address";
    refuse(node, "integration-uri-invalid", `The ${type} integration has no uri, wanted ${wanted}.`, "Add it.");
    return;
  }
  if (uri === undefined) return;
  if (type === "HTTP" || type === "HTTP_PROXY") {
    if (/^https?:\/\/./i.test(uri)) return;
    // (R) AWS's text.
    const message = `The uri is ${show(uri)}, wanted an http or https address (AWS: Invalid HTTP endpoint specified for URI).`;
    refuse(uriNode, "integration-uri-invalid", message, "Correct the address.");
    return;
  }
  const verdict = judgeInvocationUri(uri);
  if (verdict.ok) return;
  if (verdict.reason === "other-service") {
    const message = `The ${type} integration calls the AWS service ${show(verdict.service)}; only Lambda functions are supported.`;
    const fix = "Call a Lambda function, or use this route on AWS only.";
    refuse(uriNode, "integration-service-unsupported", message, fix);
    return;
  }
  const message = `The uri is ${show(uri)}, wanted ${LAMBDA_URI_FORM} (AWS: ${verdict.message}).`;
  refuse(uriNode, "integration-uri-invalid", message, "Correct the ARN.");
}

function checkConnection(node: SourceNode, invalid: OnInvalid, refuse: Refuse): void {
  const connection = node.get("connectionType");
  if (connection && readWord(connection, ["INTERNET", "VPC_LINK"], invalid) === "VPC_LINK") {
    const fix = "Give the integration a public address for use outside AWS.";
    refuse(connection, "integration-vpc-link-unsupported", "VPC links are not supported.", fix);
  }
  const mode = node.get("responseTransferMode");
  if (mode && readWord(mode, ["BUFFERED", "STREAM"], invalid) === "STREAM") {
    const message = "responseTransferMode is STREAM, and only BUFFERED is supported.";
    refuse(mode, "integration-streaming-unsupported", message, "Write BUFFERED.");
  }
}
