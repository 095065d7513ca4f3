import type { Finding, SourcePosition } from "../model/finding.ts";
import type { Method, Resource } from "../model/rest-api.ts";
import type { Problem, Report } from "./report.ts";
import type { StableIds } from "./resource-id.ts";

/*
 * AWS builds a tree of resources while it imports, and refuses the file when two paths do not fit into one tree. Here
 * the rest of the API goes on, and the rule is: what two paths both claim, or what a path we cannot read may have
 * claimed, answers 501. Dropping such a path instead would hand its requests to a wider neighbour like /{proxy+}, whose
 * authorizer may be another, or none.
 */

/** Characters of a literal path part (D: Developer Guide, quotas and important notes). */
const LITERAL = /^[A-Za-z0-9_.,:-]+$/;
const VARIABLE = /^\{([A-Za-z0-9._$-]+)(\+?)\}$/;
/** Longer paths can never be requested (D: quotas, URL length of edge-optimised and private endpoints). */
export const MAX_PATH_CHARACTERS = 8192;
/** Stands in for a part that mixes text and variable. */
const STAND_IN = "unreadable";

interface Place {
  readonly part: string;
  /** Set for `{name}` and `{name+}`. */
  readonly variable?: { readonly name: string; readonly isGreedy: boolean };
  readonly literals: Map<string, Place>;
  variableChild: Place | undefined;
  readonly methods: Method[];
  /** Nothing at or below is served. */
  closed: Finding | undefined;
}

interface Part {
  readonly text: string;
  readonly variable?: { readonly name: string; readonly isGreedy: boolean };
  readonly problem?: { readonly rule: string; readonly message: string; readonly fix: string };
}

/** The resources of one API, from paths in any order. */
export class ResourceTree {
  readonly #root = newPlace("");
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Adds the methods of one path; `path` begins with a slash, `at` is where the file writes it. */
  add(path: string, methods: readonly Method[], at: SourcePosition): void {
    const verb = methods.length === 1 ? (methods[0]?.httpMethod ?? "ANY") : "ANY";
    let finding: Finding | undefined;
    const refuse = (problem: Omit<Problem, "at">): Finding => {
      finding ??= this.#report.refuseRoute({ ...problem, at }, `${verb} ${path}`);
      return finding;
    };
    if (path.length > MAX_PATH_CHARACTERS) {
      const message = `The path has ${path.length} characters, the limit is ${MAX_PATH_CHARACTERS}.`;
      this.#report.refuseRoute(
        { rule: "path-too-long", at, message, fix: "Shorten it." },
        `${verb} ${path.slice(0, 80)}…`,
      );
      return;
    }
    const parts = splitPath(path);
    let place = this.#root;
    for (const [index, part] of parts.entries()) {
      if (part.problem) refuse(part.problem);
      const parent = place;
      place = part.variable ? stepToVariable(parent, part, refuse) : stepToLiteral(parent, part.text);
      if (place.closed) break;
      if (place.variable?.isGreedy && index < parts.length - 1) {
        // (R) AWS's text, recorded.
        const message = `Cannot create a child of a resource with a greedy path variable: ${place.part}`;
        close(place, refuse({ rule: "path-greedy-child", message, fix: `End the path at ${place.part}.` }));
        break;
      }
    }
    if (place.closed) refuse(closedBy(place, place.closed));
    addMethods(place, methods, finding, refuse, path);
  }

  /** Every resource with its implicit parents, the root first, each path after its parents. */
  resources(ids: StableIds): Resource[] {
    const resources: Resource[] = [];
    collect(this.#root, "", ids, resources);
    return resources;
  }
}

function newPlace(part: string, variable?: Place["variable"]): Place {
  const base = { part, literals: new Map(), variableChild: undefined, methods: [], closed: undefined };
  return variable ? { ...base, variable } : base;
}

function stepToLiteral(parent: Place, text: string): Place {
  let child = parent.literals.get(text);
  if (!child) {
    child = newPlace(text);
    parent.literals.set(text, child);
  }
  return child;
}

function stepToVariable(parent: Place, part: Part, refuse: (problem: Omit<Problem, "at">) => Finding): Place {
  const { variable } = part;
  const existing = parent.variableChild;
  if (!existing) {
    parent.variableChild = newPlace(part.text, variable);
    return parent.variableChild;
  }
  if (existing.part === part.text) return existing;
  // (R) AWS's text, recorded.
  const message = `A sibling (${existing.part}) of this resource already has a variable path part -- only one is allowed`;
  const fix = `Write ${existing.part} here too, or use other literal parts.`;
  const finding = refuse({ rule: "path-sibling-variable", message, fix });
  if (existing.variable?.isGreedy === variable?.isGreedy) return existing;
  // One is {x}, the other {x+}: only the greedy form covers what both claim.
  if (!existing.variable?.isGreedy) parent.variableChild = newPlace(part.text, variable);
  const greedy = parent.variableChild ?? existing;
  close(greedy, finding);
  return greedy;
}

function close(place: Place, finding: Finding): void {
  place.closed ??= finding;
  place.literals.clear();
  place.variableChild = undefined;
}

function closedBy(place: Place, finding: Finding): Omit<Problem, "at"> {
  const { file, line, column } = finding.at;
  const message = `The path leads through ${place.part}, where two paths conflict (${file}:${line}:${column}).`;
  return { rule: "path-conflict", message, fix: "Resolve that conflict first." };
}

function addMethods(
  place: Place,
  methods: readonly Method[],
  finding: Finding | undefined,
  refuse: (problem: Omit<Problem, "at">) => Finding,
  path: string,
): void {
  for (const method of methods) {
    const same = place.methods.findIndex((each) => each.httpMethod === method.httpMethod);
    const existing = place.methods[same];
    if (existing) {
      const { file, line, column } = existing.at;
      const message = `${method.httpMethod} ${path} is claimed twice: also at ${file}:${line}:${column}.`;
      const conflict = finding ?? refuse({ rule: "path-conflict", message, fix: "Keep one of the two." });
      place.methods[same] = { ...existing, notServed: existing.notServed ?? conflict };
    } else place.methods.push(finding && !method.notServed ? { ...method, notServed: finding } : method);
  }
  // A refused ANY may have been meant for requests that an earlier path's own methods would answer.
  if (!finding || !methods.some((each) => each.httpMethod === "ANY")) return;
  for (const [index, each] of place.methods.entries()) {
    if (!each.notServed) place.methods[index] = { ...each, notServed: finding };
  }
}

function collect(place: Place, path: string, ids: StableIds, into: Resource[]): void {
  const own = path === "" ? "/" : path;
  into.push({ id: ids.resource(own), path: own, resourceMethods: methodsOf(place) });
  for (const child of place.literals.values()) collect(child, `${path}/${child.part}`, ids, into);
  if (place.variableChild) collect(place.variableChild, `${path}/${place.variableChild.part}`, ids, into);
}

function methodsOf(place: Place): readonly Method[] {
  const { closed } = place;
  if (!closed) return place.methods;
  return [
    {
      httpMethod: "ANY",
      authorizationType: "NONE",
      authorizationScopes: [],
      apiKeyRequired: false,
      requestParameters: {},
      requestModels: {},
      methodResponses: [],
      at: closed.at,
      notServed: closed,
    },
  ];
}

function splitPath(path: string): Part[] {
  const parts: Part[] = [];
  // The importer drops a trailing slash (?).
  const inner = path.replace(/^\//, "").replace(/\/$/, "");
  if (inner === "") return parts;
  for (const text of inner.split("/")) {
    const variable = VARIABLE.exec(text);
    if (variable) parts.push({ text, variable: { name: variable[1] ?? "", isGreedy: variable[2] === "+" } });
    else if (LITERAL.test(text)) parts.push({ text });
    else if (text === "") parts.push({ text: STAND_IN, problem: badPart(text, "at least one character") });
    else if (/[{}]/.test(text)) {
      // (D) "a path parameter must be a separate path segment": text and variable do not mix.
      const problem = badPart(text, "the path parameter to be a whole segment: {name} or {name+}");
      const isGreedy = /\+\}/.test(text);
      const name = `${STAND_IN}${isGreedy ? "+" : ""}`;
      parts.push({ text: `{${name}}`, variable: { name: STAND_IN, isGreedy }, problem });
    } else parts.push({ text, problem: badPart(text, "only letters, digits and _ - . , :") });
  }
  return parts;
}

function badPart(text: string, wanted: string): NonNullable<Part["problem"]> {
  return {
    rule: "path-part-invalid",
    message: `The path part ${JSON.stringify(text)} cannot be a resource, wanted ${wanted}.`,
    fix: "Change the path; AWS refuses to import it.",
  };
}
