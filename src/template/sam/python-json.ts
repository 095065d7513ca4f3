import { isMapping } from "../source-node.ts";

/**
 * JSON as Python's json.dumps writes it with sorted keys: hashes of the same bytes are the same logical ids. Without
 * `indent` there are no spaces at all.
 */
export function pythonJson(value: unknown, indent = 0, depth = 1): string {
  const [open, between, close] =
    indent > 0 ? [pad(indent, depth), `,${pad(indent, depth)}`, pad(indent, depth - 1)] : ["", ",", ""];
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[${open}${value.map((item) => pythonJson(item, indent, depth + 1)).join(between)}${close}]`;
  }
  if (isMapping(value)) {
    const keys = Object.keys(value).sort(byCodePoint);
    if (keys.length === 0) return "{}";
    const colon = indent > 0 ? ": " : ":";
    const members = keys.map((key) => `${pythonText(key)}${colon}${pythonJson(value[key], indent, depth + 1)}`);
    return `{${open}${members.join(between)}${close}}`;
  }
  return typeof value === "string" ? pythonText(value) : (JSON.stringify(value) ?? "null");
}

function pad(indent: number, depth: number): string {
  return `\n${" ".repeat(indent * depth)}`;
}

function byCodePoint(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function pythonText(text: string): string {
  const escaped = JSON.stringify(text);
  return escaped.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
