/** A JSONPath as parsed: the subset of Jayway's that mapping templates use. */
export type PathStep =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "indexes"; readonly indexes: readonly number[] }
  | {
      readonly kind: "slice";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly step: number;
    }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly filter: Filter }
  | { readonly kind: "length" }
  /** `..`: the step that follows is applied to this value and everything inside it. */
  | { readonly kind: "descend" };

export type Filter =
  | { readonly kind: "or" | "and"; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "not"; readonly operand: Filter }
  | { readonly kind: "exists"; readonly operand: FilterOperand }
  | {
      readonly kind: "compare";
      readonly operator: "==" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "in" | "nin";
      readonly left: FilterOperand;
      readonly right: FilterOperand;
    };

export type FilterOperand =
  | { readonly kind: "path"; readonly fromRoot: boolean; readonly steps: readonly PathStep[] }
  | { readonly kind: "value"; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly values: readonly (string | number | boolean | null)[] }
  | { readonly kind: "regex"; readonly pattern: string };

export type PathVerdict =
  | { readonly ok: true; readonly steps: readonly PathStep[] }
  | { readonly ok: false; readonly message: string };

/** Characters in one path. */
export const MAX_JSON_PATH_CHARS = 4096;
/** Filters and parentheses inside one another. */
export const MAX_JSON_PATH_DEPTH = 32;

/** Parses a JSONPath; one that does not begin with `$` is read as if it began with `$.`, as Jayway does. */
export function parseJsonPath(text: string): PathVerdict {
  const trimmed = text.trim();
  if (trimmed.length > MAX_JSON_PATH_CHARS) {
    return { ok: false, message: `a JSONPath has at most ${MAX_JSON_PATH_CHARS} characters` };
  }
  const path = trimmed.startsWith("$") || trimmed.startsWith("@") ? trimmed : `$.${trimmed}`;
  const parser = new PathParser(path);
  try {
    return { ok: true, steps: parser.parseWhole() };
  } catch (error) {
    if (error instanceof PathMismatch) return { ok: false, message: `${error.message} in JSONPath "${text}"` };
    throw error;
  }
}

class PathMismatch extends Error {}

class PathParser {
  readonly #text: string;
  #offset = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parseWhole(): PathStep[] {
    this.#offset = 1;
    const steps = this.#parseSteps();
    if (this.#offset < this.#text.length) this.#fail();
    return steps;
  }

  #parseSteps(): PathStep[] {
    const steps: PathStep[] = [];
    for (;;) {
      if (this.#take("..")) {
        steps.push({ kind: "descend" }, this.#char() === "[" ? this.#parseBrackets() : this.#parseName());
      } else if (this.#char() === "." && this.#text[this.#offset + 1] !== undefined) {
        this.#offset += 1;
        steps.push(this.#char() === "[" ? this.#parseBrackets() : this.#parseName());
      } else if (this.#char() === "[") steps.push(this.#parseBrackets());
      else return steps;
    }
  }

  #parseName(): PathStep {
    if (this.#take("*")) return { kind: "all" };
    const name = this.#match(/[^.[\]()\s=<>!&|,]+/y);
    if (name === undefined) return this.#fail();
    if (this.#take("()")) {
      if (name === "length" || name === "size") return { kind: "length" };
      this.#fail();
    }
    return { kind: "name", name };
  }

  #parseBrackets(): PathStep {
    this.#offset += 1;
    this.#skipSpace();
    const step = this.#parseSelector();
    this.#skipSpace();
    this.#expect("]");
    return step;
  }

  #parseSelector(): PathStep {
    if (this.#take("*")) return { kind: "all" };
    if (this.#take("?")) {
      this.#skipSpace();
      this.#expect("(");
      const filter = this.#parseOr();
      this.#expect(")");
      return { kind: "filter", filter };
    }
    if (this.#char() === "'" || this.#char() === '"') {
      const names = this.#parseSeparated(() => this.#parseQuoted());
      return names.length === 1 && names[0] !== undefined ? { kind: "name", name: names[0] } : { kind: "names", names };
    }
    const slice = this.#match(/-?[0-9]{0,9}\s*:\s*-?[0-9]{0,9}(?:\s*:\s*-?[0-9]{0,9})?/y);
    if (slice !== undefined) {
      const [from, to, step] = slice.split(":").map((part) => (part.trim() === "" ? undefined : Number(part)));
      if (step !== undefined && !(step > 0)) this.#fail();
      return { kind: "slice", from, to, step: step ?? 1 };
    }
    const indexes = this.#parseSeparated(() => {
      const digits = this.#match(/-?[0-9]{1,9}/y);
      return digits === undefined ? this.#fail() : Number(digits);
    });
    return indexes.length === 1 && indexes[0] !== undefined
      ? { kind: "index", index: indexes[0] }
      : { kind: "indexes", indexes };
  }

  #parseSeparated<T>(parse: () => T): T[] {
    const items: T[] = [];
    do {
      this.#skipSpace();
      items.push(parse());
      this.#skipSpace();
    } while (this.#take(","));
    return items;
  }

  #parseQuoted(): string {
    const quote = this.#char();
    let text = "";
    for (this.#offset += 1; this.#offset < this.#text.length; this.#offset += 1) {
      const char = this.#char();
      if (char === quote) {
        this.#offset += 1;
        return text;
      }
      if (char === "\\") this.#offset += 1;
      text += this.#char();
    }
    return this.#fail();
  }

  #parseOr(): Filter {
    this.#depth += 1;
    if (this.#depth > MAX_JSON_PATH_DEPTH) throw new PathMismatch("filters nested too deep");
    let left = this.#parseAnd();
    while (this.#takeToken("||")) left = { kind: "or", left, right: this.#parseAnd() };
    this.#depth -= 1;
    return left;
  }

  #parseAnd(): Filter {
    let left = this.#parseCondition();
    while (this.#takeToken("&&")) left = { kind: "and", left, right: this.#parseCondition() };
    return left;
  }

  #parseCondition(): Filter {
    let negations = 0;
    while (this.#takeToken("!")) negations += 1;
    let filter: Filter;
    if (this.#takeToken("(")) {
      filter = this.#parseOr();
      this.#skipSpace();
      this.#expect(")");
    } else filter = this.#parseComparison();
    this.#skipSpace();
    return negations % 2 === 1 ? { kind: "not", operand: filter } : filter;
  }

  #parseComparison(): Filter {
    const left = this.#parseOperand();
    this.#skipSpace();
    const operator = this.#match(/==|!=|<=|>=|=~|<|>|in(?=[\s[])|nin(?=[\s[])/y);
    if (operator === undefined) return { kind: "exists", operand: left };
    return {
      kind: "compare",
      operator: operator as Extract<Filter, { kind: "compare" }>["operator"], // the expression lists exactly these
      left,
      right: this.#parseOperand(),
    };
  }

  #parseOperand(): FilterOperand {
    this.#skipSpace();
    const char = this.#char();
    if (char === "@" || char === "$") {
      this.#offset += 1;
      this.#depth += 1;
      if (this.#depth > MAX_JSON_PATH_DEPTH) throw new PathMismatch("filters nested too deep");
      const steps = this.#parseSteps();
      this.#depth -= 1;
      return { kind: "path", fromRoot: char === "$", steps };
    }
    if (char === "/") {
      const regex = this.#match(/\/(?:[^/\\]|\\.){0,1000}\/i?/y);
      if (regex === undefined) return this.#fail();
      const end = regex.lastIndexOf("/");
      return {
        kind: "regex",
        pattern: (regex.endsWith("i") ? "(?i)" : "") + regex.slice(1, end).replaceAll("\\/", "/"),
      };
    }
    if (char === "[") {
      this.#offset += 1;
      this.#skipSpace();
      const values = this.#char() === "]" ? [] : this.#parseSeparated(() => this.#parseLiteral());
      this.#expect("]");
      return { kind: "list", values };
    }
    return { kind: "value", value: this.#parseLiteral() };
  }

  #parseLiteral(): string | number | boolean | null {
    if (this.#char() === "'" || this.#char() === '"') return this.#parseQuoted();
    const word = this.#match(/true|false|null/y);
    if (word !== undefined) return word === "null" ? null : word === "true";
    const digits = this.#match(/-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?/y);
    return digits === undefined ? this.#fail() : Number(digits);
  }

  /** A method, not a getter: reading moves on, and the compiler would believe that it does not. */
  #char(): string {
    return this.#text[this.#offset] ?? "";
  }

  #skipSpace(): void {
    while (this.#char() === " " || this.#char() === "\t" || this.#char() === "\n" || this.#char() === "\r")
      this.#offset += 1;
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#offset;
    const match = expression.exec(this.#text)?.[0];
    if (match !== undefined) this.#offset += match.length;
    return match;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#offset)) return false;
    this.#offset += text.length;
    return true;
  }

  #takeToken(text: string): boolean {
    this.#skipSpace();
    return this.#take(text);
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail();
  }

  #fail(): never {
    const found = this.#char() === "" ? "the end" : JSON.stringify(this.#char());
    throw new PathMismatch(`${found} at ${this.#offset} is not understood`);
  }
}
