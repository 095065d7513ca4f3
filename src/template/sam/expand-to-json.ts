import type { Finding } from "../../model/finding.ts";
import { readTemplate } from "../cloudformation/read-template.ts";
import { SourceNode } from "../source-node.ts";
import { type ExpandSamOptions, expandSam } from "./expand-sam.ts";

export interface ExpandedJson {
  /** The expanded template, indented, keys in the file's order; undefined when it cannot be expanded. */
  readonly json: string | undefined;
  readonly findings: readonly Finding[];
}

/** A template's text as the CloudFormation template that SAM makes of it; what is no SAM template stays what it is. */
export function expandToJson(file: string, text: string, options: ExpandSamOptions): ExpandedJson {
  const read = readTemplate(file, text);
  if (!read.ok) return { json: undefined, findings: read.findings };
  const root = SourceNode.root(read.document);
  const { document, findings } = isSam(root) ? expandSam(root, options) : { document: read.document, findings: [] };
  const stops = findings.some(({ effect }) => effect === "load");
  return { json: stops ? undefined : `${JSON.stringify(document.value, null, 2)}\n`, findings };
}

function isSam(root: SourceNode): boolean {
  const transform = root.get("Transform");
  const given = transform?.isList ? transform.items() : transform ? [transform] : [];
  return given.some((node) => (node.get("Name") ?? node).value === "AWS::Serverless-2016-10-31");
}
