import type { SourcePosition } from "../../../model/finding.ts";
import { isMapping } from "../../source-node.ts";
import { choose, isNoValue, isTruthy, member } from "../intrinsic.ts";
import { type Made, mapping } from "../sam-template.ts";
import type { Subject } from "./subject.ts";

/** What `any` is called in a definition. */
export const ANY_METHOD = "x-amazon-apigateway-any-method";
/** Where a method says what it calls. */
export const INTEGRATION = "x-amazon-apigateway-integration";

const ALL_METHODS = "";

/** A member of a path item that is a method, as written and as SAM reads it. */
export interface MethodDefinition {
  readonly method: string;
  readonly definition: Made;
}

/** A path and method that an event adds, and where the user wrote it. */
export interface Route {
  readonly path: string;
  readonly method: string;
  readonly at: SourcePosition;
}

/**
 * The paths of an OpenAPI document in the making. Path items and methods may stand in a `Fn::If`; then what is done to
 * one is done to both branches.
 */
export class DefinitionPaths {
  readonly subject: Subject;
  readonly paths: Made;

  constructor(subject: Subject, paths: Made) {
    this.subject = subject;
    this.paths = paths;
  }

  names(): string[] {
    return Object.keys(this.paths);
  }

  /** Called before a key is put into the paths or a path item. */
  protected adding(_container: Made, _key: string): void {}

  /** The path item, or those of both branches; refuses one that is no mapping. */
  items(path: string): Made[] {
    return this.alternatives(this.paths[path], [this.paths, path]).map((item) => {
      const message = `Value of '${path}' path must be a dictionary according to Swagger spec.`;
      return isMapping(item) ? item : this.subject.refuseStructure(message, [this.paths, path]);
    });
  }

  /** A value, or those of both branches of a `Fn::If`, without AWS::NoValue. */
  alternatives(value: unknown, where: readonly [object, string]): unknown[] {
    if (!isMapping(value) || !Object.hasOwn(value, "Fn::If")) return [value];
    const branches = value["Fn::If"];
    if (!Array.isArray(branches)) throw this.subject.structureRefusal("Value of Fn::If must be a list.", where);
    return branches.slice(1).filter((each) => !isNoValue(each));
  }

  /** The definitions of one method; those without an integration are not SAM's concern. */
  definitions(path: string, method: string): Made[] {
    const name = normalMethod(method);
    return this.items(path)
      .flatMap((item) => this.#readMethods(path, item, name, method))
      .filter(hasIntegrationMember);
  }

  /** Every method of a path that has an integration. */
  allDefinitions(path: string, isMethod: (name: string) => boolean): MethodDefinition[] {
    return this.items(path).flatMap((item) =>
      Object.keys(item)
        .filter(isMethod)
        .flatMap((name) =>
          this.#readMethods(path, item, name, name)
            .filter(hasIntegrationMember)
            .map((definition) => ({ method: normalMethod(name), definition })),
        ),
    );
  }

  #readMethods(path: string, item: Made, key: string, shown: string): Made[] {
    return this.alternatives(item[key], [item, key]).map((definition) => {
      const message = `Definition of method '${shown}' for path '${path}' should be a map.`;
      return isMapping(definition) ? definition : this.subject.refuseStructure(message, [item, key]);
    });
  }

  hasPath(path: string, method = ALL_METHODS): boolean {
    if (!Object.hasOwn(this.paths, path)) return false;
    const name = normalMethod(method);
    if (name === ALL_METHODS) return true;
    return this.alternatives(this.paths[path], [this.paths, path]).every(
      (item) => isMapping(item) && Object.hasOwn(item, name),
    );
  }

  /** Whether the method has an integration, in both branches where there are two. */
  hasIntegration(path: string, method: string): boolean {
    if (!this.hasPath(path, method)) return false;
    const name = normalMethod(method);
    return this.items(path).every(
      (item) => isMapping(item[name]) && this.#readMethods(path, item, name, method).some(hasIntegrationMember),
    );
  }

  /** Adds the path and the method where they are missing. */
  add(path: string, method: string, at: SourcePosition, methodAt = at): void {
    const { origins } = this.subject.sam;
    if (!Object.hasOwn(this.paths, path)) {
      this.adding(this.paths, path);
      this.paths[path] = mapping({});
      origins.set(this.paths, path, at);
    }
    const name = normalMethod(method);
    for (const item of this.items(path)) {
      if (Object.hasOwn(item, name)) continue;
      this.adding(item, name);
      item[name] = mapping({});
      origins.set(item, name, methodAt);
    }
  }

  /** Runs what writes a route; of one that is refused nothing stays, so that another event for it is judged by itself. */
  write({ path, method }: { readonly path: string; readonly method: string }, steps: () => void): void {
    try {
      steps();
    } catch (refusal) {
      for (const item of Object.hasOwn(this.paths, path) ? this.items(path) : [])
        item[normalMethod(method)] = mapping({});
      throw refusal;
    }
  }

  /** Keeps a whole path only where a condition holds. */
  makeConditional(path: string, condition: string): void {
    this.paths[path] = choose(condition, this.paths[path]);
  }
}

/** Lower case, and `any` under its OpenAPI name. */
export function normalMethod(method: string): string {
  const lower = method.toLowerCase();
  return lower === "any" ? ANY_METHOD : lower;
}

function hasIntegrationMember(definition: Made): boolean {
  return isTruthy(member(definition, INTEGRATION));
}
