import type { Finding } from "../../model/finding.ts";
import type { StackPlace } from "../cloudformation/stack.ts";
import type { SourceDocument } from "../document.ts";
import { Report } from "../report.ts";
import type { SourceNode } from "../source-node.ts";

export interface ExpandSamOptions {
  readonly parameters: Readonly<Record<string, string>>;
  readonly place: StackPlace;
  readonly baseFolder: string;
}

/** SAM templates are not expanded yet: nothing of one is served. */
export function expandSam(
  template: SourceNode,
  _options: ExpandSamOptions,
): { readonly document: SourceDocument; readonly findings: readonly Finding[] } {
  const report = new Report();
  report.stopLoad({
    rule: "sam-unsupported",
    at: (template.get("Transform") ?? template).at(),
    message: "This is a SAM template, which is not read yet.",
    fix: "Deploy it once and load the processed template: aws cloudformation get-template --template-stage Processed.",
  });
  return { document: template.document, findings: report.findings };
}
