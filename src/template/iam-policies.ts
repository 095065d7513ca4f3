import { DENY_EVERYTHING, mayDeny } from "../aws/iam/compile-identity.ts";
import { formatPolicyProblem, parsePolicy } from "../aws/policy/parse-policy.ts";
import { managedPolicyDocument } from "./cloudformation/resources/managed-policies.ts";
import type { Report } from "./report.ts";
import { isMapping, type SourceNode } from "./source-node.ts";

/** What a list of policies comes to. */
export interface AttachedPolicies {
  readonly documents: readonly unknown[];
  readonly unknownArns: readonly string[];
}

const POLICY_ARN = /^arn:[a-z-]+:iam::(?:aws|\d{12}):policy\/[!-~]+$/;

/**
 * The policies of iam.yaml, found by name or ARN. A document that is not understood becomes one that denies everything, and
 * a finding at the very place; so nobody who has it gains by the mistake.
 */
export class IamPolicies {
  readonly #report: Report;
  readonly #invalid: (node: SourceNode, wanted: string) => void;
  readonly #named = new Map<string, unknown>();

  constructor(report: Report, invalid: (node: SourceNode, wanted: string) => void) {
    this.#report = report;
    this.#invalid = invalid;
  }

  /** @param arns all names under which the policy may be attached */
  declare(arns: readonly string[], node: SourceNode): void {
    const document = this.#readDocument(node);
    for (const arn of arns) this.#named.set(arn, document);
  }

  /** Those that were declared, without the names that only this file uses. */
  byArn(): ReadonlyMap<string, unknown> {
    return new Map([...this.#named].filter(([name]) => name.startsWith("arn:")));
  }

  /** Each an inline document, a name of the file's `policies`, or an ARN. */
  readList(nodes: readonly SourceNode[]): AttachedPolicies {
    const documents: unknown[] = [];
    const unknownArns: string[] = [];
    for (const node of nodes) {
      const found = this.#find(node);
      if (found.document !== undefined) documents.push(found.document);
      if (found.unknownArn === undefined) continue;
      unknownArns.push(found.unknownArn);
      if (mayDeny(found.unknownArn)) continue; // Compiling its owner says more.
      this.#report.note("warning", {
        rule: "iam-policy-unknown",
        at: node.at(),
        message: `The text of ${found.unknownArn} is not known here: it allows nothing.`,
        fix: "Write what you need of it under policies, and attach that by its name.",
      });
    }
    return { documents, unknownArns };
  }

  /** A boundary whose text is not known bounds to nothing. */
  readBoundary(node: SourceNode): unknown {
    const { document, unknownArn } = this.#find(node);
    if (unknownArn === undefined) return document ?? DENY_EVERYTHING;
    this.#report.note("error", {
      rule: "iam-policy-unknown",
      at: node.at(),
      message: `The permissions boundary ${unknownArn} is not known here: ${node.parent?.name} may do nothing.`,
      fix: "Write it under policies, and name it there.",
    });
    return DENY_EVERYTHING;
  }

  #find(node: SourceNode): { readonly document?: unknown; readonly unknownArn?: string } {
    const { value } = node;
    if (node.isMapping) return { document: this.#readDocument(node) };
    if (typeof value === "string") {
      const document = this.#named.get(value) ?? managedPolicyDocument(value);
      if (document !== undefined) return { document };
      if (POLICY_ARN.test(value)) return { unknownArn: value };
    }
    const names = [...this.#named.keys()].filter((name) => !name.startsWith("arn:"));
    const listed = names.length === 0 ? "" : ` (${names.join(", ")})`;
    this.#invalid(node, `a policy document, a name under policies${listed}, or the ARN of a managed policy`);
    return {};
  }

  #readDocument(node: SourceNode): unknown {
    const parsed = parsePolicy(node.value, "identity");
    if (parsed.ok) return node.value;
    this.#report.note("error", {
      rule: "iam-policy-invalid",
      at: nodeAt(node, parsed.path).at(),
      message: `The policy is not understood (${formatPolicyProblem(parsed)}): whoever has it may do nothing.`,
      fix: "Correct the policy document.",
    });
    return DENY_EVERYTHING;
  }
}

/** The node that a path such as `Statement[1].Condition.Bool.aws:x` means, or the nearest above it. */
export function nodeAt(document: SourceNode, path: string): SourceNode {
  let node = document;
  let rest = path;
  while (rest !== "") {
    const [item, index] = /^\[(\d+)\]/.exec(rest) ?? [];
    // Condition keys may hold dots, so the longest key that fits is the one that is meant.
    const key =
      item !== undefined
        ? Number(index)
        : Object.keys(isMapping(node.value) ? node.value : {})
            .filter((each) => rest.startsWith(each) && /^(?:$|[.[])/.test(rest.slice(each.length)))
            .sort((one, other) => other.length - one.length)[0];
    const next = key === undefined ? undefined : node.get(key);
    if (next === undefined) return node;
    node = next;
    rest = rest.slice(item?.length ?? String(key).length).replace(/^\./, "");
  }
  return node;
}
