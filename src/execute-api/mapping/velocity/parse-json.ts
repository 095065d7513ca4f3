import { parseInteger } from "./java-number.ts";
import { JavaDouble, type JavaKey, JavaList, JavaMap, type JavaValue } from "./java-value.ts";
import { MAX_VALUE_DEPTH } from "./limits.ts";

export type JsonVerdict =
  | { readonly ok: true; readonly value: JavaValue }
  | { readonly ok: false; readonly offset: number; readonly expected: string };

/**
 * JSON text as template values. `JSON.parse` will not do: it forgets the order of keys that look like numbers and the
 * difference between `1` and `1.0`, both of which templates print.
 */
export function parseJson(text: string): JsonVerdict {
  const reader = new JsonReader(text);
  try {
    const value = reader.readValue(0);
    reader.skipSpace();
    if (reader.offset < text.length) return { ok: false, offset: reader.offset, expected: "the end of the text" };
    return { ok: true, value };
  } catch (error) {
    if (error instanceof JsonMismatch) return { ok: false, offset: error.offset, expected: error.expected };
    throw error;
  }
}

class JsonMismatch extends Error {
  readonly offset: number;
  readonly expected: string;
  constructor(offset: number, expected: string) {
    super(`${expected} expected at ${offset}`);
    this.offset = offset;
    this.expected = expected;
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;

class JsonReader {
  readonly #text: string;
  offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.offset);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.offset += 1;
    }
  }

  readValue(depth: number): JavaValue {
    this.skipSpace();
    if (depth > MAX_VALUE_DEPTH) throw new JsonMismatch(this.offset, `nesting of at most ${MAX_VALUE_DEPTH} levels`);
    switch (this.#text[this.offset]) {
      case "{":
        return this.#readObject(depth);
      case "[":
        return this.#readArray(depth);
      case '"':
        return this.#readString();
      case "t":
        return this.#readWord("true", true);
      case "f":
        return this.#readWord("false", false);
      case "n":
        return this.#readWord("null", null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(depth: number): JavaMap {
    const map = new JavaMap();
    const entries: Map<JavaKey, JavaValue> = map.entries();
    this.offset += 1;
    this.skipSpace();
    if (this.#take("}")) return map;
    for (;;) {
      this.skipSpace();
      const key = this.#readString();
      this.skipSpace();
      if (!this.#take(":")) throw new JsonMismatch(this.offset, "a colon");
      entries.set(key, this.readValue(depth + 1));
      this.skipSpace();
      if (this.#take("}")) return map;
      if (!this.#take(",")) throw new JsonMismatch(this.offset, "a comma or a closing brace");
    }
  }

  #readArray(depth: number): JavaList {
    const items: JavaValue[] = [];
    this.offset += 1;
    this.skipSpace();
    if (this.#take("]")) return new JavaList(items, "json");
    for (;;) {
      items.push(this.readValue(depth + 1));
      this.skipSpace();
      if (this.#take("]")) return new JavaList(items, "json");
      if (!this.#take(",")) throw new JsonMismatch(this.offset, "a comma or a closing bracket");
    }
  }

  #readString(): string {
    const text = this.#text;
    const start = this.offset;
    if (text[start] !== '"') throw new JsonMismatch(start, "a string");
    // By hand, not by regular expression: V8 keeps a backtracking stack that a long hostile string overflows.
    let end = start + 1;
    let plain = true;
    for (; end < text.length; end += 1) {
      const code = text.charCodeAt(end);
      if (code === 34) break;
      if (code < 32) throw new JsonMismatch(end, "an escaped control character");
      if (code === 92) {
        plain = false;
        end += 1;
      }
    }
    if (end >= text.length) throw new JsonMismatch(start, "the end of the string");
    this.offset = end + 1;
    if (plain) return text.slice(start + 1, end);
    try {
      return JSON.parse(text.slice(start, end + 1)) as string; // quoted, so a string if anything
    } catch {
      throw new JsonMismatch(start, "a string with valid escapes");
    }
  }

  #readNumber(): JavaValue {
    NUMBER.lastIndex = this.offset;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw new JsonMismatch(this.offset, "a value");
    const start = this.offset;
    this.offset = NUMBER.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return new JavaDouble(Number(match[0]));
    const integer = parseInteger(match[0]);
    if (integer === null) throw new JsonMismatch(start, "a number of fewer digits");
    return integer;
  }

  #readWord<T extends JavaValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.offset)) throw new JsonMismatch(this.offset, "a value");
    this.offset += word.length;
    return value;
  }

  #take(char: string): boolean {
    if (this.#text[this.offset] !== char) return false;
    this.offset += 1;
    return true;
  }
}
