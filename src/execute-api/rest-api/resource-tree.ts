/**
 * The resources of a deployment as a tree of path segments. Per segment a literal wins over `{param}`, which wins over
 * `{proxy+}`, with backtracking: `/a/x` falls back to `/{proxy+}` when `/a` has no child for `x` (R). Creation order is
 * irrelevant (R). Look-up time depends on the path's segments, not on the number of routes.
 * conformance/rest-api/routing
 */
export class ResourceTree<Leaf> {
  readonly #root: Node<Leaf> = newNode();

  /** Adds a method (a verb or `ANY`) at a template path such as `/pets/{petId}`. */
  add(templatePath: string, httpMethod: string, leaf: Leaf): void {
    let node = this.#root;
    for (const segment of segmentsOf(templatePath)) {
      if (segment.startsWith("{") && segment.endsWith("+}")) {
        node.greedy ??= { name: segment.slice(1, -2), node: newNode() };
        node = node.greedy.node;
      } else if (segment.startsWith("{") && segment.endsWith("}")) {
        node.variable ??= { name: segment.slice(1, -1), node: newNode() };
        node = node.variable.node;
      } else {
        let child = node.literals.get(segment);
        if (child === undefined) {
          child = newNode();
          node.literals.set(segment, child);
        }
        node = child;
      }
    }
    node.methods ??= new Map();
    node.methods.set(httpMethod, leaf);
  }

  /**
   * Finds the method for a raw (percent-encoded) path inside the stage. An exact verb wins over `ANY` (R); a resource
   * that has neither is given up for a less specific one that has (R). conformance/rest-api/routing/verb-on-greedy-sibling
   */
  match(path: string, httpMethod: string): TreeMatch<Leaf> {
    const segments = segmentsOf(path);
    const captured: string[] = [];
    const node = find(this.#root, segments, 0, captured, (methods) => methodFor(methods, httpMethod) !== undefined);
    const leaf = node?.methods && methodFor(node.methods, httpMethod);
    if (leaf === undefined) {
      const nearest = find(this.#root, segments, 0, [], () => true);
      if (nearest === undefined) return { outcome: "no_resource" };
      return { outcome: "no_method", methods: [...(nearest.methods?.keys() ?? [])] };
    }
    const pathParameters: Record<string, string> = Object.create(null);
    for (let at = 0; at < captured.length; at += 2) pathParameters[captured[at] as string] = captured[at + 1] as string;
    return { outcome: "matched", leaf, pathParameters };
  }

  /** Every route, e.g. for a nearest-route hint. */
  *routes(): Generator<{ readonly path: string; readonly httpMethod: string; readonly leaf: Leaf }> {
    yield* walk(this.#root, "");
  }
}

export type TreeMatch<Leaf> =
  | { readonly outcome: "matched"; readonly leaf: Leaf; readonly pathParameters: Record<string, string> }
  | { readonly outcome: "no_resource" }
  | { readonly outcome: "no_method"; readonly methods: readonly string[] };

/** The verbs a method can be declared for, and what `ANY` stands for (R: the enum of PutMethod's error text). */
const REQUEST_METHODS: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

interface Node<Leaf> {
  readonly literals: Map<string, Node<Leaf>>;
  variable?: { readonly name: string; readonly node: Node<Leaf> };
  greedy?: { readonly name: string; readonly node: Node<Leaf> };
  /** A resource without methods is not part of the snapshot and matches nothing (?). */
  methods?: Map<string, Leaf>;
}

function methodFor<Leaf>(methods: ReadonlyMap<string, Leaf>, httpMethod: string): Leaf | undefined {
  // A request may claim to be ANY by X-HTTP-Method-Override; a policy that denies verbs one by one would not see it.
  if (!REQUEST_METHODS.has(httpMethod)) return undefined;
  return methods.get(httpMethod) ?? methods.get("ANY");
}

function newNode<Leaf>(): Node<Leaf> {
  return { literals: new Map() };
}

/** Leading slashes collapse and one trailing slash is ignored (R); empty segments in between stay. */
function segmentsOf(path: string): string[] {
  let start = 0;
  while (path.charCodeAt(start) === 47) start++;
  const end = path.length > start && path.charCodeAt(path.length - 1) === 47 ? path.length - 1 : path.length;
  return end <= start ? [] : path.slice(start, end).split("/");
}

function find<Leaf>(
  node: Node<Leaf>,
  segments: readonly string[],
  at: number,
  captured: string[],
  serves: (methods: ReadonlyMap<string, Leaf>) => boolean,
): Node<Leaf> | undefined {
  if (at === segments.length) return node.methods !== undefined && serves(node.methods) ? node : undefined;
  const segment = segments[at] as string;
  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const found = find(literal, segments, at + 1, captured, serves);
    if (found !== undefined) return found;
  }
  if (node.variable !== undefined && segment !== "") {
    captured.push(node.variable.name, segment);
    const found = find(node.variable.node, segments, at + 1, captured, serves);
    if (found !== undefined) return found;
    captured.length -= 2;
  }
  if (node.greedy?.node.methods !== undefined && serves(node.greedy.node.methods)) {
    // An empty remainder is no match (D), and slashes alone are none either (?).
    if (segments.every((each, index) => index < at || each === "")) return undefined;
    captured.push(node.greedy.name, segments.slice(at).join("/"));
    return node.greedy.node;
  }
  return undefined;
}

function* walk<Leaf>(node: Node<Leaf>, path: string): Generator<{ path: string; httpMethod: string; leaf: Leaf }> {
  for (const [httpMethod, leaf] of node.methods ?? []) yield { path: path === "" ? "/" : path, httpMethod, leaf };
  for (const [segment, child] of node.literals) yield* walk(child, `${path}/${segment}`);
  if (node.variable !== undefined) yield* walk(node.variable.node, `${path}/{${node.variable.name}}`);
  if (node.greedy !== undefined) yield* walk(node.greedy.node, `${path}/{${node.greedy.name}+}`);
}
