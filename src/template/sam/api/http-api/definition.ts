import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { choose, isSame, isTruthy, member, ref } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { ANY_METHOD, DefinitionPaths, INTEGRATION, normalMethod, type Route } from "../definition-paths.ts";
import { isOpenApi3 } from "../openapi-version.ts";
import type { Subject } from "../subject.ts";

/** The path that catches everything no other route matches. */
export const DEFAULT_PATH = "$default";

const STACK_NAME = ref("AWS::StackName");

/** What HTTP APIs without a definition begin with. */
export function emptyHttpDefinition(): Made {
  return mapping({
    openapi: "3.0.1",
    info: mapping({ version: "1.0", title: STACK_NAME }),
    paths: mapping({}),
  });
}

/** Whether SAM can read a definition: OpenAPI 3, with paths. */
export function isHttpDefinition(body: unknown): body is Made {
  return isMapping(body) && isMapping(body.paths) && isTruthy(body.openapi) && isOpenApi3(body.openapi);
}

/** The definition of an HTTP API in the making. */
export class HttpDefinition extends DefinitionPaths {
  readonly body: Made;

  constructor(subject: Subject, body: unknown) {
    if (!isHttpDefinition(body)) {
      throw subject.structureRefusal(
        "Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.",
      );
    }
    super(subject, body.paths as Made);
    this.body = body;
    const components = member(body, "components");
    if (components !== undefined && !isMapping(components)) {
      throw subject.structureRefusal("Invalid OpenApi document: The value of 'components' should be a map", [
        body,
        "components",
      ]);
    }
  }

  /** A part of the document that is a mapping, made when it is missing or empty. */
  part(key: string, container: Made = this.body): Made {
    if (!isTruthy(container[key])) container[key] = mapping({});
    const value = container[key];
    if (isMapping(value)) return value;
    throw this.subject.structureRefusal(`Value of '${key}' must be a dictionary according to Swagger spec.`, [
      container,
      key,
    ]);
  }

  addSecurityScheme(name: string, scheme: Made, at: SourcePosition): void {
    const schemes = this.part("securitySchemes", this.part("components"));
    schemes[name] = scheme;
    this.subject.sam.origins.set(schemes, name, at);
  }

  /** Makes a route call a function, unless it has an integration already. */
  addFunction(route: Route, uri: Made, condition: string | undefined): void {
    const { path, method, at } = route;
    if (this.hasIntegration(path, method)) return;
    const name = normalMethod(method);
    const { origins } = this.subject.sam;
    this.add(path, method, at);
    for (const item of this.items(path)) {
      item[name] ??= mapping({});
      const definition = item[name];
      if (!isMapping(definition)) {
        throw this.subject.structureRefusal(`Definition of method '${method}' for path '${path}' should be a map.`, [
          item,
          name,
        ]);
      }
      definition[INTEGRATION] = mapping({
        type: "aws_proxy",
        httpMethod: "POST",
        payloadFormatVersion: "2.0",
        uri: condition === undefined ? uri : choose(condition, uri),
      });
      origins.set(definition, INTEGRATION, at);
      if (path === DEFAULT_PATH && name === ANY_METHOD) definition.isDefaultRoute = true;
      if (!Object.hasOwn(definition, "responses")) definition.responses = mapping({});
      if (condition !== undefined) item[name] = choose(condition, definition);
    }
  }

  /** Whether the integration of a route calls this function, in whichever branch. */
  calls(path: string, method: string, functionId: string): boolean {
    if (!this.hasIntegration(path, method)) return false;
    const name = normalMethod(method);
    const definitions = this.items(path).flatMap((item) => this.alternatives(item[name], [item, name]));
    return definitions.every((definition) => {
      const integration = member(definition, INTEGRATION) ?? mapping({});
      if (!isMapping(integration)) {
        throw this.subject.structureRefusal(
          `Value of '${INTEGRATION}' must be a dictionary according to Swagger spec.`,
          [this.paths, path],
        );
      }
      const uri = integration.uri;
      if (!isMapping(uri)) return false;
      return this.alternatives(uri, [integration, "uri"]).every((each) => {
        const text = member(each, "Fn::Sub");
        // A function with an alias is called as ${Alias}, without .Arn, and is not recognised (C).
        const called = typeof text === "string" ? /([A-Za-z0-9]+)\.Arn/.exec(text)?.[1] : undefined;
        return called === functionId;
      });
    });
  }

  setIntegration(route: Route, key: string, value: unknown, at: SourcePosition): void {
    for (const definition of this.definitions(route.path, route.method)) {
      const integration = definition[INTEGRATION] as Made;
      integration[key] = value;
      this.subject.sam.origins.set(integration, key, at);
    }
  }

  /** Declares the `{…}` of a path as parameters of the route. */
  addPathParameters(route: Route): void {
    const names = [...route.path.matchAll(/\{(.*?)\}/g)].map(([, name = ""]) => name);
    if (names.length === 0) return;
    for (const definition of this.definitions(route.path, route.method)) {
      if (!Object.hasOwn(definition, "parameters")) definition.parameters = [];
      const parameters = definition.parameters;
      if (!Array.isArray(parameters)) {
        throw this.subject.structureRefusal(
          `Parameters of method ${route.method} for path ${route.path} must be a list`,
          [definition, "parameters"],
        );
      }
      for (const name of names) {
        const existing = parameters.find((each) => member(each, "name") === name);
        if (isMapping(existing)) Object.assign(existing, { in: "path", required: true });
        else {
          const index = parameters.push(mapping({ name, in: "path", required: true })) - 1;
          this.subject.sam.origins.set(parameters, index, route.at);
        }
      }
    }
  }
}

/** Whether the title is the one that SAM gives when the user gives none. */
export function hasDefaultTitle(body: Made): boolean {
  return isSame(member(member(body, "info"), "title"), STACK_NAME);
}
