/** Something in the tenant's file that needs attention: the thing, the value found, the value wanted, the next move. */
export interface TenantFinding {
  /** Stable, kebab-case. */
  readonly rule: TenantRule;
  readonly severity: "error" | "warning";
  /** `load`: nothing of the file is taken over. `none`: all but the entry, or the part of it, that is named. */
  readonly effect: "load" | "none";
  readonly message: string;
  /** The next move, as an instruction. */
  readonly fix: string;
  readonly at: TenantPosition;
}

export type TenantRule =
  | "tenant-unreadable"
  | "tenant-yaml-syntax"
  | "tenant-yaml-unsupported"
  | "tenant-key-unknown"
  | "tenant-value-invalid"
  | "tenant-value-missing"
  | "tenant-secret-in-file"
  | "tenant-duplicate"
  | "tenant-too-large"
  | "tenant-reference-unknown"
  | "tenant-scope-missing"
  | "tenant-grant-type-unusable";

/** Line and column count from 1. */
export interface TenantPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The tenant's file cannot be taken over. */
export class TenantFileError extends Error {
  readonly findings: readonly TenantFinding[];

  constructor(findings: readonly TenantFinding[]) {
    super(findings.map(formatTenantFinding).join("\n"));
    this.name = "TenantFileError";
    this.findings = findings;
  }
}

export function formatTenantFinding({ at, severity, rule, message, fix }: TenantFinding): string {
  return `${at.file}:${at.line}:${at.column}: ${severity} ${rule}: ${message} ${fix}`;
}
