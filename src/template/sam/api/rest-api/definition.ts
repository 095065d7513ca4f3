import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { choose, isTruthy, member, ref } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { MANAGED } from "../api-properties.ts";
import { DefinitionPaths, INTEGRATION, normalMethod, type Route } from "../definition-paths.ts";
import { CopiedOrder } from "../expansion-order.ts";
import { isOpenApi3, versionText } from "../openapi-version.ts";
import { type Subject, worded } from "../subject.ts";

const orders = new WeakMap<object, CopiedOrder>();

const NOT_METHODS: readonly string[] = ["summary", "description", "parameters"];

/** What REST APIs without a definition begin with. */
export function emptyRestDefinition(): Made {
  return mapping({
    swagger: "2.0",
    info: mapping({ version: "1.0", title: ref("AWS::StackName") }),
    paths: mapping({}),
  });
}

/** Whether SAM can read a definition: Swagger, or OpenAPI 3, with paths. */
export function isRestDefinition(body: unknown): body is Made {
  if (!isMapping(body) || !isMapping(body.paths)) return false;
  if (isTruthy(body.swagger)) return true;
  return isTruthy(body.openapi) && isOpenApi3(body.openapi);
}

/** A definition that SAM made is of the version that `OpenApiVersion` names, in Globals or in the API itself. */
export function settleVersion(api: Made): void {
  const { OpenApiVersion: version, DefinitionBody: body } = api;
  if (version === undefined || !Object.hasOwn(api, MANAGED) || !isOpenApi3(version)) return;
  api.OpenApiVersion = versionText(version);
  if (!isMapping(body)) return;
  body.openapi = versionText(version);
  delete body.swagger;
}

/** The definition of a REST API in the making. */
export class RestDefinition extends DefinitionPaths {
  readonly body: Made;
  readonly #order: CopiedOrder;

  constructor(subject: Subject, body: unknown) {
    if (!isRestDefinition(body)) {
      throw subject.structureRefusal(
        "Invalid Swagger document or the Swagger document is not explicitly defined in 'DefinitionBody'.",
      );
    }
    super(subject, body.paths as Made);
    this.body = body;
    this.#order = orders.get(body) ?? new CopiedOrder();
    orders.set(body, this.#order);
    this.#order.open();
    for (const path of Object.keys(this.paths)) this.items(path);
  }

  override names(): string[] {
    return this.#order.keysOf(this.paths);
  }

  /** The keys of a path item, in SAM's order. */
  keysOf(item: Made): string[] {
    return this.#order.keysOf(item);
  }

  protected override adding(container: Made, key: string): void {
    this.#order.add(container, key);
  }

  /** Puts a method that SAM makes into a path item. */
  setMethod(item: Made, method: string, definition: Made, at: SourcePosition): void {
    this.#order.add(item, method);
    item[method] = definition;
    this.subject.sam.origins.set(item, method, at);
  }

  /** Every method of a path that has an integration, `parameters` and the like left out. */
  methods(path: string): { readonly method: string; readonly definition: Made }[] {
    return this.allDefinitions(path, (name) => !NOT_METHODS.includes(name));
  }

  /** A part of the document that is a mapping, made when it is missing. */
  part(key: string, message = `${key} must be a dictionary.`): Made {
    const { body } = this;
    if (!isTruthy(body[key])) body[key] = mapping({});
    const value = body[key];
    return isMapping(value) ? value : this.subject.refuseStructure(message, [body, key]);
  }

  /** Adds a security scheme unless the document has one of this name. */
  addSecurityScheme(name: string, scheme: Made, at: SourcePosition): void {
    const schemes = this.part("securityDefinitions");
    if (Object.hasOwn(schemes, name)) return;
    schemes[name] = scheme;
    this.subject.sam.origins.set(schemes, name, at);
  }

  /** The security requirements of a method; refuses what is no list of mappings. */
  security(path: string, method: string, definition: Made): Made[] {
    const security = definition.security === undefined ? [] : definition.security;
    if (!Array.isArray(security)) {
      const message = `Type of security for path ${path} method ${method} must be a list`;
      throw this.subject.structureRefusal(message, [definition, "security"]);
    }
    return security.map((each, index) => {
      const message = `${worded(each)} in Security for path ${path} method ${method} is not a valid dictionary.`;
      return isMapping(each) ? each : this.subject.refuseStructure(message, [security, index]);
    });
  }

  /** Gives a method new security requirements, each of which keeps its place; a new one comes from `at`. */
  setSecurity(definition: Made, security: readonly Made[], at: SourcePosition): void {
    const { origins } = this.subject.sam;
    const before = definition.security;
    const list = [...security];
    for (const [index, each] of list.entries()) {
      const was = Array.isArray(before) ? before.indexOf(each) : -1;
      origins.set(list, index, (was < 0 ? undefined : origins.get(before as object, was)) ?? at);
    }
    if (!origins.get(definition, "security")) origins.set(definition, "security", at);
    definition.security = list;
  }

  /** Makes a method call something. */
  addIntegration(
    route: Route,
    integration: Made,
    { condition, responses }: { readonly condition: string | undefined; readonly responses: Made },
  ): void {
    const { path, method, at } = route;
    this.add(path, method, at);
    const name = normalMethod(method);
    const { origins } = this.subject.sam;
    for (const item of this.items(path)) {
      const definition = item[name];
      if (!isMapping(definition)) {
        throw this.subject.structureRefusal(`Definition of method '${method}' for path '${path}' should be a map.`, [
          item,
          name,
        ]);
      }
      definition[INTEGRATION] = integration;
      origins.set(definition, INTEGRATION, at);
      if (!Object.hasOwn(definition, "responses")) definition.responses = responses;
      if (condition !== undefined) item[name] = choose(condition, definition);
    }
  }

  setTimeout(route: Route, timeout: unknown, at: SourcePosition): void {
    for (const definition of this.definitions(route.path, route.method)) {
      const integration = definition[INTEGRATION] as Made;
      integration.timeoutInMillis = timeout;
      this.subject.sam.origins.set(integration, "timeoutInMillis", at);
    }
  }
}

/** `disableExecuteApiEndpoint`, at the top of a Swagger document, in each server of an OpenAPI 3 document. */
export function disableDefaultEndpoint(definition: RestDefinition, value: unknown, at: SourcePosition): void {
  const { body, subject } = definition;
  const key = "x-amazon-apigateway-endpoint-configuration";
  const { origins } = subject.sam;
  const set = (container: Made): void => {
    if (!Object.hasOwn(container, key)) container[key] = mapping({});
    const settings = container[key];
    if (!isMapping(settings)) {
      throw subject.structureRefusal(`Invalid OpenAPI definition: The value of '${key}' should be a map.`, [
        container,
        key,
      ]);
    }
    settings.disableExecuteApiEndpoint = value;
    origins.set(settings, "disableExecuteApiEndpoint", at);
  };
  if (!isTruthy(body.openapi) || !isOpenApi3(body.openapi)) {
    set(body);
    return;
  }
  if (!Object.hasOwn(body, "servers")) body.servers = [mapping({})];
  const servers = body.servers;
  if (!Array.isArray(servers)) {
    throw subject.structureRefusal("Invalid OpenAPI definition of 'servers'.", [body, "servers"]);
  }
  for (const [index, server] of servers.entries()) {
    if (!isMapping(server)) {
      throw subject.structureRefusal(`Invalid OpenAPI definition of 'servers[${index}]'.`, [servers, index]);
    }
    set(server);
  }
}

/** `~1` in a media type stands for the `/` that old tools could not write. */
export function withSlashes(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("~1", "/");
  if (Array.isArray(value)) return value.map(withSlashes);
  if (!isMapping(value)) return value;
  return mapping(
    Object.fromEntries(Object.keys(value).map((key) => [key.replaceAll("~1", "/"), withSlashes(value[key])])),
  );
}

/**
 * Moves what Swagger has at the top into `components` where the API is to be OpenAPI 3. A document that says it is
 * Swagger stays as it is, and so does one whose version nobody named.
 */
export function asOpenApi3(subject: Subject, body: Made, openApiVersion: unknown): void {
  if (member(body, "swagger") !== undefined) return;
  const version = member(body, "openapi") !== undefined && openApiVersion === undefined ? body.openapi : openApiVersion;
  if (!isTruthy(version) || !isOpenApi3(version)) return;
  for (const [from, to] of [
    ["securityDefinitions", "securitySchemes"],
    ["definitions", "schemas"],
  ] as const) {
    if (!isTruthy(body[from])) continue;
    if (!isTruthy(body.components)) body.components = mapping({});
    const components = body.components;
    if (!isMapping(components)) {
      throw subject.structureRefusal("components must be a dictionary.", [body, "components"]);
    }
    components[to] = body[from];
    delete body[from];
  }
  if (!isTruthy(body.paths)) return;
  const { paths } = body;
  if (!isMapping(paths)) {
    throw subject.structureRefusal("Value of paths must be a dictionary according to Swagger spec.", [body, "paths"]);
  }
  for (const path of Object.keys(paths)) optionsAsOpenApi3(subject, paths, path);
}

/** OpenAPI 3 knows no `consumes` and `produces`, and wants a schema for each header of a response. */
function optionsAsOpenApi3(subject: Subject, paths: Made, path: string): void {
  const item = paths[path];
  if (!isMapping(item)) {
    throw subject.structureRefusal(`Value of '${path}' path must be a dictionary according to Swagger spec.`, [
      paths,
      path,
    ]);
  }
  const { options } = item;
  if (!isTruthy(options)) return;
  if (!isMapping(options)) {
    throw subject.structureRefusal(
      `Value of options method for path ${path} must be a dictionary according to Swagger spec.`,
      [item, "options"],
    );
  }
  delete options.consumes;
  delete options.produces;
  const responses = member(options, "responses");
  const invalid = `Invalid responses in options method for path ${path}: It should be a map.`;
  if (responses !== undefined && !isMapping(responses)) throw subject.structureRefusal(invalid, [options, "responses"]);
  const success = member(responses, "200");
  if (success !== undefined && !isMapping(success)) throw subject.structureRefusal(invalid, [options, "responses"]);
  const headers = member(success, "headers");
  if (!isTruthy(headers)) return;
  if (!isMapping(headers)) {
    throw subject.structureRefusal(
      `Value of response's headers in options method for path ${path} must be a dictionary according to Swagger spec.`,
      [success as Made, "headers"],
    );
  }
  for (const name of Object.keys(headers)) headers[name] = mapping({ schema: headers[name] });
}
