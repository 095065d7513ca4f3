import { isMapping } from "../../../source-node.ts";
import { choose, isTruthy, member, sub } from "../../intrinsic.ts";
import type { SamRefusal } from "../../sam-refusal.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { MANAGED } from "../api-properties.ts";
import { normalMethod, type Route } from "../definition-paths.ts";
import { type ApiEvent, conditionOf, integrationUri, putPermission } from "../function-event.ts";
import { Subject } from "../subject.ts";
import { emptyRestDefinition, RestDefinition } from "./definition.ts";
import { addEventAuth, findRestApi, type LinkedApi, readRoute } from "./event-route.ts";
import { addRequestModel, addRequestParameters } from "./method-request.ts";
import { withoutPathParameters } from "./resource-policy.ts";

/** Expands an event of type Api. */
export function expandRestEvent(event: ApiEvent): void {
  const { sam, subject, properties } = event;
  const linked = findRestApi(event);
  const { api, stage } = linked;
  const route = readRoute(event);
  const { method } = route;
  const permissionPath = withoutPathParameters(route.path.replace(/^(.+)\/$/s, "$1"));
  const sourceArn = sub(
    `arn:${sam.place.partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}/${method === "any" ? "*" : method.toUpperCase()}${permissionPath}`,
    mapping({ __ApiId__: properties.RestApiId, __Stage__: "*" }),
  );
  putPermission(event, stage, sourceArn);
  if (isTruthy(api[MANAGED]) || isTruthy(api.MergeDefinitions)) addRoute(event, route, linked);

  const auth = member(properties, "Auth");
  if (!isTruthy(api.DefinitionBody) || !isMapping(auth) || !isTruthy(auth.OverrideApiAuth)) return;
  if (!["Authorizer", "ApiKeyRequired", "ResourcePolicy"].some((key) => isTruthy(auth[key]))) {
    throw subject.refusal(
      "Must define one of: Authorizer, ApiKeyRequired or ResourcePolicy when using the OverrideApiAuth property.",
      [auth, "OverrideApiAuth"],
    );
  }
  addEventAuth(event, new RestDefinition(subject, api.DefinitionBody), route, auth, linked);
}

/** Writes an event's route into a definition that SAM manages, or merges it into the user's. */
function addRoute(event: ApiEvent, route: Route, linked: LinkedApi): void {
  const { api, apiId } = linked;
  const { sam, subject, properties, target } = event;
  const body = member(api, "DefinitionBody");
  if (body === undefined) return;
  const isMerged = isTruthy(api.MergeDefinitions);
  const definition = new RestDefinition(subject, isMerged ? emptyRestDefinition() : body);
  if (definition.hasIntegration(route.path, route.method)) {
    throw subject.refusal(`API method "${route.method}" defined multiple times for path "${route.path}".`, [
      properties,
      "Path",
    ]);
  }
  const auth = isTruthy(properties.Auth) ? properties.Auth : mapping({});
  if (!isMapping(auth)) throw subject.refusal("Property 'Auth' should be a map.", [properties, "Auth"]);
  const apiAuth = isTruthy(api.Auth) ? api.Auth : mapping({});
  if (!isMapping(apiAuth)) {
    throw Subject.resource(sam, apiId).refusal("Property 'Auth' should be a map.", [api, "Auth"]);
  }
  const isStreaming = properties.ResponseTransferMode === "RESPONSE_STREAM";
  const condition = conditionOf(target);
  const uri = integrationUri(target, sam.place.partition, isStreaming);
  const credentials = credentialsOf(auth, apiAuth, sam.place.partition);
  const integration = mapping({
    type: "aws_proxy",
    httpMethod: "POST",
    uri: condition === undefined ? uri : choose(condition, uri),
    ...(isStreaming && { responseTransferMode: "STREAM" }),
    ...(credentials !== undefined && { credentials }),
  });
  definition.write(route, () => {
    definition.addIntegration(route, integration, { condition, responses: mapping({}) });
    if (isTruthy(auth)) addEventAuth(event, definition, route, auth, linked);
    const timeout = properties.TimeoutInMillis;
    if (isTruthy(timeout)) definition.setTimeout(route, timeout, sam.at(properties, "TimeoutInMillis", event.at));
    addRequestModel(definition, route, properties, api);
    addRequestParameters(definition, route, properties);
  });
  if (isMerged) mergeRoute(event, route, apiId, body as Made, definition);
}

/** Whose credentials call the function of an AWS_IAM route: the caller's, unless a role is named. */
function credentialsOf(auth: Made, apiAuth: Made, partition: string): unknown {
  const isIam =
    auth.Authorizer === "AWS_IAM" || (apiAuth.DefaultAuthorizer === "AWS_IAM" && Object.keys(auth).length === 0);
  if (!isIam) return undefined;
  const roleOf = (given: Made): unknown => {
    if (isTruthy(given.InvokeRole)) return given.InvokeRole;
    return Object.hasOwn(given, "InvokeRole") ? "NONE" : undefined;
  };
  const role = roleOf(auth) ?? roleOf(apiAuth);
  if (role === "NONE") return undefined;
  return role === undefined || role === "CALLER_CREDENTIALS" ? `arn:${partition}:iam::*:user/*` : role;
}

/** `MergeDefinitions`: the user's method, overlaid with what SAM made for it. */
function mergeRoute({ sam }: ApiEvent, route: Route, apiId: string, body: Made, made: RestDefinition): void {
  const subject = Subject.resource(sam, apiId);
  const where = [body, "paths"] as const;
  // Paths that are empty are not the document's own any more, so the route gets lost (C).
  const paths = isTruthy(body.paths) ? body.paths : mapping({});
  const invalid = (of: string): SamRefusal =>
    subject.refusal(`Property 'DefinitionBody' is invalid: The value of '${of}' should be a map`, where);
  if (!isMapping(paths)) throw invalid("paths");
  const item = member(paths, route.path) ?? mapping({});
  if (!isMapping(item)) throw invalid(route.path);
  const own = member(item, route.method);
  const method = isTruthy(own) ? own : mapping({});
  if (!isMapping(method)) {
    throw subject.refusal(`Property 'DefinitionBody.paths.${route.path}.${route.method}' should be a map.`, [
      item,
      route.method,
    ]);
  }
  const generated = (made.paths[route.path] as Made)[normalMethod(route.method)] as Made;
  const merged = mapping({ ...method, ...generated });
  for (const [key, from] of [...entriesOf(method), ...entriesOf(generated)]) {
    sam.origins.set(merged, key, sam.at(from, key, route.at));
  }
  item[route.method] = merged;
  sam.origins.set(item, route.method, sam.at(item, route.method, route.at));
  if (!Object.hasOwn(paths, route.path)) sam.origins.set(paths, route.path, route.at);
  paths[route.path] = item;
}

function entriesOf(container: Made): (readonly [string, Made])[] {
  return Object.keys(container).map((key) => [key, container]);
}
