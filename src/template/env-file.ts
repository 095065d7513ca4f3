import type { Finding } from "../model/finding.ts";

/** An env file beyond this is not one: Lambda itself allows 4 KB of variables. */
export const MAX_ENV_FILE_BYTES = 1024 * 1024;

export type EnvFileVerdict =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>>; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads `KEY=VALUE` lines: an `export ` prefix, `#` comments (after a space also behind unquoted values), 'literal'
 * values, "escaped" values (`\n \r \t \" \\ \$`), quotes over several lines. Nothing is expanded. Messages never contain
 * a value.
 */
export function readEnvFile(file: string, text: string): EnvFileVerdict {
  const findings: Finding[] = [];
  const values = new Map<string, string>();
  const report = (line: number, column: number, message: string, fix: string): void => {
    const at = { file, line, column };
    findings.push({ rule: "env-file-syntax", severity: "error", effect: "load", message, fix, at });
  };
  if (Buffer.byteLength(text) > MAX_ENV_FILE_BYTES) {
    report(1, 1, `The env file has more than ${MAX_ENV_FILE_BYTES} bytes.`, "Keep only variables in it.");
    return { ok: false, findings };
  }
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (/^\s*(?:#|$)/.test(line)) continue;
    const start = /^\s*(?:export\s+)?/.exec(line)?.[0].length ?? 0;
    const equals = line.indexOf("=", start);
    const first = index + 1;
    if (equals === -1) {
      report(first, start + 1, "This line has no =, wanted KEY=VALUE.", "Complete the line or comment it out with #.");
      continue;
    }
    const key = line.slice(start, equals).trim();
    if (!KEY.test(key)) {
      const wanted = "letters, digits and _, not beginning with a digit";
      report(first, start + 1, `The name ${JSON.stringify(key)} is not one, wanted ${wanted}.`, "Correct the name.");
      continue;
    }
    const read = readValue(lines, index, equals + 1);
    if ("problem" in read) {
      report(read.line + 1, read.column + 1, `The value of ${key} ${read.problem}`, "Correct the quotes.");
      index = read.line;
      continue;
    }
    if (values.has(key)) {
      const at = { file, line: first, column: start + 1 };
      const message = `${key} is set twice; the later value is used.`;
      findings.push({ rule: "env-file-repeated", severity: "warning", effect: "none", message, fix: "Keep one.", at });
    }
    values.set(key, read.value);
    index = read.line;
  }
  if (findings.some((each) => each.severity === "error")) return { ok: false, findings };
  return { ok: true, values: Object.fromEntries(values), findings };
}

type ValueRead =
  | { readonly value: string; readonly line: number }
  | { readonly problem: string; readonly line: number; readonly column: number };

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

function readValue(lines: readonly string[], firstLine: number, from: number): ValueRead {
  const rest = (lines[firstLine] ?? "").slice(from);
  const lead = rest.length - rest.trimStart().length;
  const quote = rest[lead];
  if (quote !== '"' && quote !== "'") {
    const comment = /(?:^|\s)#/.exec(rest);
    return { value: (comment ? rest.slice(0, comment.index) : rest).trim(), line: firstLine };
  }
  let value = "";
  let column = from + lead + 1;
  for (let line = firstLine; line < lines.length; line++, column = 0) {
    const text = lines[line] ?? "";
    for (; column < text.length; column++) {
      const character = text[column] ?? "";
      const escaped = quote === '"' && character === "\\" ? ESCAPES[text[column + 1] ?? ""] : undefined;
      if (escaped !== undefined) {
        value += escaped;
        column++;
      } else if (character !== quote) value += character;
      else if (/^\s*(?:#.*)?$/.test(text.slice(column + 1))) return { value, line };
      else return { problem: "goes on after its closing quote.", line, column: column + 1 };
    }
    value += "\n";
  }
  return { problem: `begins with ${quote} and never ends.`, line: firstLine, column: from + lead };
}
