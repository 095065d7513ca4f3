import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import type { Route } from "../definition-paths.ts";
import { worded } from "../subject.ts";
import { type RestAuthorizer, restSecurityScheme } from "./authorizer.ts";
import type { RestDefinition } from "./definition.ts";

/** Markers that stand in `security` between the events and the API: this route wants no default (C). */
const NO_AUTHORIZER = "NONE";
const NO_API_KEY = "api_key_false";

/** Adds the security schemes of the API's own authorizers, in place of those of the same name. */
export function addAuthorizers(definition: RestDefinition, authorizers: readonly RestAuthorizer[]): void {
  const { subject } = definition;
  const schemes = definition.part("securityDefinitions", "securityDefinitions must be a dictionary.");
  for (const authorizer of authorizers) {
    schemes[authorizer.name] = restSecurityScheme(subject, authorizer);
    subject.sam.origins.set(schemes, authorizer.name, authorizer.at);
  }
}

function addIamScheme(definition: RestDefinition, at: SourcePosition): void {
  const scheme = mapping({
    "x-amazon-apigateway-authtype": "awsSigv4",
    type: "apiKey",
    name: "Authorization",
    in: "header",
  });
  definition.addSecurityScheme("AWS_IAM", scheme, at);
}

/** Adds the scheme of API keys. */
export function addApiKeyScheme(definition: RestDefinition, at: SourcePosition): void {
  definition.addSecurityScheme("api_key", mapping({ type: "apiKey", name: "x-api-key", in: "header" }), at);
}

/** What `DefaultAuthorizer` sets on every method of a path that names no authorizer of its own. */
export interface DefaultAuthorizer {
  readonly name: string;
  readonly authorizers: readonly RestAuthorizer[];
  readonly coversPreflight: boolean;
  readonly at: SourcePosition;
}

/** Sets the default authorizer on every method of a path, unless the method has one or wants none. */
export function setDefaultAuthorizer(definition: RestDefinition, path: string, wanted: DefaultAuthorizer): void {
  const names = new Set(["AWS_IAM", ...wanted.authorizers.map(({ name }) => name)]);
  for (const { method, definition: methodDefinition } of definition.methods(path)) {
    if (method === "options" && !wanted.coversPreflight) continue;
    const before = definition.security(path, method, methodDefinition);
    const own = before.filter((each) => Object.keys(each).some((name) => names.has(name)));
    const others = before.filter((each) => !own.includes(each));
    const none = others.findIndex((each) => Object.hasOwn(each, NO_AUTHORIZER));
    const scopes = wanted.authorizers.find(({ name }) => name === wanted.name)?.scopes ?? [];
    const after =
      none >= 0
        ? others.toSpliced(none, 1)
        : [...others, ...(own.length > 0 ? own : [mapping({ [wanted.name]: scopes })])];
    if (after.length === 0) continue;
    definition.setSecurity(methodDefinition, after, wanted.at);
    if (Object.hasOwn(after[0]!, "AWS_IAM")) addIamScheme(definition, wanted.at);
  }
}

/** `ApiKeyRequired` of the API: on every method whose event does not say `ApiKeyRequired: false`. */
export function requireApiKey(
  definition: RestDefinition,
  path: string,
  onPreflight: unknown,
  at: SourcePosition,
): void {
  for (const { method, definition: methodDefinition } of definition.methods(path)) {
    const before = definition.security(path, method, methodDefinition);
    const own = before.filter((each) => Object.hasOwn(each, "api_key") || Object.hasOwn(each, NO_API_KEY));
    const others = before.filter((each) => !own.includes(each));
    const isExempt =
      own.some((each) => Object.hasOwn(each, NO_API_KEY)) || (method === "options" && !isTruthy(onPreflight));
    const key = own.find((each) => isMapping(each) && Object.hasOwn(each, "api_key")) ?? mapping({ api_key: [] });
    const after = isExempt ? others : [...others, key];
    if (before.length === 0 && after.length === 0) continue;
    definition.setSecurity(methodDefinition, after, at);
  }
}

/** The `Auth` of an event: its own authorizer, and whether it wants an API key. */
export function setMethodAuth(definition: RestDefinition, route: Route, auth: Made, api: Made): void {
  const { sam } = definition.subject;
  const authorizer = auth.Authorizer;
  if (isTruthy(authorizer)) {
    setMethodAuthorizer(definition, route, worded(authorizer), auth, member(member(api, "Auth"), "Authorizers"));
  }
  const keyRequired = member(auth, "ApiKeyRequired");
  if (keyRequired === undefined) return;
  const at = sam.at(auth, "ApiKeyRequired", route.at);
  for (const methodDefinition of definition.definitions(route.path, route.method)) {
    if (isTruthy(keyRequired)) addApiKeyScheme(definition, at);
    const before = definition.security(route.path, route.method, methodDefinition);
    const requirement = mapping({ [isTruthy(keyRequired) ? "api_key" : NO_API_KEY]: [] });
    definition.setSecurity(methodDefinition, [...before, requirement], at);
  }
}

function setMethodAuthorizer(
  definition: RestDefinition,
  route: Route,
  name: string,
  auth: Made,
  authorizers: unknown,
): void {
  const at = definition.subject.sam.at(auth, "Authorizer", route.at);
  for (const methodDefinition of definition.definitions(route.path, route.method)) {
    const before = definition.security(route.path, route.method, methodDefinition);
    const after = [...before, mapping({ [name]: scopesOf(definition, name, auth, authorizers) })];
    definition.setSecurity(methodDefinition, after, at);
    if (Object.hasOwn(after[0]!, "AWS_IAM")) addIamScheme(definition, at);
  }
}

/** The scopes of the event, else those of the authorizer; none for the built-in ones. */
function scopesOf(definition: RestDefinition, name: string, auth: Made, authorizers: unknown): unknown {
  if (name === NO_AUTHORIZER || !isTruthy(authorizers)) return [];
  const authorizer = member(authorizers, name);
  if (authorizer === undefined) return [];
  if (!isMapping(authorizer)) {
    throw definition.subject.structureRefusal(`Type of authorizer '${name}' must be a dictionary`, [
      authorizers as Made,
      name,
    ]);
  }
  return member(auth, "AuthorizationScopes") ?? member(authorizer, "AuthorizationScopes") ?? [];
}
