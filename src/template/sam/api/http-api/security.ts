import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { normalMethod, type Route } from "../definition-paths.ts";
import { worded } from "../subject.ts";
import type { HttpAuthorizer } from "./authorizer.ts";
import type { HttpDefinition } from "./definition.ts";

/**
 * Sets the default authorizer on every route of a path that has no security of its own. OPTIONS is left open: AWS answers
 * preflights from the API's CORS configuration.
 */
export function setHttpDefaultAuthorizer(
  definition: HttpDefinition,
  path: string,
  authorizer: HttpAuthorizer,
  at: SourcePosition,
): void {
  const { origins } = definition.subject.sam;
  const isMethod = (name: string) => !["parameters", "options"].includes(normalMethod(name));
  for (const item of definition.items(path)) {
    const misspelt = Object.keys(item).find((name) => isMethod(name) && !Object.hasOwn(item, normalMethod(name)));
    if (misspelt === undefined) continue;
    throw definition.subject.structureRefusal(
      `Could not find ${normalMethod(misspelt)} in ${path} within DefinitionBody.`,
      [item, misspelt],
      `Write ${normalMethod(misspelt)}.`,
    );
  }
  for (const { definition: method } of definition.allDefinitions(path, isMethod)) {
    if (isTruthy(method.security)) continue;
    method.security = [mapping({ [authorizer.name]: authorizer.scopes ?? [] })];
    origins.set(method, "security", at);
  }
}

/** Sets an event's own authorizer on its route. */
export function setHttpMethodAuth(definition: HttpDefinition, route: Route, auth: Made, api: Made): void {
  const { subject } = definition;
  const name = worded(auth.Authorizer);
  for (const method of definition.definitions(route.path, route.method)) {
    const security = method.security ?? [];
    if (!Array.isArray(security)) {
      const message = `Type of security for path ${route.path} method ${route.method} must be a list`;
      throw subject.structureRefusal(message, [method, "security"]);
    }
    const list = [...security, mapping({ [name]: scopesOf(definition, name, auth, api) })];
    for (const index of security.keys()) subject.sam.origins.set(list, index, subject.place([security, index]));
    const at = subject.sam.at(auth, "Authorizer", route.at);
    subject.sam.origins.set(list, list.length - 1, at);
    method.security = list;
    subject.sam.origins.set(method, "security", at);
  }
}

/** The event's scopes, else those of the authorizer. The built-in authorizers have none. */
function scopesOf(definition: HttpDefinition, name: string, auth: Made, api: Made): unknown {
  if (name === "NONE" || name === "AWS_IAM") return [];
  const authorizers = member(member(api, "Auth"), "Authorizers");
  const authorizer = member(authorizers, name);
  if (!isMapping(authorizer)) {
    throw definition.subject.structureRefusal(`Type of authorizer '${name}' must be a dictionary`, [
      auth,
      "Authorizer",
    ]);
  }
  if (isTruthy(auth.AuthorizationScopes)) return auth.AuthorizationScopes;
  return isTruthy(authorizer.AuthorizationScopes) ? authorizer.AuthorizationScopes : [];
}
