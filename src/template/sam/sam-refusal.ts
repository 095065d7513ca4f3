import type { SourcePosition } from "../../model/finding.ts";

/** Stops the expansion of one resource: what is wrong with it, in SAM's words where SAM has some, and where. */
export class SamRefusal extends Error {
  override readonly name = "SamRefusal";
  readonly at: SourcePosition;
  readonly rule: string;
  readonly fix: string;

  constructor(at: SourcePosition, rule: string, message: string, fix: string) {
    super(message);
    this.at = at;
    this.rule = rule;
    this.fix = fix;
  }
}
