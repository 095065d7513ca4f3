/** A place in a file the user wrote; lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What a finding does to what is served (fail closed):
 * - `none`: served as it is, the finding informs;
 * - `route`: the one route answers 501;
 * - `api`: the whole API is not served, unless `accept: [RULE@LogicalId]` names it;
 * - `domain`: the custom domain answers 501, unless `accept` names it; its APIs are served at their other addresses;
 * - `load`: the file cannot be read, nothing starts.
 */
export type FindingEffect = "none" | "route" | "api" | "domain" | "load";

/** Something in the user's files that needs attention: the thing, the value found, the value wanted, the next move. */
export interface Finding {
  /** Stable kebab-case rule id, never reused, e.g. `integration-type-unsupported`. */
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  readonly effect: FindingEffect;
  /** What is wrong, in one sentence that names the value found and the value wanted. */
  readonly message: string;
  /** The next move, as an instruction. */
  readonly fix: string;
  readonly at: SourcePosition;
  /** The name `accept: [RULE@LogicalId]` refers to: a logical id, an authorizer name, or the API's id. */
  readonly logicalId?: string;
  /** For `effect: "route"`: the route concerned, e.g. `GET /pets`. */
  readonly route?: string;
}

/** `file:line:column: severity rule: message (fix)`, the one form every command prints. */
export function formatFinding(finding: Finding): string {
  const { at } = finding;
  return `${at.file}:${at.line}:${at.column}: ${finding.severity} ${finding.rule}: ${finding.message} ${finding.fix}`;
}
