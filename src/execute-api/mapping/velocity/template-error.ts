/** Why a template was not rendered; `limit` is one of ours, the others are Velocity's. */
export type TemplateErrorReason = "limit" | "method" | "argument" | "override" | "internal";

/** A place in a template; both count from 1. */
export interface TemplatePosition {
  readonly line: number;
  readonly column: number;
}

/** The only thing that rendering a template throws. AWS answers 500 for it (?): "Unable to transform request". */
export class TemplateError extends Error {
  readonly reason: TemplateErrorReason;
  readonly line: number;
  readonly column: number;

  constructor(reason: TemplateErrorReason, message: string, at: TemplatePosition, cause?: unknown) {
    super(`${message} (line ${at.line}, column ${at.column})`, cause === undefined ? undefined : { cause });
    this.name = "TemplateError";
    this.reason = reason;
    this.line = at.line;
    this.column = at.column;
  }
}
