import { dirname, resolve } from "node:path";
import { readDocument } from "../document.ts";
import { SourceNode, show } from "../source-node.ts";
import type { Scope } from "./resolve-template.ts";

/** Includes that one template may make: a file that includes itself twice would double the work at every step. */
export const MAX_INCLUDES = 200;

/** What an include puts beside the members where it stands. None, with a finding that stops the load, if there are none. */
export function includedMembers(node: SourceNode, scope: Scope): readonly SourceNode[] {
  const included = readInclude(node, scope);
  if (included === undefined || included.isMapping) return included?.entries() ?? [];
  const message = `The file ${included.document.file} holds ${show(included.value)}, wanted a mapping: it stands beside other keys.`;
  scope.report.stopLoad({ rule: "template-include-invalid", at: node.at(), message, fix: "Write its keys." });
  return [];
}

/**
 * `Fn::Transform: {Name: AWS::Include, Parameters: {Location: FILE}}` of a local file (D: from S3 on AWS). Undefined, with a
 * finding that stops the load, when it cannot be read: what it holds may decide access.
 */
export function readInclude(node: SourceNode, scope: Scope): SourceNode | undefined {
  const stop = (at: SourceNode, message: string, fix: string): undefined => {
    scope.report.stopLoad({ rule: "template-include-invalid", at: at.at(), message, fix });
    return undefined;
  };
  const name = node.get("Name");
  if (name?.value !== "AWS::Include") {
    return stop(name ?? node, `The macro ${show(name?.value)} can only be run by AWS.`, "Load the processed template.");
  }
  const location = node.get("Parameters")?.get("Location");
  const path = location && scope.resolve(location);
  if (typeof path !== "string") {
    return stop(location ?? node, `Location is ${show(path)}, wanted a file beside the template.`, "Name a file.");
  }
  if (/^(?:s3|https?):/.test(path)) {
    return stop(
      location ?? node,
      `Location is ${show(path)}, and nothing is fetched.`,
      "Download it and name the file.",
    );
  }
  if (++scope.made.includes > MAX_INCLUDES) {
    if (scope.made.includes > MAX_INCLUDES + 1) return undefined;
    return stop(node, `The template includes more than ${MAX_INCLUDES} files.`, "Does a file include itself?");
  }
  const file = resolve(dirname(scope.root.document.file), path);
  const text = scope.options.readFile(file);
  if (text === undefined) return stop(location ?? node, `There is no file ${file}.`, "Correct the location.");
  scope.files.add(file);
  const read = readDocument(file, text, { shortForms: true });
  if (read.ok) return SourceNode.root(read.document);
  scope.report.findings.push(...read.findings);
  return undefined;
}
