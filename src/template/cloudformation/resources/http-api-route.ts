import type { Authorizer, Integration, Route } from "../../../model/http-api.ts";
import { isRoutePath } from "../../openapi/http-api/route-path.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import { ResourceProblems, readTextList, type StackContext } from "./stack-context.ts";

/** (D: HTTP API quotas) */
export const MAX_ROUTE_SCOPES = 10;

const KEYS = new Set([
  "ApiId",
  "ApiKeyRequired",
  "AuthorizationScopes",
  "AuthorizationType",
  "AuthorizerId",
  "OperationName",
  "RouteKey",
  "Target",
]);
/** A method, one blank, and a path. */
const ROUTE_KEY = /^(?:ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (\/\S*)$/;

/** What a route of an HTTP API may name. */
export interface RouteNeighbours {
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  readonly integrations: ReadonlyMap<string, Integration>;
}

/**
 * Reads an AWS::ApiGatewayV2::Route. Undefined, after a refusal of the whole API, when its key is not one: without the
 * route a wider one might answer in its place, under other rules.
 */
export function readRoute(
  resource: StackResource,
  routeId: string,
  apiLogicalId: string,
  neighbours: RouteNeighbours,
  context: StackContext,
): Route | undefined {
  const { properties, logicalId, at } = resource;
  const keyNode = properties.get("RouteKey");
  const routeKey = keyNode?.value;
  if (typeof routeKey !== "string" || !isRouteKey(routeKey)) {
    const message = `RouteKey of ${logicalId} is ${show(routeKey)}, wanted $default or a method, one blank and a path, e.g. "GET /pets/{petId}": each segment is text, {name} or, at the end, {name+}; it ends in no slash.`;
    const problem = { rule: "route-key-invalid", at: keyNode?.at() ?? at, message, fix: "Correct the route key." };
    context.report.refuseApi(problem, apiLogicalId);
    return undefined;
  }
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The route ${logicalId} has the property ${show(child.name)}, which has no meaning for an HTTP API and may decide who gets in.`;
    problems.add("route-property-unknown", child, message, fix);
  });
  const apiKeyNode = properties.get("ApiKeyRequired");
  if (readBoolean(apiKeyNode, invalid) === true) {
    const message = `ApiKeyRequired of ${logicalId} is true, and HTTP APIs have no API keys.`;
    problems.add("route-api-key-unsupported", apiKeyNode, message, "Remove it, or use a REST API.");
  }
  const authorization = readAuthorization(resource, neighbours, problems);
  const integrationId = readTarget(properties.get("Target"), logicalId, neighbours, problems);
  const operationName = readText(properties.get("OperationName"), invalid);
  const report = context.report.route(routeKey);
  for (const problem of problems.all) report.refuse(problem);
  return {
    routeId,
    routeKey,
    ...authorization,
    ...(operationName === undefined ? {} : { operationName }),
    ...(integrationId === undefined ? {} : { integrationId }),
    at,
    ...(report.notServed && { notServed: report.notServed }),
  };
}

function isRouteKey(text: string): boolean {
  return text === "$default" || isRoutePath(ROUTE_KEY.exec(text)?.[1] ?? "");
}

type RouteAuthorization = Pick<Route, "authorizationType" | "authorizerId" | "authorizationScopes">;

function readAuthorization(
  { properties, logicalId }: StackResource,
  { authorizers }: RouteNeighbours,
  problems: ResourceProblems,
): RouteAuthorization {
  const { invalid } = problems;
  const typeNode = properties.get("AuthorizationType");
  const authorizationType = readWord(typeNode, ["NONE", "AWS_IAM", "CUSTOM", "JWT"], invalid) ?? "NONE";
  const idNode = properties.get("AuthorizerId");
  const authorizerId = readText(idNode, invalid);
  const scopesNode = properties.get("AuthorizationScopes");
  const authorizationScopes = readTextList(scopesNode, invalid) ?? [];
  if (authorizationScopes.length > MAX_ROUTE_SCOPES) {
    invalid(scopesNode as SourceNode, `a list of ${authorizationScopes.length}`, `at most ${MAX_ROUTE_SCOPES}`);
  }
  if (authorizationScopes.length > 0 && authorizationType !== "JWT") {
    // (R) API Gateway's own text.
    const message =
      "Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization types.";
    problems.add("route-scopes-without-jwt", scopesNode, message, "Set AuthorizationType: JWT, or remove the scopes.");
  }
  const needsAuthorizer = authorizationType === "CUSTOM" || authorizationType === "JWT";
  if (!needsAuthorizer) {
    if (idNode) {
      // The route would be open while its author thinks that an authorizer guards it.
      const message = `The route ${logicalId} names an authorizer, and its AuthorizationType is ${typeNode ? authorizationType : "not set, which means NONE"}.`;
      problems.add("route-authorizer-without-type", idNode, message, "Set AuthorizationType to JWT or CUSTOM.");
    }
    return { authorizationType, authorizationScopes };
  }
  const authorizer = authorizerId === undefined ? undefined : authorizers.get(authorizerId);
  const wantedType = authorizationType === "JWT" ? "JWT" : "REQUEST";
  if (authorizer?.authorizerType !== wantedType) {
    const found =
      authorizer === undefined
        ? `AuthorizerId is ${show(idNode?.value)}, which is no authorizer of this API`
        : `${authorizer.name} has the type ${authorizer.authorizerType}`;
    // (R) for JWT, (?) for CUSTOM.
    const message = `Invalid authorizer ID specified. Setting the authorization type to ${authorizationType} requires a valid ${authorizationType === "JWT" ? "JWT" : "custom"} authorizer. For the route ${logicalId}, ${found}.`;
    problems.add("route-authorizer-invalid", idNode ?? typeNode, message, "Name an authorizer of this API.");
  }
  return { authorizationType, authorizationScopes, ...(authorizerId === undefined ? {} : { authorizerId }) };
}

/** `integrations/ID`; without a target the route exists and answers 500 (?). */
function readTarget(
  node: SourceNode | undefined,
  logicalId: string,
  { integrations }: RouteNeighbours,
  problems: ResourceProblems,
): string | undefined {
  const target = readText(node, problems.invalid);
  if (target === undefined) return undefined;
  const id = /^integrations\/(.+)$/.exec(target)?.[1];
  if (id !== undefined && integrations.has(id)) return id;
  const message = `Target of ${logicalId} is ${show(target)}, wanted integrations/ID of an integration of this API.`;
  problems.add("route-target-invalid", node, message, "Write Fn::Sub: integrations/${INTEGRATION}.");
  return undefined;
}

/**
 * Reports route keys that API Gateway does not take together: the same key twice, or two that differ only in a
 * variable's name (R).
 */
export function refuseConflictingRoutes(routes: readonly Route[], apiLogicalId: string, context: StackContext): void {
  const seen = new Map<string, Route>();
  for (const route of routes) {
    const shape = route.routeKey.replace(/\{[^{}+]*(\+?)\}/g, "{$1}");
    const other = seen.get(shape);
    if (other === undefined) {
      seen.set(shape, route);
      continue;
    }
    const message =
      other.routeKey === route.routeKey
        ? `Route with key ${route.routeKey} already exists for this API, at line ${other.at.line}.`
        : `The provided route key "${route.routeKey}" has a conflicting variable on the same hierarchical level as "${other.routeKey}".`;
    const problem = { rule: "route-key-conflict", at: route.at, message, fix: "Keep one of them." };
    context.report.refuseApi(problem, apiLogicalId);
  }
}
