import { HTTP_METHODS } from "../../model/rest-api.ts";
import type { CompiledRoute } from "./deployment.ts";
import { decodePercent } from "./read-request.ts";

/**
 * The routes of a deployment as a tree of path segments. A full match goes before one through a greedy variable, that
 * before `$default` (D); among full matches a literal beats `{param}`, segment by segment from the left (D by example);
 * among greedy ones the longest prefix wins (D by example); on the same path a method beats `ANY` (D). Only routes that
 * take the method are looked at (?). Look-up time depends on the path, not on the number of routes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * conformance/http-api/routing
 */
export class RouteTable {
  readonly #root: Node = newNode();
  readonly #routes: CompiledRoute[] = [];
  /** Route keys by the same without the variables' names. */
  readonly #places = new Map<string, string>();
  #default: CompiledRoute | undefined;

  /**
   * Adds a route; its path is `$default` or begins with a slash. Answers why AWS would not create it beside the others:
   * the same key (?), or a variable of another name in the same place (R).
   */
  add(route: CompiledRoute): RouteConflict | undefined {
    const { routeKey } = route;
    const place = routeKey.replace(/\{[^}]*?(\+?)\}/g, "{$1}");
    const other = this.#places.get(place);
    if (other !== undefined) {
      const message =
        other === routeKey
          ? `Route with key ${routeKey} already exists for this API`
          : `The provided route key "${routeKey}" has a conflicting variable on the same hierarchical level as "${other}"`;
      return { message };
    }
    this.#places.set(place, routeKey);
    this.#routes.push(route);
    if (route.method === undefined) {
      this.#default = route;
      return undefined;
    }
    let node = this.#root;
    for (const segment of route.path.slice(1).split("/")) {
      const name = /^\{(.+?)(\+?)\}$/.exec(segment);
      if (name === null) {
        const child = node.literals.get(segment) ?? newNode();
        node.literals.set(segment, child);
        node = child;
      } else if (name[2] === "+") node = node.greedy ??= newNode();
      else node = node.variable ??= newNode();
    }
    node.routes.set(route.method, route);
    return undefined;
  }

  /** The route that takes a request; its variables percent-decoded (D). `path` is raw, inside the stage. */
  find(method: string, path: string): RouteMatch | undefined {
    const segments = path.slice(1).split("/").map(decodePercent);
    const values: string[] = [];
    // A verb that no policy or route could name is taken by nothing, `ANY` and `$default` included (?).
    if (!METHODS.has(method)) return undefined;
    const found =
      findFull(this.#root, method, segments, 0, values) ??
      findGreedy(this.#root, method, segments, 0, values) ??
      this.#findEmpty(method, path, values);
    if (found !== undefined) return { route: found, pathParameters: named(found.path, values) };
    return this.#default && { route: this.#default, pathParameters: NO_PARAMETERS };
  }

  /** `GET /{x}` takes `/` with an empty x, after everything that matches `/` properly (C: architect issue 981). */
  #findEmpty(method: string, path: string, values: string[]): CompiledRoute | undefined {
    const route = path === "/" && this.#root.variable ? routeFor(this.#root.variable, method) : undefined;
    if (route !== undefined) values.push("");
    return route;
  }

  /** Every route, in the order added. */
  get routes(): readonly CompiledRoute[] {
    return this.#routes;
  }
}

export interface RouteConflict {
  /** AWS's ConflictException text. */
  readonly message: string;
}

export interface RouteMatch {
  readonly route: CompiledRoute;
  readonly pathParameters: Readonly<Record<string, string>>;
}

const METHODS: ReadonlySet<string> = new Set(HTTP_METHODS);
const NO_PARAMETERS: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/** `/thing/` gives `proxy` the value `thing` (C, from a peer's own matcher: ?). */
const GREEDY_DROPS_TRAILING_SLASH = true;

interface Node {
  readonly literals: Map<string, Node>;
  variable?: Node;
  greedy?: Node;
  /** By method, `ANY` included. */
  readonly routes: Map<string, CompiledRoute>;
}

function newNode(): Node {
  return { literals: new Map(), routes: new Map() };
}

function routeFor(node: Node, method: string): CompiledRoute | undefined {
  return node.routes.get(method) ?? node.routes.get("ANY");
}

function findFull(
  node: Node,
  method: string,
  segments: readonly string[],
  at: number,
  values: string[],
): CompiledRoute | undefined {
  if (at === segments.length) return routeFor(node, method);
  const segment = segments[at] as string;
  const literal = node.literals.get(segment);
  const found = literal && findFull(literal, method, segments, at + 1, values);
  if (found !== undefined || node.variable === undefined || segment === "") return found;
  values.push(segment);
  const byVariable = findFull(node.variable, method, segments, at + 1, values);
  if (byVariable === undefined) values.pop();
  return byVariable;
}

/** A greedy variable also takes an empty rest, after the slash (R). */
function findGreedy(
  node: Node,
  method: string,
  segments: readonly string[],
  at: number,
  values: string[],
): CompiledRoute | undefined {
  if (at === segments.length) return undefined;
  const segment = segments[at] as string;
  const literal = node.literals.get(segment);
  const found = literal && findGreedy(literal, method, segments, at + 1, values);
  if (found !== undefined) return found;
  if (node.variable !== undefined && segment !== "") {
    values.push(segment);
    const byVariable = findGreedy(node.variable, method, segments, at + 1, values);
    if (byVariable !== undefined) return byVariable;
    values.pop();
  }
  const greedy = node.greedy && routeFor(node.greedy, method);
  if (greedy === undefined) return undefined;
  const rest = segments.slice(at).join("/");
  values.push(GREEDY_DROPS_TRAILING_SLASH && rest.endsWith("/") ? rest.slice(0, -1) : rest);
  return greedy;
}

function named(path: string, values: readonly string[]): Readonly<Record<string, string>> {
  if (values.length === 0) return NO_PARAMETERS;
  const parameters: Record<string, string> = Object.create(null);
  let at = 0;
  for (const [, name] of path.matchAll(/\{(.+?)\+?\}/g)) parameters[name as string] = values[at++] ?? "";
  return parameters;
}
