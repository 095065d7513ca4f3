import { isMapping } from "../../source-node.ts";
import { branchesOf, isIntrinsic, isIntrinsicIf, isNoValue, isTruthy } from "../intrinsic.ts";
import { invalidTemplate } from "../parameters.ts";
import type { SamResource } from "../sam-resource.ts";

/** What one entry of Policies is. */
type PolicyKind = "managed" | "document" | "template" | "unknown";

/** Policies as a list: one policy may stand alone. */
export function policiesOf(value: unknown): readonly unknown[] {
  if (!isTruthy(value)) return [];
  return Array.isArray(value) ? value : [value];
}

/** Both branches of an `Fn::If` must be of one kind, or one of them `AWS::NoValue`. */
export function kindOfPolicy(
  policy: unknown,
  resource: SamResource,
  where: readonly [object, string | number],
  isTemplate: (policy: unknown) => boolean = () => false,
): PolicyKind {
  if (typeof policy === "string") return "managed";
  if (isIntrinsicIf(policy)) {
    const branches = branchesOf(policy);
    const at = resource.sam.at(where[0], where[1], resource.at);
    if (branches === undefined) {
      throw invalidTemplate(at, "Fn::If requires 3 arguments", "Give the condition, then two policies.");
    }
    const [one, other] = branches.slice(1).map((branch) => kindOfPolicy(branch, resource, where, isTemplate));
    if (one === other || isNoValue(branches[2])) return one ?? "unknown";
    if (isNoValue(branches[1])) return other ?? "unknown";
    throw invalidTemplate(
      at,
      "Different policy types within the same Fn::If statement is unsupported. Separate different policy types into different Fn::If statements",
      "Write one Fn::If per kind of policy, with AWS::NoValue as the other branch.",
    );
  }
  if (isIntrinsic(policy)) return "managed";
  if (isMapping(policy) && Object.hasOwn(policy, "Statement")) return "document";
  return isTemplate(policy) ? "template" : "unknown";
}
