import type { Finding } from "../../model/finding.ts";
import { Report } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";
import { isRestJwtConfiguration } from "./jwt-authorizer.ts";

/** Says which kind of API an OpenAPI document is for, where its content does not. */
export const API_TYPE_EXTENSION = "x-gatewarden-api-type";

export interface ApiKind {
  readonly type: "REST" | "HTTP";
  readonly findings: readonly Finding[];
}

/** Values are looked at this deep; markers stand in operations and their integrations. */
const MAX_DEPTH = 12;

const HTTP_KEYS = new Set([
  "x-amazon-apigateway-cors",
  "payloadFormatVersion",
  "authorizerPayloadFormatVersion",
  "enableSimpleResponses",
  "isDefaultRoute",
  "jwtConfiguration",
  "x-amazon-apigateway-integrations",
]);
const REST_KEYS = new Set([
  "x-amazon-apigateway-request-validator",
  "x-amazon-apigateway-request-validators",
  "x-amazon-apigateway-gateway-responses",
  "x-amazon-apigateway-binary-media-types",
  "x-amazon-apigateway-api-key-source",
  "x-amazon-apigateway-minimum-compression-size",
  "x-amazon-apigateway-policy",
  "requestTemplates",
  "passthroughBehavior",
  "identityValidationExpression",
]);

/**
 * Whether a document describes an HTTP API or a REST API: `info.x-gatewarden-api-type`, else what only one of the two
 * importers knows. With marks of both, or none, it is a REST API.
 */
export function apiKindOf(root: SourceNode): ApiKind {
  const report = new Report();
  const stated = root.get("info")?.get(API_TYPE_EXTENSION);
  if (stated !== undefined) {
    if (stated.value === "REST" || stated.value === "HTTP") return { type: stated.value, findings: [] };
    const message = `info.${API_TYPE_EXTENSION} is ${show(stated.value)}, wanted REST or HTTP.`;
    report.stopLoad({ rule: "api-type-invalid", at: stated.at(), message, fix: "Correct it." });
    return { type: "REST", findings: report.findings };
  }
  const marks = { http: undefined as SourceNode | undefined, rest: undefined as SourceNode | undefined };
  look(root, 0, marks);
  if (root.get("swagger")) return { type: "REST", findings: [] }; // (D) HTTP APIs take OpenAPI 3 only
  if (marks.http === undefined || marks.rest !== undefined) {
    if (marks.http !== undefined && marks.rest !== undefined) {
      const message = `${marks.http.name} is for HTTP APIs, and ${marks.rest.name} (line ${marks.rest.keyAt().line}) for REST APIs: it is read as a REST API.`;
      const fix = `Say which it is with info.${API_TYPE_EXTENSION}: HTTP or REST.`;
      report.note("warning", { rule: "api-type-unclear", at: marks.http.keyAt(), message, fix });
    }
    return { type: "REST", findings: report.findings };
  }
  return { type: "HTTP", findings: [] };
}

function look(
  node: SourceNode,
  depth: number,
  marks: { http: SourceNode | undefined; rest: SourceNode | undefined },
): void {
  if (depth > MAX_DEPTH || (marks.http && marks.rest)) return;
  for (const child of node.isList ? node.items() : node.entries()) {
    // What an API answers and takes says nothing of the gateway.
    if (child.name === "schemas" || child.name === "schema" || child.name === "examples") continue;
    if (isRestJwtConfiguration(child)) marks.rest ??= child;
    else if (HTTP_KEYS.has(child.name)) marks.http ??= child;
    if (REST_KEYS.has(child.name)) marks.rest ??= child;
    if (child.name === "type" && node.name === "x-amazon-apigateway-integration") {
      if (typeof child.value === "string" && /^(?:mock|aws|http)$/i.test(child.value)) marks.rest ??= child;
    }
    if (typeof child.value === "string") {
      if (child.value.startsWith("$request.")) marks.http ??= child;
      else if (/^method\.request\.(?:header|querystring)\./.test(child.value)) marks.rest ??= child;
    } else look(child, depth + 1, marks);
  }
}
