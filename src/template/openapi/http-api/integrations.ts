import type { Integration } from "../../../model/http-api.ts";
import { readIntegration } from "../../cloudformation/resources/http-api-integration.ts";
import type { Origins } from "../../derived-document.ts";
import type { RouteReport } from "../../report.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { resolveRef } from "../resolve-ref.ts";
import { asResource } from "./as-resource.ts";
import type { HttpApiContext } from "./load-http-api.ts";

const INTEGRATION = "x-amazon-apigateway-integration";

const NAMES = {
  type: "IntegrationType",
  httpMethod: "IntegrationMethod",
  uri: "IntegrationUri",
  payloadFormatVersion: "PayloadFormatVersion",
  connectionId: "ConnectionId",
  connectionType: "ConnectionType",
  credentials: "CredentialsArn",
  timeoutInMillis: "TimeoutInMillis",
  requestParameters: "RequestParameters",
  responseParameters: "ResponseParameters",
  integrationSubtype: "IntegrationSubtype",
  tlsConfig: "TlsConfig",
} as const;

/** The integrations of a document: one for each operation, or one of components that several refer to (D). */
export class HttpApiIntegrations {
  readonly all: Integration[] = [];
  readonly #context: HttpApiContext;
  readonly #shared = new Map<string, Integration>();

  constructor(context: HttpApiContext) {
    this.#context = context;
  }

  /** The id of an operation's integration; undefined for a route without target, which answers 500 (?). */
  read(operation: SourceNode, routeKey: string, route: RouteReport): string | undefined {
    const node = operation.get(INTEGRATION);
    if (node === undefined) {
      const message = `${routeKey} has no ${INTEGRATION}: every call of it is answered 500.`;
      route.note("warning", { rule: "route-without-integration", at: operation.keyAt(), message, fix: "Add one." });
      return undefined;
    }
    const resolved = resolveRef(node);
    if (!resolved.ok || !resolved.node.isMapping) {
      const message = resolved.ok
        ? `${INTEGRATION} is ${show(resolved.node.value)}, wanted a mapping.`
        : resolved.message;
      const at = resolved.ok ? node.keyAt() : resolved.at.at();
      route.refuse({ rule: "integration-invalid", at, message, fix: "Correct it." });
      return undefined;
    }
    const name = resolved.node === node ? routeKey : resolved.node.path().join("/");
    let integration = this.#shared.get(name);
    if (integration === undefined) {
      integration = this.#readOne(resolved.node, name);
      this.#shared.set(name, integration);
      this.all.push(integration);
    }
    if (integration.notServed) route.refuseWith(integration.notServed);
    return integration.integrationId;
  }

  #readOne(node: SourceNode, name: string): Integration {
    const resource = asResource(node, name, "AWS::ApiGatewayV2::Integration", NAMES, (key, value, origins) => {
      if (key === "type" && typeof value.value === "string") return value.value.toUpperCase();
      if (key === "responseParameters" && value.isMapping) return responseParameters(value, origins);
      if (key === "tlsConfig" && value.isMapping) return tlsConfig(value, origins);
      return origins.copy(value);
    });
    // The method of a function's invocation is POST, which says nothing of the route (D).
    const properties = resource.properties.value as Record<string, unknown>; // made by asResource
    if (properties.IntegrationType === "AWS_PROXY" && properties.IntegrationSubtype === undefined) {
      properties.PayloadFormatVersion ??= "1.0";
    }
    return readIntegration(resource, this.#context.ids.integration(name), this.#context);
  }
}

/** `{"200": {"append:header.x": "y"}}` in the shape CloudFormation has for it. */
function responseParameters(node: SourceNode, origins: Origins): unknown {
  const made: Record<string, unknown> = Object.create(null);
  for (const status of node.entries()) {
    const list: unknown[] = [];
    for (const mapping of status.entries()) {
      const item = { Destination: mapping.name, Source: mapping.value };
      origins.set(item, "Source", mapping);
      origins.set(list, list.push(item) - 1, mapping);
    }
    made[status.name] = status.isMapping ? { ResponseParameters: list } : status.value;
    origins.set(made, status.name, status);
  }
  return made;
}

function tlsConfig(node: SourceNode, origins: Origins): unknown {
  const made: Record<string, unknown> = Object.create(null);
  for (const child of node.entries()) {
    const name = child.name === "serverNameToVerify" ? "ServerNameToVerify" : child.name;
    made[name] = origins.copy(child);
    origins.set(made, name, child);
  }
  return made;
}
