import type { Budget } from "./budget.ts";
import { parseJavaRegex, type RegexNode } from "./parse-java-regex.ts";

/** Where an expression matched; `groups[0]` is the whole match, an unset group is null. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (readonly [number, number] | null)[];
}

/** Groups inside one another or repeated, at most: each costs a stack frame. */
export const MAX_REGEX_RECURSION = 1000;
/** Tries of one expression node that cost one step. */
const TRIES_PER_STEP = 8;
const MAX_CACHED_REGEXES = 256;

/**
 * A Java regular expression that counts its own work: JavaScript's engine can neither be interrupted nor be asked how
 * long it will take, and the text it would search comes from whoever sends the request.
 */
export class JavaRegex {
  /** Set when the expression is plain text, which needs no engine. */
  readonly literal: string | undefined;
  readonly #node: RegexNode;
  readonly #groupCount: number;
  readonly names: ReadonlyMap<string, number>;

  constructor(node: RegexNode, groupCount: number, names: ReadonlyMap<string, number>) {
    this.#node = node;
    this.#groupCount = groupCount;
    this.names = names;
    this.literal = literalOf(node);
  }

  /** Whether the whole text matches, as `String.matches`. */
  matches(text: string, budget: Budget): boolean {
    if (this.literal !== undefined) return this.literal === text;
    return new Matcher(text, budget, this.#groupCount).run(this.#node, 0, true) !== null;
  }

  /** The first match at or after `from`. */
  find(text: string, from: number, budget: Budget): RegexMatch | null {
    if (this.literal !== undefined) {
      const start = text.indexOf(this.literal, from);
      budget.chargeChars((start === -1 ? text.length : start) - from);
      return start === -1
        ? null
        : { start, end: start + this.literal.length, groups: [[start, start + this.literal.length]] };
    }
    const matcher = new Matcher(text, budget, this.#groupCount);
    for (let start = from; start <= text.length; start += 1) {
      const match = matcher.run(this.#node, start, false);
      if (match !== null) return match;
    }
    return null;
  }
}

export type JavaRegexVerdict =
  | { readonly ok: true; readonly regex: JavaRegex }
  | { readonly ok: false; readonly message: string };

const cache = new Map<string, JavaRegexVerdict>();

/** Compiles a Java regular expression once; the most recent ones are remembered. */
export function compileJavaRegex(pattern: string): JavaRegexVerdict {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const parsed = parseJavaRegex(pattern);
  const verdict: JavaRegexVerdict = parsed.ok
    ? { ok: true, regex: new JavaRegex(parsed.node, parsed.groupCount, parsed.names) }
    : parsed;
  if (cache.size >= MAX_CACHED_REGEXES) cache.clear();
  cache.set(pattern, verdict);
  return verdict;
}

type Continue = (offset: number) => boolean;

class Matcher {
  readonly #text: string;
  readonly #budget: Budget;
  readonly #groups: ([number, number] | null)[];
  #tries = 0;
  #depth = 0;

  constructor(text: string, budget: Budget, groupCount: number) {
    this.#text = text;
    this.#budget = budget;
    this.#groups = new Array<[number, number] | null>(groupCount + 1).fill(null);
  }

  run(node: RegexNode, start: number, whole: boolean): RegexMatch | null {
    this.#groups.fill(null);
    let end = -1;
    const found = this.#match(node, start, (offset) => {
      if (whole && offset !== this.#text.length) return false;
      end = offset;
      return true;
    });
    if (!found) return null;
    const groups = this.#groups.map((group, index) => (index === 0 ? ([start, end] as const) : group));
    return { start, end, groups };
  }

  #match(node: RegexNode, offset: number, next: Continue): boolean {
    this.#count();
    switch (node.kind) {
      case "char":
        return offset < this.#text.length && node.test(this.#text.charCodeAt(offset)) && next(offset + 1);
      case "sequence":
        return this.#matchSequence(node.items, 0, offset, next);
      case "choice":
        return node.options.some((option) => this.#match(option, offset, next));
      case "repeat":
        return node.item.kind === "char"
          ? this.#repeatChar(node, node.item.test, offset, next)
          : this.#repeat(node, 0, offset, -1, next);
      case "group": {
        const before = this.#groups[node.index] ?? null;
        const matched = this.#deeper(() =>
          this.#match(node.item, offset, (end) => {
            const inner = this.#groups[node.index] ?? null;
            this.#groups[node.index] = [offset, end];
            if (next(end)) return true;
            this.#groups[node.index] = inner;
            return false;
          }),
        );
        if (!matched) this.#groups[node.index] = before;
        return matched;
      }
      case "look": {
        const found = this.#deeper(() => this.#match(node.item, offset, () => true));
        return found !== node.negative && next(offset);
      }
      case "atomic": {
        const end = this.#matchOnce(node.item, offset);
        return end !== -1 && next(end);
      }
      case "backreference": {
        const group = this.#groups[node.index] ?? null;
        if (group === null) return false;
        const text = this.#text.slice(group[0], group[1]);
        this.#budget.chargeChars(text.length);
        return this.#text.startsWith(text, offset) && next(offset + text.length);
      }
      case "assert":
        return this.#holds(node.what, offset) && next(offset);
    }
  }

  #matchSequence(items: readonly RegexNode[], index: number, offset: number, next: Continue): boolean {
    let at = offset;
    let position = index;
    for (; position < items.length; position += 1) {
      const item = items[position];
      if (item === undefined || item.kind !== "char") break; // characters need no continuation
      if (at >= this.#text.length || !item.test(this.#text.charCodeAt(at))) return false;
      at += 1;
    }
    const item = items[position];
    if (item === undefined) return next(at);
    return this.#match(item, at, (end) => this.#matchSequence(items, position + 1, end, next));
  }

  #repeatChar(
    node: Extract<RegexNode, { kind: "repeat" }>,
    test: (code: number) => boolean,
    offset: number,
    next: Continue,
  ): boolean {
    const limit = Math.min(this.#text.length, offset + node.max);
    let end = offset;
    if (node.mode === "lazy") {
      for (;;) {
        if (end - offset >= node.min && this.#deeper(() => next(end))) return true;
        if (end >= limit || !test(this.#text.charCodeAt(end))) return false;
        end += 1;
        this.#count();
      }
    }
    while (end < limit && test(this.#text.charCodeAt(end))) {
      end += 1;
      this.#count();
    }
    if (node.mode === "possessive") return end - offset >= node.min && next(end);
    for (; end - offset >= node.min; end -= 1) {
      if (this.#deeper(() => next(end))) return true;
      this.#count();
    }
    return false;
  }

  #repeat(
    node: Extract<RegexNode, { kind: "repeat" }>,
    done: number,
    offset: number,
    last: number,
    next: Continue,
  ): boolean {
    if (node.mode === "possessive") {
      const end = this.#matchOnce({ ...node, mode: "greedy" }, offset);
      return end !== -1 && next(end);
    }
    const again = (): boolean =>
      done < node.max &&
      offset !== last && // an empty round would go on for ever
      this.#deeper(() => this.#match(node.item, offset, (end) => this.#repeat(node, done + 1, end, offset, next)));
    if (done < node.min) return offset === last ? next(offset) : again();
    return node.mode === "lazy" ? next(offset) || again() : again() || next(offset);
  }

  /** Where the first way to match ends, or -1: what is inside is not tried again. */
  #matchOnce(node: RegexNode, offset: number): number {
    let end = -1;
    this.#deeper(() =>
      this.#match(node, offset, (at) => {
        end = at;
        return true;
      }),
    );
    return end;
  }

  #holds(what: Extract<RegexNode, { kind: "assert" }>["what"], offset: number): boolean {
    const text = this.#text;
    switch (what) {
      case "start":
        return offset === 0;
      case "end": // also before a last line terminator, as Java's `$`
        return offset === text.length || (offset === text.length - 1 && text[offset] === "\n");
      case "lineStart":
        return offset === 0 || (text[offset - 1] === "\n" && offset < text.length);
      case "lineEnd":
        return offset === text.length || text[offset] === "\n";
      case "word":
      case "notWord": {
        const boundary = isWordAt(text, offset - 1) !== isWordAt(text, offset);
        return boundary === (what === "word");
      }
    }
  }

  #count(): void {
    this.#tries += 1;
    if (this.#tries % TRIES_PER_STEP === 0) this.#budget.charge();
  }

  #deeper(run: () => boolean): boolean {
    this.#depth += 1;
    if (this.#depth > MAX_REGEX_RECURSION) {
      this.#budget.fail("limit", "the regular expression repeats or nests groups too often for this text");
    }
    const result = run();
    this.#depth -= 1;
    return result;
  }
}

function isWordAt(text: string, offset: number): boolean {
  return offset >= 0 && offset < text.length && /\w/.test(text.charAt(offset));
}

function literalOf(node: RegexNode): string | undefined {
  if (node.kind === "char") return node.literal;
  if (node.kind !== "sequence" || node.items.length === 0) return undefined;
  let text = "";
  for (const item of node.items) {
    if (item.kind !== "char" || item.literal === undefined) return undefined;
    text += item.literal;
  }
  return text;
}
