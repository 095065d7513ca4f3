/** What a MOCK's request template has to yield. `found` names what was there instead. */
export type MockStatusVerdict =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly found: string };

/** Longest text and deepest nesting that is read for a status. */
export const MOCK_TEXT_LIMIT_CHARS = 1_048_576;
export const MOCK_DEPTH_LIMIT = 100;

/**
 * Reads the integer `statusCode` of the object that a MOCK's request template yields. The parser is as lenient as AWS's:
 * keys without quotes are recorded (R), single quotes, trailing commas and comments are what lenient JSON parsers take
 * with them (?). A status as text counts when it is digits (?).
 */
export function parseMockStatus(text: string): MockStatusVerdict {
  if (text.trim() === "") return { ok: false, found: "an empty template result" };
  if (text.length > MOCK_TEXT_LIMIT_CHARS) return { ok: false, found: `${text.length} characters` };
  const reader = new LenientJsonReader(text);
  let value: unknown;
  try {
    value = reader.readDocument();
  } catch (error) {
    if (!(error instanceof UnreadableJson)) throw error;
    return { ok: false, found: `text that is no JSON object (${error.message})` };
  }
  if (!(value instanceof Map)) return { ok: false, found: "JSON that is no object" };
  if (!value.has("statusCode")) return { ok: false, found: "an object without statusCode" };
  const status: unknown = value.get("statusCode");
  const number = typeof status === "string" && /^\d{1,9}$/.test(status) ? Number(status) : status;
  if (typeof number !== "number" || !Number.isInteger(number)) {
    return {
      ok: false,
      found: `statusCode ${typeof status === "string" ? JSON.stringify(status.slice(0, 40)) : String(status)}`,
    };
  }
  return { ok: true, status: number };
}

class UnreadableJson extends Error {}

const BARE = /[^\s,:{}[\]"']+/y;
const BLANK = /\s*/y;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Objects become Maps, lists arrays; bare words become literals, numbers or text. */
class LenientJsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): unknown {
    const value = this.#value();
    this.#blank();
    if (this.#at < this.#text.length) throw new UnreadableJson(`unexpected text at character ${this.#at + 1}`);
    return value;
  }

  #value(): unknown {
    this.#blank();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#list());
      case '"':
      case "'":
        return this.#quoted();
      default:
        return literal(this.#bare());
    }
  }

  #nested<Value>(read: () => Value): Value {
    if (++this.#depth > MOCK_DEPTH_LIMIT) throw new UnreadableJson(`nested deeper than ${MOCK_DEPTH_LIMIT}`);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): Map<string, unknown> {
    const object = new Map<string, unknown>();
    while (!this.#ends("}")) {
      const quote = this.#text[this.#at];
      const key = quote === '"' || quote === "'" ? this.#quoted() : this.#bare();
      this.#blank();
      if (this.#text[this.#at] !== ":") throw new UnreadableJson(`":" wanted at character ${this.#at + 1}`);
      this.#at++;
      object.set(key, this.#value());
      this.#separator("}");
    }
    return object;
  }

  #list(): unknown[] {
    const list: unknown[] = [];
    while (!this.#ends("]")) {
      list.push(this.#value());
      this.#separator("]");
    }
    return list;
  }

  /** Consumes the closing bracket when it is there. */
  #ends(bracket: string): boolean {
    this.#blank();
    if (this.#text[this.#at] !== bracket) return false;
    this.#at++;
    return true;
  }

  #separator(bracket: string): void {
    this.#blank();
    const next = this.#text[this.#at];
    if (next === ",") this.#at++;
    else if (next !== bracket) throw new UnreadableJson(`"," or "${bracket}" wanted at character ${this.#at + 1}`);
  }

  #quoted(): string {
    const quote = this.#text[this.#at++];
    let text = "";
    for (;;) {
      const next = this.#text[this.#at++];
      if (next === undefined) throw new UnreadableJson("text without its closing quote");
      if (next === quote) return text;
      if (next !== "\\") {
        text += next;
        continue;
      }
      const escape = this.#text[this.#at++];
      if (escape === undefined) throw new UnreadableJson("text without its closing quote");
      if (escape === "u") {
        const digits = this.#text.slice(this.#at, this.#at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(digits))
          throw new UnreadableJson(`\\u without four digits at character ${this.#at + 1}`);
        text += String.fromCharCode(Number.parseInt(digits, 16));
        this.#at += 4;
      } else text += ESCAPES[escape] ?? escape;
    }
  }

  #bare(): string {
    BARE.lastIndex = this.#at;
    const word = BARE.exec(this.#text)?.[0];
    if (word === undefined) throw new UnreadableJson(`a value wanted at character ${this.#at + 1}`);
    this.#at += word.length;
    return word;
  }

  /** Blanks and comments. A comment without an end ends the reading, or each would be sought to the end of the text. */
  #blank(): void {
    for (;;) {
      BLANK.lastIndex = this.#at;
      this.#at += BLANK.exec(this.#text)?.[0].length ?? 0;
      if (this.#text[this.#at] !== "/") return;
      const kind = this.#text[this.#at + 1];
      if (kind !== "/" && kind !== "*") return;
      const end = this.#text.indexOf(kind === "/" ? "\n" : "*/", this.#at + 2);
      if (end >= 0) this.#at = end + (kind === "/" ? 1 : 2);
      else if (kind === "/") this.#at = this.#text.length;
      else throw new UnreadableJson("a comment without its end");
    }
  }
}

function literal(word: string): unknown {
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(word) ? Number(word) : word;
}
