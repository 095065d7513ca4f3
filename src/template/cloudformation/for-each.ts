import { type SourceNode, show } from "../source-node.ts";
import type { Scope } from "./resolve-template.ts";

/** Members that one Fn::ForEach may make; AWS bounds the whole template (D: 1 MB). */
export const MAX_FOR_EACH_MEMBERS = 1_000;
/** Members that all loops of a template may make together: loops inside loops multiply. */
export const MAX_LOOP_MEMBERS = 100_000;

/** A member that a loop made: its key, what is under it, and the scope with the loop's variables. */
export interface LoopMember {
  readonly key: string;
  readonly node: SourceNode;
  readonly scope: Scope;
}

/**
 * `Fn::ForEach::Name: [variable, [values], {"Key${variable}": …}]` (D). Inner loops are expanded, too.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
 */
export function expandForEach(loop: SourceNode, scope: Scope): readonly LoopMember[] {
  const [variable, collection, body, ...more] = loop.items();
  if (typeof variable?.value !== "string" || collection === undefined || !body?.isMapping || more.length > 0) {
    const message = `${loop.name} is ${show(loop.value)}, wanted [variable, [values], {key: value}].`;
    scope.report.stopLoad({ rule: "for-each-invalid", at: loop.at(), message, fix: "Correct the loop." });
    return [];
  }
  const resolved = scope.resolve(collection);
  const values = Array.isArray(resolved) ? resolved : undefined;
  if (!values?.every((value) => typeof value === "string" || typeof value === "number")) {
    const message = `${loop.name} runs over ${show(resolved)}, wanted a list of text.`;
    scope.report.stopLoad({ rule: "for-each-invalid", at: collection.at(), message, fix: "Give it a list." });
    return [];
  }
  const members: LoopMember[] = [];
  for (const value of values) {
    const text = String(value);
    const inner = scope.with(new Map([...scope.variables, [variable.value, text]]));
    for (const node of body.entries()) {
      if (++scope.made.members > MAX_LOOP_MEMBERS) {
        if (scope.made.members > MAX_LOOP_MEMBERS + 1) return [];
        const message = `The loops of the template make more than ${MAX_LOOP_MEMBERS} members.`;
        scope.report.stopLoad({ rule: "for-each-invalid", at: loop.at(), message, fix: "Use shorter lists." });
        return [];
      }
      if (node.name.startsWith("Fn::ForEach::")) members.push(...expandForEach(node, inner));
      else members.push({ key: filled(node.name, inner), node, scope: inner });
      if (members.length > MAX_FOR_EACH_MEMBERS) {
        const message = `${loop.name} makes more than ${MAX_FOR_EACH_MEMBERS} members.`;
        scope.report.stopLoad({ rule: "for-each-invalid", at: loop.at(), message, fix: "Use a shorter list." });
        return [];
      }
    }
  }
  return members;
}

/** `${Variable}` as it is, `&{Variable}` without what no logical id may hold (D). */
function filled(key: string, { variables }: Scope): string {
  return key.replace(/([$&])\{(\w+)\}/g, (whole, sign: string, name: string) => {
    const value = variables.get(name);
    if (value === undefined) return whole;
    return sign === "$" ? value : value.replace(/[^A-Za-z0-9]/g, "");
  });
}
