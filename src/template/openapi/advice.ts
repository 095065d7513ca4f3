import type { Method, Resource, RestApi } from "../../model/rest-api.ts";
import type { SourceNode } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";

const ALLOW_ORIGIN = /(?:^|\.)access-control-allow-origin$/i;

/** Says what will surprise about an API that is otherwise in order; nothing here stops anything. */
export function advise(context: LoadContext, api: RestApi, unstated: readonly Method[]): void {
  adviseGlobalSecurity(context);
  for (const resource of api.resources) advisePreflight(context, resource);
  adviseErrorHeaders(context, api);
  adviseUnattached(context, api, unstated);
  adviseGreedyRoot(context, api);
}

function adviseGlobalSecurity({ root, report }: LoadContext): void {
  const node = root.get("security");
  if (!node || node.items().length === 0) return;
  // (R) beats (D) here: recordings show it applied, the Developer Guide says it is not used.
  const message = "The root's security applies to every method without security of its own, OPTIONS included.";
  const fix =
    "Say it per operation, and security: [] on OPTIONS: do not rely on either reading of AWS's documentation.";
  report.note("info", { rule: "openapi-global-security", at: node.keyAt(), message, fix });
}

function advisePreflight({ report }: LoadContext, resource: Resource): void {
  const options = resource.resourceMethods.find((each) => each.httpMethod === "OPTIONS");
  const method = options ?? resource.resourceMethods.find((each) => each.httpMethod === "ANY");
  if (!method || method.notServed) return;
  const route = `${method.httpMethod} ${resource.path}`;
  const isAuthorized = method.authorizationType !== "NONE";
  if (!isAuthorized && !method.apiKeyRequired) return;
  const what = isAuthorized ? `authorization ${method.authorizationType}` : "an API key";
  const rule =
    isAuthorized && method.authorizationType !== "AWS_IAM" ? "cors-preflight-authorized" : "cors-iam-options";
  const message = `${route} wants ${what} for preflight requests too, and browsers send no credentials with those.`;
  const fix = `Add an OPTIONS method with security: [] to ${resource.path}, if browsers call it.`;
  report.note("warning", { rule, at: method.at, message, fix });
}

function adviseErrorHeaders({ root, report }: LoadContext, api: RestApi): void {
  const methods = api.resources.flatMap((resource) => resource.resourceMethods);
  if (!methods.some(hasCors)) return;
  const missing = (["DEFAULT_4XX", "DEFAULT_5XX"] as const).filter((type) => {
    const response = api.gatewayResponses.find((each) => each.responseType === type);
    return !Object.keys(response?.responseParameters ?? {}).some((key) => ALLOW_ORIGIN.test(key));
  });
  if (missing.length === 0) return;
  const node: SourceNode = root.get("x-amazon-apigateway-gateway-responses") ?? root.get("paths") ?? root;
  const message = `Browsers will see a CORS error instead of a 401, 403 or 500: ${missing.join(" and ")} lack Access-Control-Allow-Origin.`;
  const fix = `Add to x-amazon-apigateway-gateway-responses: responseParameters: {gatewayresponse.header.Access-Control-Allow-Origin: "'*'"}.`;
  report.note("warning", { rule: "cors-missing-on-errors", at: node.keyAt(), message, fix });
}

function hasCors(method: Method): boolean {
  const mapped = method.methodIntegration?.integrationResponses ?? [];
  return (
    mapped.some((each) => Object.keys(each.responseParameters).some((key) => ALLOW_ORIGIN.test(key))) ||
    method.methodResponses.some((each) => Object.keys(each.responseParameters).some((key) => ALLOW_ORIGIN.test(key)))
  );
}

/** How many methods a finding lists by name. */
const MAX_LISTED = 5;

function adviseUnattached({ report }: LoadContext, api: RestApi, unstated: readonly Method[]): void {
  if (api.authorizers.length === 0 || unstated.length === 0) return;
  const open = new Set(unstated.map((each) => `${each.httpMethod} ${each.at.line}:${each.at.column}`));
  const routes: string[] = [];
  for (const resource of api.resources) {
    for (const method of resource.resourceMethods) {
      const isOpen = open.has(`${method.httpMethod} ${method.at.line}:${method.at.column}`);
      if (isOpen && method.httpMethod !== "OPTIONS") routes.push(`${method.httpMethod} ${resource.path}`);
    }
  }
  const first = unstated.find((each) => each.httpMethod !== "OPTIONS");
  if (!first) return;
  const more = routes.length > MAX_LISTED ? ` and ${routes.length - MAX_LISTED} more` : "";
  const message = `The API has authorizers, and these methods are open to everybody: ${routes.slice(0, MAX_LISTED).join(", ")}${more}.`;
  const fix = "Attach an authorizer, or say security: [] on methods that are meant to be open.";
  report.note("info", { rule: "authorizer-not-attached", at: first.at, message, fix });
}

function adviseGreedyRoot({ report }: LoadContext, api: RestApi): void {
  const greedy = api.resources.find((each) => /^\/\{[^}/]+\+\}$/.test(each.path));
  const root = api.resources.find((each) => each.path === "/");
  const method = greedy?.resourceMethods[0];
  if (!greedy || !method || method.notServed || (root?.resourceMethods.length ?? 0) > 0) return;
  // (D) A greedy variable does not match an empty rest.
  const message = `${greedy.path} does not match / itself, which answers 403 Missing Authentication Token.`;
  report.note("info", { rule: "proxy-plus-misses-root", at: method.at, message, fix: "Add a method to /." });
}
