import type { Finding, SourcePosition } from "../model/finding.ts";
import { parseJsonTree } from "./json-tree.ts";
import { LineIndex } from "./line-index.ts";
import type { PositionTree, SourcePath, TreeProblem, TreeVerdict } from "./position-tree.ts";
import { parseYamlTree, type YamlOptions } from "./yaml-tree.ts";

/** API Gateway refuses an imported document above 6 MB (D: API Gateway quotas, "OpenAPI definition size"). */
export const MAX_DOCUMENT_BYTES = 6 * 1024 * 1024;

/** A parsed file: plain values, and the place of every one of them on request. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /**
   * Where the value at `path` is: a scalar's own place, for a mapping or a list the place of its key. A path that
   * leads nowhere gives the nearest thing above it, so a missing property points at what lacks it.
   */
  positionOf(path: SourcePath): SourcePosition;
  /** Where the key (or list item) at the end of `path` is. */
  keyPositionOf(path: SourcePath): SourcePosition;
}

export type DocumentVerdict =
  | { readonly ok: true; readonly document: SourceDocument }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * Reads YAML 1.2 or JSON. Text that begins with `{` or `[` is tried as JSON first, which is many times faster; a file
 * named `.json` must be JSON. Never throws: what cannot be read is a finding with effect `load` and an exact place.
 */
export function readDocument(file: string, text: string, options: YamlOptions = {}): DocumentVerdict {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_DOCUMENT_BYTES) {
    const problem: TreeProblem = {
      rule: "document-too-large",
      message: `The file has ${bytes} bytes, the limit is ${MAX_DOCUMENT_BYTES}.`,
      fix: "Split the API into several files.",
      offset: 0,
    };
    return { ok: false, findings: [asFinding(problem, file, new LineIndex(text))] };
  }
  const lines = new LineIndex(text);
  const verdict = parseTree(file, text, options);
  if (!verdict.ok) return { ok: false, findings: verdict.problems.map((each) => asFinding(each, file, lines)) };
  return { ok: true, document: positioned(file, verdict.value, verdict.tree, lines) };
}

function parseTree(file: string, text: string, options: YamlOptions): TreeVerdict {
  const isNamedJson = file.toLowerCase().endsWith(".json");
  const first = /[^\s\uFEFF]/.exec(text)?.[0];
  if (!isNamedJson && first !== "{" && first !== "[") return parseYamlTree(text, options);
  const asJson = parseJsonTree(text);
  // A YAML file may be one flow mapping with comments or bare keys; what is wrong in both languages is told as JSON.
  if (asJson.ok || isNamedJson || !asJson.isSyntax) return asJson;
  const asYaml = parseYamlTree(text, options);
  return asYaml.ok ? asYaml : asJson;
}

function positioned(file: string, value: unknown, tree: PositionTree, lines: LineIndex): SourceDocument {
  return {
    file,
    value,
    positionOf: (path) => ({ file, ...lines.at(tree.offsetOf(path, "value")) }),
    keyPositionOf: (path) => ({ file, ...lines.at(tree.offsetOf(path, "key")) }),
  };
}

function asFinding(problem: TreeProblem, file: string, lines: LineIndex): Finding {
  return {
    rule: problem.rule,
    severity: "error",
    effect: "load",
    message: problem.message,
    fix: problem.fix,
    at: { file, ...lines.at(problem.offset) },
  };
}
