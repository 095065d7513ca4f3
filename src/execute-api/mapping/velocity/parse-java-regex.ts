import { MAX_REGEX_CHARS, MAX_SYNTAX_DEPTH } from "./limits.ts";

/** A Java regular expression as a tree. `test` decides one UTF-16 unit. */
export type RegexNode =
  | { readonly kind: "char"; readonly test: (code: number) => boolean; readonly literal?: string }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly options: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly item: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly mode: RepeatMode;
    }
  | { readonly kind: "group"; readonly item: RegexNode; readonly index: number }
  | { readonly kind: "look"; readonly item: RegexNode; readonly negative: boolean }
  | { readonly kind: "atomic"; readonly item: RegexNode }
  | { readonly kind: "backreference"; readonly index: number }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "lineStart" | "lineEnd" | "word" | "notWord" };

export type RepeatMode = "greedy" | "lazy" | "possessive";

export type RegexVerdict =
  | {
      readonly ok: true;
      readonly node: RegexNode;
      readonly groupCount: number;
      readonly names: ReadonlyMap<string, number>;
    }
  | { readonly ok: false; readonly message: string };

interface Flags {
  ignoreCase: boolean;
  dotAll: boolean;
  multiline: boolean;
}

type CharTest = (code: number) => boolean;

const isDigit: CharTest = (code) => code >= 48 && code <= 57;
const isWord: CharTest = (code) =>
  isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isSpace: CharTest = (code) => code === 32 || (code >= 9 && code <= 13);
const isLineEnd: CharTest = (code) => code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
const isLower: CharTest = (code) => code >= 97 && code <= 122;
const isUpper: CharTest = (code) => code >= 65 && code <= 90;

/** The classes of `\p{…}` that Java names and that need no Unicode table. */
const NAMED_CLASSES: ReadonlyMap<string, CharTest> = new Map<string, CharTest>([
  ["Lower", isLower],
  ["Upper", isUpper],
  ["Alpha", (code) => isLower(code) || isUpper(code)],
  ["Digit", isDigit],
  ["Alnum", (code) => isLower(code) || isUpper(code) || isDigit(code)],
  ["Punct", (code) => code > 32 && code < 127 && !isLower(code) && !isUpper(code) && !isDigit(code)],
  ["Graph", (code) => code > 32 && code < 127],
  ["Print", (code) => code >= 32 && code < 127],
  ["Blank", (code) => code === 32 || code === 9],
  ["Cntrl", (code) => code < 32 || code === 127],
  ["XDigit", (code) => isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102)],
  ["Space", isSpace],
  ["ASCII", (code) => code < 128],
]);

/** Parses a Java regular expression; what it does not know it refuses, so that nothing is matched by a guess. */
export function parseJavaRegex(pattern: string): RegexVerdict {
  if (pattern.length > MAX_REGEX_CHARS) {
    return { ok: false, message: `the regular expression has more than ${MAX_REGEX_CHARS} characters` };
  }
  const parser = new RegexParser(pattern);
  try {
    const node = parser.parseAll();
    return { ok: true, node, groupCount: parser.groupCount, names: parser.names };
  } catch (error) {
    if (error instanceof RegexMismatch)
      return { ok: false, message: `${error.message} in regular expression "${pattern}"` };
    throw error;
  }
}

class RegexMismatch extends Error {}

class RegexParser {
  readonly #text: string;
  #offset = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: false, dotAll: false, multiline: false };
  groupCount = 0;
  readonly names = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  parseAll(): RegexNode {
    const node = this.#parseChoice();
    if (this.#offset < this.#text.length) throw new RegexMismatch(`unmatched ${this.#text[this.#offset]}`);
    return node;
  }

  #parseChoice(): RegexNode {
    this.#depth += 1;
    if (this.#depth > MAX_SYNTAX_DEPTH) throw new RegexMismatch("groups nested too deep");
    const options = [this.#parseSequence()];
    while (this.#take("|")) options.push(this.#parseSequence());
    this.#depth -= 1;
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: "choice", options };
  }

  #parseSequence(): RegexNode {
    const items: RegexNode[] = [];
    while (this.#offset < this.#text.length && this.#text[this.#offset] !== "|" && this.#text[this.#offset] !== ")") {
      for (const atom of this.#parseAtoms()) items.push(atom);
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: "sequence", items };
  }

  #parseAtoms(): RegexNode[] {
    if (this.#take("\\Q")) {
      const end = this.#text.indexOf("\\E", this.#offset);
      const quoted = this.#text.slice(this.#offset, end === -1 ? undefined : end);
      this.#offset = end === -1 ? this.#text.length : end + 2;
      return [...quoted].flatMap((char) => char.split("").map((unit) => this.#literal(unit)));
    }
    const atom = this.#parseAtom();
    return atom === null ? [] : [this.#parseQuantifiers(atom)];
  }

  #parseAtom(): RegexNode | null {
    const char = this.#text[this.#offset] ?? "";
    this.#offset += 1;
    switch (char) {
      case "(":
        return this.#parseGroup();
      case "[":
        return { kind: "char", test: this.#parseClass() };
      case ".": {
        const { dotAll } = this.#flags;
        return { kind: "char", test: dotAll ? () => true : (code) => !isLineEnd(code) };
      }
      case "^":
        return { kind: "assert", what: this.#flags.multiline ? "lineStart" : "start" };
      case "$":
        return { kind: "assert", what: this.#flags.multiline ? "lineEnd" : "end" };
      case "\\":
        return this.#parseEscape();
      case "*":
      case "+":
      case "?":
        throw new RegexMismatch(`dangling ${char}`);
      default:
        return this.#literal(char);
    }
  }

  #parseGroup(): RegexNode | null {
    if (!this.#take("?")) return this.#closeGroup((item, index) => ({ kind: "group", item, index }), true);
    if (this.#take(":")) return this.#closeGroup((item) => item, false);
    if (this.#take("=")) return this.#closeGroup((item) => ({ kind: "look", item, negative: false }), false);
    if (this.#take("!")) return this.#closeGroup((item) => ({ kind: "look", item, negative: true }), false);
    if (this.#take(">")) return this.#closeGroup((item) => ({ kind: "atomic", item }), false);
    const name = /^<([a-zA-Z][a-zA-Z0-9]*)>/.exec(this.#text.slice(this.#offset, this.#offset + 100));
    if (name?.[1] !== undefined) {
      this.#offset += name[0].length;
      this.names.set(name[1], this.groupCount + 1);
      return this.#closeGroup((item, index) => ({ kind: "group", item, index }), true);
    }
    const flags = /^([ims]*)(-[ims]+)?([):])/.exec(this.#text.slice(this.#offset, this.#offset + 10));
    if (flags === null) throw new RegexMismatch("an unsupported (?…) group");
    this.#offset += flags[0].length;
    const before = this.#flags;
    this.#flags = { ...before };
    for (const flag of flags[1] ?? "") this.#setFlag(flag, true);
    for (const flag of (flags[2] ?? "").slice(1)) this.#setFlag(flag, false);
    if (flags[3] === ")") return null;
    const inner = this.#closeGroup((item) => item, false);
    this.#flags = before;
    return inner;
  }

  #setFlag(flag: string, on: boolean): void {
    if (flag === "i") this.#flags.ignoreCase = on;
    if (flag === "m") this.#flags.multiline = on;
    if (flag === "s") this.#flags.dotAll = on;
  }

  #closeGroup(build: (item: RegexNode, index: number) => RegexNode, captures: boolean): RegexNode {
    if (captures) this.groupCount += 1;
    const index = this.groupCount;
    const before = { ...this.#flags };
    const item = this.#parseChoice();
    this.#flags = before;
    if (!this.#take(")")) throw new RegexMismatch("an unclosed group");
    return build(item, index);
  }

  #parseQuantifiers(atom: RegexNode): RegexNode {
    const char = this.#text[this.#offset];
    let min = 0;
    let max = Number.POSITIVE_INFINITY;
    if (char === "*") this.#offset += 1;
    else if (char === "+") {
      min = 1;
      this.#offset += 1;
    } else if (char === "?") {
      max = 1;
      this.#offset += 1;
    } else if (char === "{") {
      const counts = /^\{([0-9]{1,4})(,([0-9]{0,4}))?\}/.exec(this.#text.slice(this.#offset, this.#offset + 12));
      if (counts === null) throw new RegexMismatch("an illegal repetition");
      min = Number(counts[1]);
      max = counts[2] === undefined ? min : counts[3] === "" ? Number.POSITIVE_INFINITY : Number(counts[3]);
      if (max < min) throw new RegexMismatch("an illegal repetition range");
      this.#offset += counts[0].length;
    } else return atom;
    const mode: RepeatMode = this.#take("?") ? "lazy" : this.#take("+") ? "possessive" : "greedy";
    return { kind: "repeat", item: atom, min, max, mode };
  }

  #parseEscape(): RegexNode {
    const char = this.#text[this.#offset] ?? "";
    if (/[1-9]/.test(char)) {
      this.#offset += 1;
      return { kind: "backreference", index: Number(char) };
    }
    const asserts = { b: "word", B: "notWord", A: "start", z: "end", Z: "end" } as const;
    if (Object.hasOwn(asserts, char)) {
      this.#offset += 1;
      return { kind: "assert", what: asserts[char as keyof typeof asserts] };
    }
    const test = this.#parseClassEscape();
    return typeof test === "string" ? this.#literal(test) : { kind: "char", test };
  }

  /** What follows a backslash, in and outside brackets: a class, or one character. */
  #parseClassEscape(): CharTest | string {
    const char = this.#text[this.#offset] ?? "";
    this.#offset += 1;
    switch (char) {
      case "d":
        return isDigit;
      case "D":
        return (code) => !isDigit(code);
      case "w":
        return isWord;
      case "W":
        return (code) => !isWord(code);
      case "s":
        return isSpace;
      case "S":
        return (code) => !isSpace(code);
      case "h":
        return (code) => code === 32 || code === 9 || code === 0xa0;
      case "t":
        return "\t";
      case "n":
        return "\n";
      case "r":
        return "\r";
      case "f":
        return "\f";
      case "a":
        return "\u0007";
      case "e":
        return "\u001b";
      case "x":
        return this.#parseHex(2);
      case "u":
        return this.#parseHex(4);
      case "p":
      case "P": {
        const name = /^\{(?:Is)?([A-Za-z]+)\}/.exec(this.#text.slice(this.#offset, this.#offset + 20));
        const known = NAMED_CLASSES.get(name?.[1] ?? "");
        if (name === null || known === undefined) throw new RegexMismatch("an unsupported \\p class");
        this.#offset += name[0].length;
        return char === "p" ? known : (code) => !known(code);
      }
      default:
        if (char === "" || /[A-Za-z0-9]/.test(char)) throw new RegexMismatch(`an unsupported escape \\${char}`);
        return char;
    }
  }

  #parseHex(digits: number): string {
    const hex = this.#text.slice(this.#offset, this.#offset + digits);
    if (hex.length < digits || /[^0-9a-fA-F]/.test(hex)) throw new RegexMismatch("an illegal hexadecimal escape");
    this.#offset += digits;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  /** After `[`: members, ranges, nested unions and `&&` intersections, as Java has them. */
  #parseClass(): CharTest {
    this.#depth += 1;
    if (this.#depth > MAX_SYNTAX_DEPTH) throw new RegexMismatch("classes nested too deep");
    const negative = this.#take("^");
    const tests: CharTest[] = [];
    let meets: CharTest | undefined;
    for (let first = true; first || this.#text[this.#offset] !== "]"; first = false) {
      if (this.#offset >= this.#text.length) throw new RegexMismatch("an unclosed character class");
      if (this.#take("&&")) {
        const others = this.#text[this.#offset] === "[" ? undefined : this.#parseClassUntilEnd();
        const other = others ?? (this.#take("[") ? this.#parseClass() : () => false);
        const earlier = meets;
        meets = earlier === undefined ? other : (code) => earlier(code) && other(code);
        continue;
      }
      tests.push(this.#parseClassMember());
    }
    this.#offset += 1;
    this.#depth -= 1;
    const union: CharTest = (code) => tests.some((test) => test(code));
    const all = meets;
    const test: CharTest = all === undefined ? union : (code) => (tests.length === 0 || union(code)) && all(code);
    const cased = this.#flags.ignoreCase ? (code: number) => otherCases(code).some(test) : test;
    return negative ? (code) => !cased(code) : cased;
  }

  #parseClassUntilEnd(): CharTest {
    const tests: CharTest[] = [];
    while (this.#offset < this.#text.length && this.#text[this.#offset] !== "]" && !this.#at("&&")) {
      tests.push(this.#parseClassMember());
    }
    return (code) => tests.some((test) => test(code));
  }

  #parseClassMember(): CharTest {
    if (this.#take("[")) return this.#parseClass();
    const low = this.#parseClassChar();
    if (typeof low !== "string") return low;
    const from = low.charCodeAt(0);
    const next = this.#text[this.#offset + 1];
    if (this.#text[this.#offset] !== "-" || next === "]" || next === undefined) return (code) => code === from;
    this.#offset += 1;
    const high = this.#parseClassChar();
    if (typeof high !== "string") throw new RegexMismatch("an illegal character range");
    const to = high.charCodeAt(0);
    if (to < from) throw new RegexMismatch("an illegal character range");
    return (code) => code >= from && code <= to;
  }

  #parseClassChar(): CharTest | string {
    const char = this.#text[this.#offset] ?? "";
    this.#offset += 1;
    return char === "\\" ? this.#parseClassEscape() : char;
  }

  #literal(unit: string): RegexNode {
    const code = unit.charCodeAt(0);
    if (!this.#flags.ignoreCase) return { kind: "char", test: (other) => other === code, literal: unit };
    const cases = otherCases(code);
    return { kind: "char", test: (other) => cases.includes(other) };
  }

  #at(text: string): boolean {
    return this.#text.startsWith(text, this.#offset);
  }

  #take(text: string): boolean {
    if (!this.#at(text)) return false;
    this.#offset += text.length;
    return true;
  }
}

/** The character and its other ASCII case: Java's `(?i)` without `(?u)`. */
function otherCases(code: number): readonly number[] {
  if (isLower(code)) return [code, code - 32];
  if (isUpper(code)) return [code, code + 32];
  return [code];
}
