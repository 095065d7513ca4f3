import { compileJsonPath } from "./json-path.ts";
import type { Budget } from "./velocity/budget.ts";
import { HostObject, JavaMap, type JavaValue } from "./velocity/java-value.ts";
import { parseJson } from "./velocity/parse-json.ts";
import { writeJson } from "./velocity/print-value.ts";

/** Parameters of one request by location; with several values, the last one. */
export interface RequestParameters {
  readonly path: Readonly<Record<string, string>>;
  readonly querystring: Readonly<Record<string, string>>;
  readonly header: Readonly<Record<string, string>>;
}

/** `$input.body` of an empty body (R: test_input_body_formatting). */
export const EMPTY_BODY = "{}";
/** `$input.json` of what is not there (C). */
export const MISSING_JSON = '""';
/** `$input.params` of what is not there (D). */
export const MISSING_PARAMETER = "";

/** `$input`: the payload and the parameters. */
export class InputVariable extends HostObject {
  readonly #body: string;
  readonly #params: RequestParameters;
  #root: JavaValue | undefined;
  #paramsMap: JavaMap | undefined;

  constructor(body: string, params: RequestParameters) {
    super();
    this.#body = body;
    this.#params = params;
  }

  override property(name: string): JavaValue {
    if (name === "body") return this.#body === "" ? EMPTY_BODY : this.#body;
    return name === "params" ? this.#allParams() : null;
  }

  override call(name: string, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
    const [argument] = args;
    if (args.length === 0) return name === "params" ? this.#allParams() : undefined;
    if (args.length !== 1 || typeof argument !== "string") return undefined;
    switch (name) {
      case "json":
        return this.#json(argument, budget);
      case "path":
        return this.#select(argument, budget);
      case "params":
        return this.#param(argument);
      default:
        return undefined;
    }
  }

  override print(): string {
    return "$input";
  }

  #json(path: string, budget: Budget): string {
    const selected = this.#select(path, budget);
    return selected === null ? MISSING_JSON : writeJson(selected, budget);
  }

  /** A JSON null behaves as if it were missing (R). */
  #select(path: string, budget: Budget): JavaValue {
    const verdict = compileJsonPath(path);
    if (!verdict.ok) return budget.fail("argument", verdict.message);
    if (this.#root === undefined) {
      budget.chargeChars(this.#body.length);
      this.#root = parseBody(this.#body);
    }
    return verdict.path.select(this.#root, budget) ?? null;
  }

  /** Path, then query string, then header (D). */
  #param(name: string): string {
    const { path, querystring, header } = this.#params;
    for (const values of [path, querystring, header]) if (Object.hasOwn(values, name)) return values[name] ?? "";
    return MISSING_PARAMETER;
  }

  #allParams(): JavaMap {
    const { path, querystring, header } = this.#params;
    return (this.#paramsMap ??= new JavaMap({ path, querystring, header })); // this order (?)
  }
}

/** A body that is not JSON is one string to JSONPath, as Jayway's lenient parser has it: `$` is the text itself (?). */
function parseBody(body: string): JavaValue {
  if (body === "") return null;
  const verdict = parseJson(body);
  return verdict.ok ? verdict.value : body;
}
