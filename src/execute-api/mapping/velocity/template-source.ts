import { MAX_SYNTAX_DEPTH } from "./limits.ts";
import type { TemplatePosition } from "./template-error.ts";

/** A template cannot be parsed here; `parseTemplate` turns it into a verdict. */
export class SyntaxMismatch extends Error {
  readonly at: TemplatePosition;
  constructor(at: TemplatePosition, message: string) {
    super(message);
    this.at = at;
  }
}

/** The text being parsed and how far parsing has come. */
export class TemplateSource {
  readonly text: string;
  offset = 0;
  #depth: number;
  readonly #base: TemplatePosition;
  #lineStarts: readonly number[] | undefined;

  /** `base` is where the text begins in the whole template: an interpolated string is a template inside one. */
  constructor(text: string, base: TemplatePosition = { line: 1, column: 1 }, depth = 0) {
    this.text = text;
    this.#base = base;
    this.#depth = depth;
  }

  get depth(): number {
    return this.#depth;
  }

  get char(): string {
    return this.text[this.offset] ?? "";
  }

  get atEnd(): boolean {
    return this.offset >= this.text.length;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.offset);
  }

  take(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.offset += text.length;
    return true;
  }

  /** Matches a sticky expression here, without moving. */
  peek(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.offset;
    return expression.exec(this.text);
  }

  /** Matches a sticky expression here and moves behind it. */
  takeMatch(expression: RegExp): RegExpExecArray | null {
    const match = this.peek(expression);
    if (match !== null) this.offset += match[0].length;
    return match;
  }

  skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.offset);
      if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return;
      this.offset += 1;
    }
  }

  expect(text: string, where: string): void {
    if (!this.take(text)) this.fail(`${this.found()} where ${where} wants "${text}"`);
  }

  /** What stands here, for a message. */
  found(): string {
    if (this.atEnd) return "the end of the template";
    return JSON.stringify(/^(?:\w+|\s+|[\s\S])/.exec(this.text.slice(this.offset, this.offset + 20))?.[0] ?? "");
  }

  /** Parses something that may contain itself, to a bounded depth. */
  nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_SYNTAX_DEPTH) this.fail(`the template is nested deeper than ${MAX_SYNTAX_DEPTH} levels`);
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  fail(message: string, offset: number = this.offset): never {
    throw new SyntaxMismatch(this.position(offset), message);
  }

  position(offset: number = this.offset): TemplatePosition {
    this.#lineStarts ??= lineStartsOf(this.text);
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - (this.#lineStarts[low] ?? 0) + 1;
    return { line: this.#base.line + low, column: low === 0 ? this.#base.column + column - 1 : column };
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
