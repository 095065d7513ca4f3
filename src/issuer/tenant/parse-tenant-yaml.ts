import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser } from "yaml";
import type { TenantFinding, TenantPosition, TenantRule } from "./tenant-finding.ts";

/** A thousand users with metadata have about half of it. */
export const MAX_TENANT_FILE_BYTES = 1024 * 1024;
/** Metadata of users may be nested; nothing else is deeper than 6. */
export const MAX_TENANT_DEPTH = 32;
/** Problems beyond are mostly consequences. */
const MAX_YAML_PROBLEMS = 10;

export type TenantYamlVerdict =
  | {
      readonly ok: true;
      /** For edits: it keeps comments and order. */
      readonly document: Document.Parsed;
      readonly positionOf: (node: Node | null) => TenantPosition;
    }
  | { readonly ok: false; readonly findings: readonly TenantFinding[] };

/**
 * Reads the file as one YAML 1.2 document without anchors, aliases and tags: what an edit changes in one place it
 * should not change in another, and a small file should not become a large one.
 */
export function parseTenantYaml(text: string, file: string): TenantYamlVerdict {
  const lines = new LineCounter();
  const findings: TenantFinding[] = [];
  const report = (rule: TenantRule, offset: number, message: string, fix: string): void => {
    if (findings.length >= MAX_YAML_PROBLEMS) return;
    findings.push({ rule, severity: "error", effect: "load", message, fix, at: place(offset) });
  };
  const place = (offset: number): TenantPosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TENANT_FILE_BYTES) {
    const message = `The file has ${bytes} bytes, at most ${MAX_TENANT_FILE_BYTES} are read.`;
    report("tenant-too-large", 0, message, "Keep to the users and applications that you need here.");
    return { ok: false, findings };
  }
  const document = compose(text, lines, report);
  if (document !== undefined) checkNode(document.contents, 0, report);
  if (document === undefined || findings.length > 0) return { ok: false, findings };
  return { ok: true, document, positionOf: (node) => place(node?.range?.[0] ?? 0) };
}

type Report = (rule: TenantRule, offset: number, message: string, fix: string) => void;

/** The parser's own stages, joined here so that depth is known before the recursive one sees it. */
function compose(text: string, lines: LineCounter, report: Report): Document.Parsed | undefined {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  // uniqueKeys compares every key with every other; checkNode looks them up instead.
  const composer = new Composer({ uniqueKeys: false, logLevel: "silent", lineCounter: lines, merge: false });
  const documents: Document.Parsed[] = [];
  try {
    for (const lexeme of new Lexer().lex(text)) {
      for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
      // The stack also holds the document and the scalar in the making.
      if (parser.stack.length > MAX_TENANT_DEPTH + 2) {
        report("tenant-too-large", parser.offset, tooDeep, "Write the values flat.");
        return undefined;
      }
    }
    for (const token of parser.end()) documents.push(...composer.next(token));
    documents.push(...composer.end(true, text.length));
  } catch (error) {
    // The parser reports its findings; what it throws (a range error on absurd input) has no place.
    const message = error instanceof Error ? error.message : String(error);
    report("tenant-yaml-syntax", 0, `The YAML parser gave up: ${message}.`, "Correct the file.");
    return undefined;
  }
  const [document, second] = documents;
  if (second !== undefined) {
    const message = "The file holds more than one YAML document.";
    report("tenant-yaml-unsupported", second.range[0], message, "Keep one document per file.");
    return undefined;
  }
  // Errors after the first one are mostly consequences of it.
  const problem = document?.errors[0] ?? document?.warnings[0];
  if (problem === undefined) return document;
  const message = `This is not YAML as a tenant's file has it: ${problem.message.split("\n")[0]}.`;
  report("tenant-yaml-syntax", problem.pos[0], message, "Correct the line.");
  return undefined;
}

const tooDeep = `Mappings and lists are nested more than ${MAX_TENANT_DEPTH} deep here.`;

function checkNode(node: unknown, depth: number, report: Report): void {
  const { range, anchor, tag } = (node ?? {}) as { range?: [number]; anchor?: string; tag?: string };
  const offset = range?.[0] ?? 0;
  if (isAlias(node) || anchor !== undefined) {
    const message = `The file uses the ${isAlias(node) ? `alias *${node.source}` : `anchor &${anchor}`}.`;
    report("tenant-yaml-unsupported", offset, message, "Write the value out at each place.");
    return;
  }
  if (tag !== undefined) {
    const fix = "Write the value itself.";
    report("tenant-yaml-unsupported", offset, `The tag ${tag} has no meaning in a tenant's file.`, fix);
    return;
  }
  if (depth > MAX_TENANT_DEPTH) {
    report("tenant-too-large", offset, tooDeep, "Write the values flat.");
    return;
  }
  if (isSeq(node)) for (const item of node.items) checkNode(item, depth + 1, report);
  if (!isMap(node)) return;
  const keys = new Set<string>();
  for (const { key, value } of node.items) {
    const at = (key as Node | null)?.range?.[0] ?? offset;
    checkNode(key, depth + 1, report);
    if (!isScalar(key) || typeof key.value !== "string") {
      report("tenant-yaml-unsupported", at, "A key of this mapping is not text.", "Put the key in quotes.");
    } else if (keys.has(key.value)) {
      const message = `The key ${JSON.stringify(key.value.slice(0, 80))} is written twice in the same mapping.`;
      report("tenant-duplicate", at, message, "Keep one of the two.");
    } else keys.add(key.value);
    checkNode(value, depth + 1, report);
  }
}
