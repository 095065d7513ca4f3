import { expect, test } from "vitest";
import { readDocument } from "./document.ts";
import { nodeAt } from "./iam-policies.ts";
import { SourceNode } from "./source-node.ts";

test.each([
  ["", undefined],
  ["Statement[0].Effect", "Effect"],
  ["Statement[1].Condition.StringEquals.aws:PrincipalTag/a.b", "aws:PrincipalTag/a.b"],
  ["Statement[1].Condition.StringEquals.aws:PrincipalTag/a", "aws:PrincipalTag/a"],
  ["Statement[1].Condition.StringEquals.aws:PrincipalTag/a.b[1]", 1],
  ["Statement[0].Condition", 0],
  ["Statement[7].Effect", "Statement"],
])("the path %j of a policy problem leads to %j, or to the nearest above it", (path, key) => {
  const read = readDocument(
    "iam.yaml",
    `Statement:
  - { Effect: Allow }
  - { Condition: { StringEquals: { aws:PrincipalTag/a: { b: x }, aws:PrincipalTag/a.b: [x, y] } } }`,
  );
  if (!read.ok) throw new Error("not read");
  const root = SourceNode.root(read.document);
  expect(nodeAt(root, path).key).toBe(key ?? root.key);
});
