import { isMapping } from "../../../source-node.ts";
import { isTruthy, sub } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { MANAGED } from "../api-properties.ts";
import { ANY_METHOD, type Route } from "../definition-paths.ts";
import { requireKnownHttpAuthorizer } from "../event-authorizer.ts";
import { type ApiEvent, apiIdOf, conditionOf, integrationUri, putPermission } from "../function-event.ts";
import { Subject } from "../subject.ts";
import { DEFAULT_PATH, HttpDefinition, isHttpDefinition } from "./definition.ts";
import { setHttpMethodAuth } from "./security.ts";

/** Expands an event of type HttpApi. */
export function expandHttpEvent(event: ApiEvent): void {
  const { subject, properties, at } = event;
  const { apiId, api } = findApi(event);
  const { Path: path, Method: givenMethod } = properties;
  if (typeof path !== "string" || typeof givenMethod !== "string") {
    throw subject.refusal("Path and Method must be given together.", [properties, "Path"]);
  }
  const route = { path, method: givenMethod.toLowerCase(), at };
  properties.Method = route.method;
  const body = api.DefinitionBody;
  if (isTruthy(body) && !isHttpDefinition(body)) {
    throw Subject.resource(event.sam, apiId).refusal(
      "Structure of the SAM template is invalid. Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.",
      [api, "DefinitionBody"],
    );
  }
  const definition = isTruthy(body) ? new HttpDefinition(subject, body) : undefined;
  if (!isCoveredByDefault(event, route, definition)) putPermission(event, "", sourceArn(properties, route));
  if (body === undefined || body === null) return;
  addRoute(event, route, definition ?? new HttpDefinition(subject, body), { apiId, api });
}

/** The API that an event names, and its properties. */
interface HttpLink {
  readonly apiId: string;
  readonly api: Made;
}

function findApi({ sam, subject, properties }: ApiEvent): HttpLink {
  const apiId = apiIdOf(properties.ApiId);
  const resource = typeof apiId === "string" ? sam.resource(apiId) : undefined;
  const api = resource?.Properties ?? mapping({});
  if (typeof apiId === "string" && resource && isMapping(api)) return { apiId, api };
  throw subject.refusal("ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' resource in same template.", [
    properties,
    "ApiId",
  ]);
}

/** A function that serves `$default` may be called by every route already. */
function isCoveredByDefault({ target }: ApiEvent, route: Route, definition: HttpDefinition | undefined): boolean {
  if (route.path === DEFAULT_PATH || definition === undefined) return false;
  return definition.calls(DEFAULT_PATH, ANY_METHOD, String(target.ref.Ref));
}

function sourceArn(properties: Made, { path: given, method }: Route): Made {
  const trimmed = given.replace(/^(.+)\/$/s, "$1");
  const path = trimmed === DEFAULT_PATH ? "" : trimmed.replace(/\{(?:[a-zA-Z0-9._-]+|proxy\+)\}/g, "*");
  const verb = method === "any" || method === ANY_METHOD ? "*" : method.toUpperCase();
  const resource = method === "any" && path === `/${DEFAULT_PATH}` ? path : `/${verb}${path}`;
  return sub(
    `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}${resource}`,
    mapping({ __ApiId__: properties.ApiId, __Stage__: "*" }),
  );
}

function addRoute(event: ApiEvent, route: Route, definition: HttpDefinition, linked: HttpLink): void {
  const { api } = linked;
  const { sam, subject, properties, target, at } = event;
  if (isTruthy(api[MANAGED]) && definition.hasIntegration(route.path, route.method)) {
    throw subject.refusal(`API method '${route.method}' defined multiple times for path '${route.path}'.`, [
      properties,
      "Path",
    ]);
  }
  const auth = properties.Auth;
  definition.write(route, () => {
    definition.addFunction(route, integrationUri(target, "${AWS::Partition}"), conditionOf(target));
    if (isTruthy(auth) && isMapping(auth)) addAuth(event, definition, route, auth, linked);
  });
  const timeout = properties.TimeoutInMillis;
  if (isTruthy(timeout)) {
    definition.setIntegration(route, "timeoutInMillis", timeout, sam.at(properties, "TimeoutInMillis", at));
  }
  definition.addPathParameters(route);
  const version = properties.PayloadFormatVersion;
  if (isTruthy(version)) {
    definition.setIntegration(route, "payloadFormatVersion", version, sam.at(properties, "PayloadFormatVersion", at));
  }
}

/** Applies an event's `Auth` to its route; without an authorizer of its own the API's default is meant. */
function addAuth(
  { sam, subject }: ApiEvent,
  definition: HttpDefinition,
  route: Route,
  auth: Made,
  { apiId, api }: HttpLink,
): void {
  const apiAuth = Object.hasOwn(api, "Auth") ? api.Auth : mapping({});
  if (!isMapping(apiAuth)) {
    throw Subject.resource(sam, apiId).refusal("Property 'Auth' should be a map.", [api, "Auth"]);
  }
  if (!isTruthy(auth.Authorizer)) {
    const byDefault = apiAuth.DefaultAuthorizer;
    if (!isTruthy(byDefault)) {
      throw subject.refusal(
        "'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured on the HttpApi.",
      );
    }
    auth.Authorizer = byDefault;
    sam.origins.set(auth, "Authorizer", sam.at(apiAuth, "DefaultAuthorizer", route.at));
  }
  requireKnownHttpAuthorizer(subject, route, auth, apiAuth);
  const scopes = auth.AuthorizationScopes;
  if (isTruthy(scopes) && !Array.isArray(scopes)) {
    throw subject.refusal(
      `Unable to set Authorizer on API method [${route.method}] for path [${route.path}] because 'AuthorizationScopes' must be a list of strings.`,
      [auth, "AuthorizationScopes"],
    );
  }
  setHttpMethodAuth(definition, route, auth, api);
}
