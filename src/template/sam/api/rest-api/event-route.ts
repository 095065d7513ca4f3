import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import { resolveParameters } from "../../parameters.ts";
import type { Made, SamTemplate } from "../../sam-template.ts";
import type { Route } from "../definition-paths.ts";
import { requireKnownAuthorizer } from "../event-authorizer.ts";
import { apiIdOf } from "../function-event.ts";
import { Subject } from "../subject.ts";
import { type RestDefinition, settleVersion } from "./definition.ts";
import { addCustomStatements, addResourcePolicy } from "./resource-policy.ts";
import { setMethodAuth } from "./security.ts";

/** An event of type Api, of a function or of a state machine. */
export interface RouteEvent {
  readonly sam: SamTemplate;
  readonly subject: Subject;
  readonly properties: Made;
  readonly at: SourcePosition;
}

/** The API that an event names. */
export interface LinkedApi {
  readonly apiId: string;
  /** Its properties. */
  readonly api: Made;
  /** What its stage adds to the logical id of the permission, and to the event's own resource policy. */
  readonly stage: unknown;
}

/** The API an event names, its properties, and what its stage adds to the permission's logical id. */
export function findRestApi({ sam, subject, properties }: RouteEvent): LinkedApi & { readonly stage: string } {
  const where = [properties, "RestApiId"] as const;
  const apiId = apiIdOf(properties.RestApiId);
  const resource = typeof apiId === "string" ? sam.resource(apiId) : undefined;
  if (typeof apiId !== "string" || resource === undefined) {
    throw subject.refusal(
      "RestApiId property of Api event must reference a valid resource in the same template.",
      where,
    );
  }
  const api = resource.Properties ?? {};
  if (!isMapping(api)) throw Subject.resource(sam, apiId).refusal("Attribute 'Properties' should be a map.");
  settleVersion(api);
  const stage = api.StageName;
  if (stage === "") throw Subject.resource(sam, apiId).refusal("StageName cannot be empty.", [api, "StageName"]);
  return { apiId, api, stage: typeof stage === "string" ? stage : "Stage" };
}

/** Path and method of an event; SAM writes the method in lower case from here on. */
export function readRoute({ subject, properties, at }: RouteEvent): Route {
  const { Path: path, Method: method } = properties;
  if (typeof path !== "string") throw subject.refusal("Property 'Path' should be a string.", [properties, "Path"]);
  if (typeof method !== "string") {
    throw subject.refusal("Property 'Method' should be a string.", [properties, "Method"]);
  }
  properties.Method = method.toLowerCase();
  return { path, method: method.toLowerCase(), at };
}

/** Applies an event's `Auth` to its route. */
export function addEventAuth(
  event: RouteEvent,
  definition: RestDefinition,
  route: Route,
  auth: Made,
  { api, apiId, stage }: LinkedApi,
): void {
  const { sam, subject } = event;
  resolveParameters(api.Auth, sam);
  const apiAuth = api.Auth;
  const authorizer = auth.Authorizer;
  if (isTruthy(authorizer)) requireKnownAuthorizer(subject, route, auth, apiAuth, Subject.resource(sam, apiId));

  const scopes = auth.AuthorizationScopes;
  if (isTruthy(scopes)) {
    const where = [auth, "AuthorizationScopes"] as const;
    if (!Array.isArray(scopes)) throw subject.refusal("Property 'Auth.AuthorizationScopes' should be a list.", where);
    if (!isTruthy(authorizer)) throw subject.refusal("AuthorizationScopes works only when Authorizer is set", where);
  }
  const keyRequired = member(auth, "ApiKeyRequired");
  if (keyRequired !== undefined && !isTruthy(keyRequired) && !isTruthy(member(apiAuth, "ApiKeyRequired"))) {
    throw subject.refusal(
      `Unable to set ApiKeyRequired [False] on API method [${route.method}] for path [${route.path}] because the related API does not specify any ApiKeyRequired.`,
      [auth, "ApiKeyRequired"],
      "Remove it: no key is required anyway.",
    );
  }
  if (isTruthy(authorizer) || keyRequired !== undefined) setMethodAuth(definition, route, auth, api);

  const policy = auth.ResourcePolicy;
  if (!isTruthy(policy)) return;
  if (!isMapping(policy)) {
    throw subject.refusal("Property 'Auth.ResourcePolicy' should be a map.", [auth, "ResourcePolicy"]);
  }
  addResourcePolicy(definition, policy, route.path, stage);
  if (isTruthy(policy.CustomStatements)) addCustomStatements(definition, policy);
}
