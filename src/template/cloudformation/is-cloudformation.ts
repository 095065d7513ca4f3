import type { SourceNode } from "../source-node.ts";

/** Whether a document is a CloudFormation or SAM template: by its header, or by resources with types. */
export function isCloudFormation(root: SourceNode): boolean {
  if (root.get("AWSTemplateFormatVersion") || root.get("Transform")) return true;
  const resources = root.get("Resources")?.entries() ?? [];
  return resources.some((each) => /^[A-Za-z0-9]+::/.test(String(each.get("Type")?.value ?? "")));
}
