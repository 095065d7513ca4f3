import type { ContextObject } from "../mapping/context-variables.ts";
import type { RequestParameters } from "../mapping/input-variable.ts";
import type { ParameterValues } from "../mapping/parameters.ts";
import type { RawHeaders } from "../transport.ts";
import { contextVariables } from "./context.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/** The integration's answer, as mappings read it. */
export interface AnsweredValues {
  readonly headers: RawHeaders;
  readonly body: string;
}

/** What parameter mappings and templates of one request read; each part is made when it is first asked for. */
export class MappingValues implements ParameterValues {
  readonly #request: RestRequest;
  readonly #matched: MatchedMethod<CompiledMethod>;
  readonly #caller: Caller;
  readonly #deployment: RestDeployment;
  #body: string | undefined;
  #context: ContextObject | undefined;
  #answered: ParameterValues["response"];

  constructor(
    request: RestRequest,
    matched: MatchedMethod<CompiledMethod>,
    caller: Caller,
    deployment: RestDeployment,
    answered?: AnsweredValues,
  ) {
    this.#request = request;
    this.#matched = matched;
    this.#caller = caller;
    this.#deployment = deployment;
    this.#answered =
      answered === undefined
        ? undefined
        : { header: (name) => fieldsNamed(answered.headers, name), body: answered.body };
  }

  get path(): Readonly<Record<string, string>> {
    return this.#matched.pathParameters;
  }

  querystring(name: string): readonly string[] | undefined {
    return this.#request.query.get(name);
  }

  header(name: string): readonly string[] | undefined {
    return fieldsNamed(this.#request.headers.raw, name);
  }

  /** The client's payload as text, whatever it was. */
  get body(): string {
    this.#body ??= this.#request.body.toString("utf8");
    return this.#body;
  }

  get stageVariables(): Readonly<Record<string, string>> {
    return this.#deployment.stageVariables;
  }

  get context(): ContextObject {
    this.#context ??= contextVariables({
      request: this.#request,
      deployment: this.#deployment,
      matched: this.#matched,
      caller: this.#caller,
    });
    return this.#context;
  }

  get response(): NonNullable<ParameterValues["response"]> {
    // Only mappings of an integration response read it, and those are given an answer.
    return this.#answered ?? NO_ANSWER;
  }

  /** `$input.params()`: the last value of each name. */
  params(): RequestParameters {
    const querystring: Record<string, string> = Object.create(null);
    for (const [name, values] of this.#request.query) querystring[name] = values.at(-1) ?? "";
    return { path: this.path, querystring, header: this.#request.headers.toSingleValues() };
  }
}

const NO_ANSWER: NonNullable<ParameterValues["response"]> = { header: () => undefined, body: "" };

/** Names whose casing the edge restores before mappings see them (R: proxy events of edge endpoints). */
const RECASED: ReadonlySet<string> = new Set(["Authorization", "User-Agent"]);

/** Values of a field whose name is written exactly so (D, C: names in mappings are case-sensitive). */
function fieldsNamed(raw: RawHeaders, name: string): readonly string[] | undefined {
  let values: string[] | undefined;
  const recased = RECASED.has(name) ? name.toLowerCase() : name;
  for (let at = 0; at < raw.length; at += 2) {
    const field = raw[at] as string;
    if (field !== name && (recased === name || field.toLowerCase() !== recased)) continue;
    if (values === undefined) values = [];
    values.push(raw[at + 1] as string);
  }
  return values;
}
