import {
  duplicateKey,
  MAX_DOCUMENT_DEPTH,
  type PositionTree,
  type SourcePath,
  type TreeProblem,
  type TreeVerdict,
  tooDeep,
} from "./position-tree.ts";

/*
 * JSON.parse makes the values; it knows no places and lets a repeated key win silently. One pass of our own over the
 * text finds syntax errors, repeated keys and depth, and stores nothing. Places are found later, container by
 * container, only along the paths that somebody asks for.
 */

/** Reads JSON. A byte order mark is allowed; comments and trailing commas are not. */
export function parseJsonTree(text: string): TreeVerdict {
  const problem = scan(text);
  if (problem) return { ok: false, isSyntax: problem.rule === "json-syntax", problems: [problem] };
  try {
    const value: unknown = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    return { ok: true, value, tree: new JsonPositions(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, isSyntax: true, problems: [syntax(`This is not JSON: ${message}.`, 0)] };
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;

function scan(text: string): TreeProblem | undefined {
  /** One entry per open container: the keys seen in an object, undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let wantsKey = false;
  for (;;) {
    at = skipSpace(text, at);
    if (wantsKey) {
      const end = endOfString(text, at);
      if (end === undefined) return expected("a key in double quotes", text, at);
      const keys = open[open.length - 1];
      const key = decodeString(text, at, end);
      if (keys?.has(key)) return duplicateKey(key, at);
      keys?.add(key);
      at = skipSpace(text, end);
      if (text.charCodeAt(at) !== COLON) return expected("a colon", text, at);
      at = skipSpace(text, at + 1);
      wantsKey = false;
    }
    const code = text.charCodeAt(at);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (open.length === MAX_DOCUMENT_DEPTH) return tooDeep(at);
      const inner = skipSpace(text, at + 1);
      const isObject = code === OPEN_BRACE;
      if (text.charCodeAt(inner) !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        open.push(isObject ? new Set() : undefined);
        wantsKey = isObject;
        at = inner;
        continue;
      }
      at = inner + 1;
    } else {
      const end = code === QUOTE ? endOfString(text, at) : endOfLiteral(text, at);
      if (end === undefined) return expected("a value", text, at);
      at = end;
    }
    // A value is complete: close what closes, then a comma must lead to the next one.
    for (;;) {
      at = skipSpace(text, at);
      if (open.length === 0) return at === text.length ? undefined : expected("the end of the file", text, at);
      const isObject = open[open.length - 1] !== undefined;
      const next = text.charCodeAt(at);
      if (next === COMMA) {
        at++;
        wantsKey = isObject;
        break;
      }
      if (next !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        return expected(isObject ? "a comma or }" : "a comma or ]", text, at);
      }
      open.pop();
      at++;
    }
  }
}

function expected(wanted: string, text: string, at: number): TreeProblem {
  const found = at >= text.length ? "the end of the file" : JSON.stringify(text.charAt(at));
  return syntax(`This is not JSON: found ${found}, wanted ${wanted}.`, at);
}

function syntax(message: string, offset: number): TreeProblem {
  return { rule: "json-syntax", message, fix: "Correct the file.", offset };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

function endOfLiteral(text: string, at: number): number | undefined {
  LITERAL.lastIndex = at;
  return LITERAL.test(text) ? LITERAL.lastIndex : undefined;
}

function endOfString(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== QUOTE) return undefined;
  for (let end = at + 1; ; end++) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) return end + 1;
    if (code === BACKSLASH) {
      ESCAPE.lastIndex = end + 1;
      if (!ESCAPE.test(text)) return undefined;
      end = ESCAPE.lastIndex - 1;
      continue;
    }
    if (!(code >= 0x20)) return undefined;
  }
}

function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes("\\") ? String(JSON.parse(text.slice(start, end))) : inner;
}

interface Place {
  readonly key: number;
  readonly value: number;
}

/** Places in text that is known to be valid JSON. */
class JsonPositions implements PositionTree {
  readonly #text: string;
  readonly #root: number;
  /** By offset of the container. */
  readonly #containers = new Map<number, Map<string, Place>>();

  constructor(text: string) {
    this.#text = text;
    this.#root = skipSpace(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  }

  offsetOf(path: SourcePath, part: "key" | "value"): number {
    let place: Place = { key: this.#root, value: this.#root };
    for (const step of path) {
      const inner = this.#childrenOf(place.value)?.get(String(step));
      if (!inner) return place.key;
      place = inner;
    }
    if (part === "key") return place.key;
    const code = this.#text.charCodeAt(place.value);
    return code === OPEN_BRACE || code === OPEN_BRACKET ? place.key : place.value;
  }

  #childrenOf(at: number): Map<string, Place> | undefined {
    const code = this.#text.charCodeAt(at);
    if (code !== OPEN_BRACE && code !== OPEN_BRACKET) return undefined;
    let children = this.#containers.get(at);
    if (!children) {
      children = code === OPEN_BRACE ? objectPlaces(this.#text, at) : listPlaces(this.#text, at);
      this.#containers.set(at, children);
    }
    return children;
  }
}

function objectPlaces(text: string, start: number): Map<string, Place> {
  const places = new Map<string, Place>();
  let at = skipSpace(text, start + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const end = endOfString(text, at) ?? text.length;
    const value = skipSpace(text, skipSpace(text, end) + 1);
    places.set(decodeString(text, at, end), { key: at, value });
    at = skipSpace(text, endOfValue(text, value));
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return places;
}

function listPlaces(text: string, start: number): Map<string, Place> {
  const places = new Map<string, Place>();
  let at = skipSpace(text, start + 1);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET) {
    places.set(String(places.size), { key: at, value: at });
    at = skipSpace(text, endOfValue(text, at));
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return places;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) ?? text.length;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++;
      at++;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth--;
      at++;
    } else if (depth > 0) at++;
    else return endOfLiteral(text, at) ?? text.length;
  } while (depth > 0 && at < text.length);
  return at;
}
