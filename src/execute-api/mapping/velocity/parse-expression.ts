import { parseInteger } from "./java-number.ts";
import type { ComparisonOperator, Expression, Reference, ReferenceStep, Statement } from "./syntax-tree.ts";
import type { TemplateSource } from "./template-source.ts";

/** Parses the content of a double-quoted string, which is a template of its own. */
export type ParseInner = (text: string, source: TemplateSource, offset: number) => readonly Statement[];

const IDENTIFIER = /[a-zA-Z_][a-zA-Z0-9_-]*/y;
const REFERENCE_START = /\$!?\{?[a-zA-Z_]/y;
const INTEGER = /-?[0-9]+(?=\.\.|(?!\.|[0-9eE]))/y;
const FLOAT = /-?(?:[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)/y;
/** `$true` is read as the word itself in an expression, and not at all in text (Velocity 1.7). */
const TRUTH_REFERENCE = /\$!?(true|false)(?![a-zA-Z0-9_-])/y;
const WORD = /[a-zA-Z_@][a-zA-Z0-9_@]*/y;
const SIGNED_NUMBER = /-\.?[0-9]/y;

const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map<string, ComparisonOperator>([
  ["==", "=="],
  ["eq", "=="],
  ["!=", "!="],
  ["ne", "!="],
  ["<", "<"],
  ["lt", "<"],
  [">", ">"],
  ["gt", ">"],
  ["<=", "<="],
  ["le", "<="],
  [">=", ">="],
  ["ge", ">="],
]);

/** Parses Velocity 1.7's expressions and references, the parts of a template between parentheses. */
export class ExpressionParser {
  readonly #source: TemplateSource;
  readonly #parseInner: ParseInner;

  constructor(source: TemplateSource, parseInner: ParseInner) {
    this.#source = source;
    this.#parseInner = parseInner;
  }

  /** A whole expression, as in `#if(…)` and on the right of `#set`. */
  parseExpression(): Expression {
    return this.#source.nested(() => this.#parseOr());
  }

  /** An argument, list item, map key or index: Velocity 1.7 allows no operators there. */
  parseParameter(): Expression {
    this.#source.skipSpace();
    const expression = this.#source.nested(() => this.#parseOperand());
    this.#source.skipSpace();
    return expression;
  }

  /** Whether a reference begins here: `$x`, `$!x`, `${x`, `$!{x`. */
  atReference(): boolean {
    return this.#source.peek(REFERENCE_START) !== null;
  }

  parseReference(): Reference {
    const source: TemplateSource = this.#source;
    const start = source.offset;
    const at = source.position(start);
    source.expect("$", "a reference");
    const quiet = source.take("!");
    const formal = source.take("{");
    const name = source.takeMatch(IDENTIFIER)?.[0];
    if (name === undefined) source.fail(`${source.found()} where a reference wants a name`);
    if (name === "true" || name === "false")
      source.fail(`$${name} is no reference: Velocity reads it as a word`, start);
    const steps = source.nested(() => this.#parseSteps());
    if (formal) source.expect("}", "a reference in braces");
    return { kind: "reference", name, steps, quiet, source: source.text.slice(start, source.offset), at };
  }

  #parseSteps(): ReferenceStep[] {
    const source: TemplateSource = this.#source;
    const steps: ReferenceStep[] = [];
    for (;;) {
      if (source.char === "[") {
        source.offset += 1;
        source.skipSpace();
        if (!/["'$tf0-9-]/.test(source.char)) source.fail(`${source.found()} where an index belongs`);
        steps.push({ kind: "index", index: this.parseParameter() });
        source.expect("]", "an index");
      } else if (source.char === "." && /[a-zA-Z]/.test(source.text[source.offset + 1] ?? "")) {
        source.offset += 1;
        const name = source.takeMatch(IDENTIFIER)?.[0] ?? "";
        steps.push(
          this.#atCall() ? { kind: "method", name, args: this.#parseArguments() } : { kind: "property", name },
        );
      } else return steps;
    }
  }

  /** `(` begins a call only if an argument or `)` follows; otherwise it is text: `$foo.length(`. */
  #atCall(): boolean {
    const source: TemplateSource = this.#source;
    if (source.char !== "(") return false;
    return /^[\s)"'$[{0-9.tf-]/.test(source.text.slice(source.offset + 1, source.offset + 2));
  }

  #parseArguments(): Expression[] {
    const source: TemplateSource = this.#source;
    const args: Expression[] = [];
    source.offset += 1;
    source.skipSpace();
    if (source.take(")")) return args;
    do args.push(this.parseParameter());
    while (source.take(","));
    source.expect(")", "a method call");
    return args;
  }

  #parseOr(): Expression {
    let left = this.#parseAnd();
    while (this.#takeOperator("||", "or")) left = { kind: "or", left, right: this.#parseAnd() };
    return left;
  }

  #parseAnd(): Expression {
    let left = this.#parseEquality();
    while (this.#takeOperator("&&", "and")) left = { kind: "and", left, right: this.#parseEquality() };
    return left;
  }

  #parseEquality(): Expression {
    let left = this.#parseRelation();
    for (;;) {
      const operator = this.#takeComparison("==", "!=");
      if (operator === undefined) return left;
      left = { kind: "comparison", operator, left, right: this.#parseRelation() };
    }
  }

  #parseRelation(): Expression {
    let left = this.#parseSum();
    for (;;) {
      const operator = this.#takeComparison("<", ">", "<=", ">=");
      if (operator === undefined) return left;
      left = { kind: "comparison", operator, left, right: this.#parseSum() };
    }
  }

  #parseSum(): Expression {
    return this.#parseArithmetic(["+", "-"], () => this.#parseProduct());
  }

  #parseProduct(): Expression {
    return this.#parseArithmetic(["*", "/", "%"], () => this.#parseUnary());
  }

  #parseArithmetic(operators: readonly ("+" | "-" | "*" | "/" | "%")[], parse: () => Expression): Expression {
    const source: TemplateSource = this.#source;
    source.skipSpace();
    const start = source.offset;
    let left = parse();
    for (;;) {
      const end = source.text.slice(start, source.offset).trimEnd().length + start;
      source.skipSpace();
      if (source.peek(SIGNED_NUMBER) !== null) {
        source.fail("a minus sign directly before a number is its sign in Velocity: write a space between them");
      }
      const operator = operators.find((each) => source.char === each);
      if (operator === undefined) return left;
      const at = source.position();
      source.offset += 1;
      source.skipSpace();
      const rightStart = source.offset;
      const right = parse();
      const sources = [source.text.slice(start, end), source.text.slice(rightStart, source.offset).trimEnd()] as const;
      left = { kind: "arithmetic", operator, left, right, at, sources };
    }
  }

  #parseUnary(): Expression {
    const source: TemplateSource = this.#source;
    source.skipSpace();
    if ((source.char === "!" && source.text[source.offset + 1] !== "=") || source.peek(WORD)?.[0] === "not") {
      source.offset += source.char === "!" ? 1 : 3;
      return { kind: "not", operand: source.nested(() => this.#parseUnary()) };
    }
    if (source.char !== "(") {
      const operand = source.nested(() => this.#parseOperand());
      source.skipSpace();
      return operand;
    }
    source.offset += 1;
    const inner = this.parseExpression();
    source.skipSpace();
    source.expect(")", "an expression in parentheses");
    source.skipSpace();
    return inner;
  }

  #parseOperand(): Expression {
    const source: TemplateSource = this.#source;
    if (source.char === '"' || source.char === "'") return this.#parseString();
    const truth = source.takeMatch(TRUTH_REFERENCE)?.[1];
    if (truth !== undefined) return { kind: "literal", value: truth === "true" };
    if (source.char === "$") return this.parseReference();
    if (source.char === "[") return this.#parseList();
    if (source.char === "{") return this.#parseMap();
    const integer = source.takeMatch(INTEGER)?.[0];
    if (integer !== undefined) {
      const value = parseInteger(integer);
      if (value === null) source.fail("an integer has too many digits");
      return { kind: "literal", value };
    }
    const float = source.takeMatch(FLOAT)?.[0];
    if (float !== undefined) return { kind: "double", value: Number(float) };
    const word = source.peek(WORD)?.[0];
    if (word === "true" || word === "false") {
      source.offset += word.length;
      return { kind: "literal", value: word === "true" };
    }
    if (word === "null") source.fail("Velocity 1.7 has no null: compare with a name that is never set, such as $null");
    return source.fail(`${source.found()} where a value belongs`);
  }

  #parseString(): Expression {
    const source: TemplateSource = this.#source;
    const start = source.offset;
    const quote = source.char;
    let end = -1; // where the string last could have ended: a doubled quote goes on, if a closing one follows
    for (let at = start + 1; ; ) {
      const next = source.text.indexOf(quote, at);
      if (next === -1) break;
      end = next;
      if (source.text[next + 1] !== quote) break;
      at = next + 2;
    }
    if (end === -1) source.fail("a string without its closing quote", start);
    source.offset = end + 1;
    const raw = source.text.slice(start + 1, end);
    const text = (quote === '"' ? unescapeUnicode(raw) : raw).replaceAll(quote + quote, quote);
    if (quote === "'" || !/[$#]/.test(raw)) return { kind: "literal", value: text };
    return { kind: "interpolated", body: this.#parseInner(text, source, start + 1) };
  }

  /** `[1, 2]` or `[1..3]`. */
  #parseList(): Expression {
    const source: TemplateSource = this.#source;
    source.offset += 1;
    source.skipSpace();
    if (source.take("]")) return { kind: "list", items: [] };
    const first = this.parseParameter();
    if ((first.kind === "reference" || first.kind === "literal") && source.take("..")) {
      const to = this.parseParameter();
      source.expect("]", "a range");
      return { kind: "range", from: first, to };
    }
    const items = [first];
    while (source.take(",")) items.push(this.parseParameter());
    source.expect("]", "a list");
    return { kind: "list", items };
  }

  #parseMap(): Expression {
    const source: TemplateSource = this.#source;
    const entries: (readonly [Expression, Expression])[] = [];
    source.offset += 1;
    source.skipSpace();
    if (source.take("}")) return { kind: "map", entries };
    do {
      const key = this.parseParameter();
      source.expect(":", "a map");
      entries.push([key, this.parseParameter()]);
    } while (source.take(","));
    source.expect("}", "a map");
    return { kind: "map", entries };
  }

  #takeOperator(symbol: string, word: string): boolean {
    const source: TemplateSource = this.#source;
    source.skipSpace();
    if (source.take(symbol)) return true;
    if (source.peek(WORD)?.[0] !== word) return false;
    source.offset += word.length;
    return true;
  }

  #takeComparison(...wanted: readonly ComparisonOperator[]): ComparisonOperator | undefined {
    const source: TemplateSource = this.#source;
    source.skipSpace();
    const token = /^(?:[=!<>]=|[<>]|[a-z]{2}(?![a-zA-Z0-9_@]))/.exec(
      source.text.slice(source.offset, source.offset + 3),
    )?.[0];
    const operator = token === undefined ? undefined : COMPARISONS.get(token);
    if (token === undefined || operator === undefined || !wanted.includes(operator)) return undefined;
    source.offset += token.length;
    return operator;
  }
}

/** `\u0041` in a double-quoted string; Velocity 1.7 knows no other escape. */
function unescapeUnicode(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
