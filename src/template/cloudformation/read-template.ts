import { type DocumentVerdict, readDocument } from "../document.ts";
import { SourceNode } from "../source-node.ts";
import { isCloudFormation } from "./is-cloudformation.ts";

/**
 * Reads a file of the project, whatever it describes. CloudFormation's short forms (`!Sub`) become their long ones
 * (`{"Fn::Sub": …}`) in a CloudFormation template, and are refused in any other file.
 */
export function readTemplate(file: string, text: string): DocumentVerdict {
  const read = readDocument(file, text, { shortForms: true });
  const mayHaveShortForms = /(?:^|[\s[{:,-])!\w/m.test(text);
  if (!read.ok || !mayHaveShortForms || isCloudFormation(SourceNode.root(read.document))) return read;
  return readDocument(file, text);
}
