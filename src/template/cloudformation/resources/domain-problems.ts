import type { Finding } from "../../../model/finding.ts";
import type { Report } from "../../report.ts";
import type { SourceNode } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";

/** Collects what keeps one custom domain from being served. */
export class DomainProblems {
  readonly findings: Finding[] = [];
  readonly #resource: StackResource;
  readonly #report: Report;

  constructor(resource: StackResource, report: Report) {
    this.#resource = resource;
    this.#report = report;
  }

  /** The domain answers 501 unless the project accepts the finding. */
  acceptable(
    rule: string,
    node: SourceNode | undefined,
    message: string,
    fix: string,
    severity: Finding["severity"] = "error",
  ): Finding {
    return this.#add({ ...this.#problem(rule, node, message, fix), severity, logicalId: this.#resource.logicalId });
  }

  /** The domain answers 501, accepted or not: what it would serve is not known. */
  final(rule: string, node: SourceNode | undefined, message: string, fix: string): void {
    this.#add({ ...this.#problem(rule, node, message, fix), severity: "error" });
  }

  #problem(rule: string, node: SourceNode | undefined, message: string, fix: string) {
    return { rule, effect: "domain", message, fix, at: node?.at() ?? this.#resource.at } as const;
  }

  #add(finding: Finding): Finding {
    this.findings.push(finding);
    this.#report.findings.push(finding);
    return finding;
  }
}
