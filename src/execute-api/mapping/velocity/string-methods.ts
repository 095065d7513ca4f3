import type { Budget } from "./budget.ts";
import { parseInteger } from "./java-number.ts";
import { compileJavaRegex, type JavaRegex, type RegexMatch } from "./java-regex.ts";
import { JavaDouble, JavaList, type JavaValue } from "./java-value.ts";
import { printValue } from "./print-value.ts";

type Args = readonly JavaValue[];
/** Answers undefined when Java has no such method for these arguments; Velocity then behaves as if there were none. */
export type Method<T> = (self: T, args: Args, budget: Budget) => JavaValue | undefined;

/** java.lang.String's methods, as far as templates can use them. */
export const STRING_METHODS: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ["length", (self, args) => (args.length === 0 ? self.length : undefined)],
  ["isEmpty", (self, args) => (args.length === 0 ? self.length === 0 : undefined)],
  ["isBlank", (self, args) => (args.length === 0 ? self.trim() === "" : undefined)],
  ["toString", (self, args) => (args.length === 0 ? self : undefined)],
  ["trim", (self, args) => (args.length === 0 ? trimJava(self) : undefined)],
  ["strip", (self, args) => (args.length === 0 ? self.trim() : undefined)],
  ["intern", (self, args) => (args.length === 0 ? self : undefined)],
  ["toLowerCase", (self, args) => (args.length === 0 ? self.toLowerCase() : undefined)],
  ["toUpperCase", (self, args) => (args.length === 0 ? self.toUpperCase() : undefined)],
  ["hashCode", (self, args) => (args.length === 0 ? hashCode(self) : undefined)],
  ["substring", substring],
  ["subSequence", (self, args, budget) => (args.length === 2 ? substring(self, args, budget) : undefined)],
  ["charAt", charAt],
  ["indexOf", (self, args, budget) => indexOf(args, budget, (text, from) => self.indexOf(text, from ?? 0))],
  [
    "lastIndexOf",
    (self, args, budget) =>
      indexOf(args, budget, (text, from) => (from !== undefined && from < 0 ? -1 : self.lastIndexOf(text, from))),
  ],
  ["contains", (self, args, budget) => withText(args, budget, (text) => self.includes(text))],
  ["startsWith", startsWith],
  ["endsWith", (self, args, budget) => withText(args, budget, (text) => self.endsWith(text))],
  ["equals", (self, args) => (args.length === 1 ? self === args[0] : undefined)],
  ["contentEquals", (self, args, budget) => withText(args, budget, (text) => self === text)],
  [
    "equalsIgnoreCase",
    (self, args) => withTextOrNull(args, (text) => text !== null && foldCase(self) === foldCase(text)),
  ],
  ["compareTo", compareTo],
  ["join", join],
  [
    "compareToIgnoreCase",
    (self, args, budget) => withText(args, budget, (text) => compareText(foldCase(self), foldCase(text))),
  ],
  ["concat", (self, args, budget) => withText(args, budget, (text) => joinText(self, text, budget))],
  ["repeat", repeat],
  ["replace", replace],
  ["replaceAll", (self, args, budget) => replaceRegex(self, args, true, budget)],
  ["replaceFirst", (self, args, budget) => replaceRegex(self, args, false, budget)],
  ["matches", (self, args, budget) => withText(args, budget, (text) => regexOf(text, budget).matches(self, budget))],
  ["split", split],
  ["valueOf", (_self, args, budget) => (args.length === 1 ? printValue(args[0] ?? null, budget) : undefined)],
]);

/** A string of two, within the bound on strings. */
export function joinText(left: string, right: string, budget: Budget): string {
  budget.allowString(left.length + right.length);
  return left + right;
}

/** Integer.parseInt and the other static methods that templates reach through an instance, e.g. `$n.parseInt("5")`. */
export function parseIntText(text: string): JavaValue | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? (parseInteger(text.replace(/^\+/, "")) ?? undefined) : undefined;
}

/** Double.parseDouble. */
export function parseDoubleText(text: string): JavaValue | undefined {
  const trimmed = text.trim();
  return /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(trimmed)
    ? new JavaDouble(Number(trimmed))
    : undefined;
}

function withText<T extends JavaValue>(args: Args, budget: Budget, answer: (text: string) => T): T | undefined {
  const [text] = args;
  if (args.length === 1 && text === null) budget.fail("method", "a String method was given null");
  return args.length === 1 && typeof text === "string" ? answer(text) : undefined;
}

function withTextOrNull<T extends JavaValue>(args: Args, answer: (text: string | null) => T): T | undefined {
  const [text] = args;
  return args.length === 1 && (typeof text === "string" || text === null) ? answer(text) : undefined;
}

/** Java's bridge method takes any object and then fails on what is no String. */
function compareTo(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [text] = args;
  if (args.length !== 1) return undefined;
  return typeof text === "string" ? compareText(self, text) : budget.fail("method", "compareTo wants a String");
}

/** The static String.join, reached through an instance. */
function join(_self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [separator, list] = args;
  if (args.length !== 2 || typeof separator !== "string" || !(list instanceof JavaList)) return undefined;
  budget.allowString(separator.length * list.items.length);
  const parts = list.items.map((item) => printValue(item, budget));
  budget.allowString(parts.reduce((length, part) => length + part.length + separator.length, 0));
  return parts.join(separator);
}

function substring(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [begin, end = self.length] = args;
  if (args.length > 2 || typeof begin !== "number" || typeof end !== "number") return undefined;
  if (begin < 0 || end > self.length || begin > end) {
    budget.fail("method", `substring(${begin}, ${end}) is outside a string of length ${self.length}`);
  }
  return self.slice(begin, end);
}

function charAt(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [index] = args;
  if (args.length !== 1 || typeof index !== "number") return undefined;
  if (index < 0 || index >= self.length) {
    budget.fail("method", `charAt(${index}) is outside a string of length ${self.length}`);
  }
  return self.charAt(index);
}

function indexOf(args: Args, budget: Budget, find: (text: string, from?: number) => number): JavaValue | undefined {
  const [what, from] = args;
  if (what === null) budget.fail("method", "a String method was given null");
  const text = typeof what === "number" ? String.fromCodePoint(Math.min(Math.max(what, 0), 0x10ffff)) : what;
  if (typeof text !== "string" || args.length > 2) return undefined;
  if (args.length === 1) return find(text);
  return typeof from === "number" ? find(text, from) : undefined;
}

function startsWith(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [text, offset = 0] = args;
  if (text === null) budget.fail("method", "a String method was given null");
  if (typeof text !== "string" || typeof offset !== "number" || args.length > 2) return undefined;
  return offset >= 0 && self.startsWith(text, offset) && offset <= self.length;
}

function repeat(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [count] = args;
  if (args.length !== 1 || typeof count !== "number") return undefined;
  if (count < 0) budget.fail("method", `repeat(${count}) needs a count of 0 or more`);
  budget.allowString(self.length * count);
  return self.repeat(count);
}

function replace(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [from, to] = args;
  if (args.length !== 2 || typeof from !== "string" || typeof to !== "string") return undefined;
  let count = from === "" ? self.length + 1 : 0; // an empty string is found before, between and after all characters
  if (from !== "") for (let at = self.indexOf(from); at !== -1; at = self.indexOf(from, at + from.length)) count += 1;
  budget.allowString(self.length + count * (to.length - from.length));
  return self.replaceAll(from, () => to);
}

function replaceRegex(self: string, args: Args, all: boolean, budget: Budget): JavaValue | undefined {
  const [pattern, replacement] = args;
  if (args.length !== 2 || typeof pattern !== "string" || typeof replacement !== "string") return undefined;
  const regex = regexOf(pattern, budget);
  const parts: string[] = [];
  let length = 0;
  let copied = 0;
  for (let from = 0; from <= self.length; ) {
    const match = regex.find(self, from, budget);
    if (match === null) break;
    const piece = self.slice(copied, match.start) + expandReplacement(replacement, self, match, regex, budget);
    length += piece.length;
    budget.allowString(length);
    parts.push(piece);
    copied = match.end;
    from = match.end > match.start ? match.end : match.end + 1;
    if (!all) break;
  }
  budget.allowString(length + self.length - copied);
  return parts.length === 0 ? self : parts.join("") + self.slice(copied);
}

/** `$1`, `${name}` and backslash escapes of java.util.regex.Matcher's replacement strings. */
function expandReplacement(text: string, subject: string, match: RegexMatch, regex: JavaRegex, budget: Budget): string {
  if (!text.includes("$") && !text.includes("\\")) return text;
  let output = "";
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "\\") {
      index += 1;
      if (index >= text.length) budget.fail("method", "a replacement ends with a lone backslash");
      output += text[index];
    } else if (char === "$") {
      const name = /^\$\{([a-zA-Z][a-zA-Z0-9]*)\}/.exec(text.slice(index, index + 64));
      let group = name?.[1] === undefined ? Number(text[index + 1] ?? "x") : (regex.names.get(name[1]) ?? Number.NaN);
      if (Number.isNaN(group) || group >= match.groups.length || text[index + 1] === " ") {
        budget.fail("method", `a replacement refers to a group that is not there: "${text}"`);
      }
      index += name === null ? 1 : name[0].length - 1;
      while (
        name === null &&
        /[0-9]/.test(text[index + 1] ?? "") &&
        group * 10 + Number(text[index + 1]) < match.groups.length
      ) {
        index += 1;
        group = group * 10 + Number(text[index]);
      }
      const range = match.groups[group] ?? null;
      output += range === null ? "" : subject.slice(range[0], range[1]);
    } else {
      output += char;
    }
    budget.allowString(output.length);
  }
  return output;
}

function split(self: string, args: Args, budget: Budget): JavaValue | undefined {
  const [pattern, limit = 0] = args;
  if (args.length > 2 || typeof pattern !== "string" || typeof limit !== "number") return undefined;
  const regex = regexOf(pattern, budget);
  const parts: string[] = [];
  let copied = 0;
  for (let from = 0; from <= self.length && (limit <= 0 || parts.length < limit - 1); ) {
    const match = regex.find(self, from, budget);
    if (match === null) break;
    const empty = match.end === match.start;
    if (!(match.end === 0 || (empty && match.start >= self.length))) {
      parts.push(self.slice(copied, match.start)); // Java drops an empty match at the beginning
      budget.allowItems(parts.length);
      copied = match.end;
    }
    from = empty ? match.end + 1 : match.end;
  }
  if (parts.length === 0) return new JavaList([self], "java");
  parts.push(self.slice(copied));
  if (limit === 0) while (parts.length > 0 && parts[parts.length - 1] === "") parts.pop();
  return new JavaList(parts, "java");
}

function regexOf(pattern: string, budget: Budget): JavaRegex {
  budget.charge();
  const verdict = compileJavaRegex(pattern);
  return verdict.ok ? verdict.regex : budget.fail("method", verdict.message);
}

function trimJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 32) end -= 1;
  return text.slice(start, end);
}

function hashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

function compareText(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = left.charCodeAt(index) - right.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase();
}
