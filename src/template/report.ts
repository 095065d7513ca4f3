import type { Finding, SourcePosition } from "../model/finding.ts";
import { nearestName } from "./nearest-name.ts";
import type { SourceNode } from "./source-node.ts";

/** What every finding says, before it is known what it stops. */
export interface Problem {
  readonly rule: string;
  readonly at: SourcePosition;
  readonly message: string;
  readonly fix: string;
}

/** Collects the findings of one load. */
export class Report {
  readonly findings: Finding[] = [];

  /** The file cannot be used at all. */
  stopLoad(problem: Problem): void {
    this.#add({ severity: "error", effect: "load", ...problem });
  }

  /** The API is not served unless `accept: [RULE@logicalId]` names it. */
  refuseApi(problem: Problem, logicalId: string): Finding {
    return this.#add({ severity: "error", effect: "api", ...problem, logicalId });
  }

  note(severity: "error" | "warning" | "info", problem: Problem, logicalId?: string): void {
    this.#add({ severity, effect: "none", ...problem, ...(logicalId === undefined ? {} : { logicalId }) });
  }

  route(name: string): RouteReport {
    return new RouteReport(this, name);
  }

  refuseRoute(problem: Problem, route: string): Finding {
    return this.#add({ severity: "error", effect: "route", ...problem, route });
  }

  #add(finding: Finding): Finding {
    this.findings.push(finding);
    return finding;
  }
}

/** Collects what keeps one route from being served. */
export class RouteReport {
  readonly #report: Report;
  readonly route: string;
  /** The first refusal: what the route's 501 says. */
  notServed: Finding | undefined;

  constructor(report: Report, route: string) {
    this.#report = report;
    this.route = route;
  }

  refuse(problem: Problem): void {
    const finding = this.#report.refuseRoute(problem, this.route);
    this.notServed ??= finding;
  }

  /** Refuses for a reason that is already reported. */
  refuseWith(finding: Finding): void {
    this.notServed ??= finding;
  }

  note(severity: "warning" | "info", problem: Problem): void {
    this.#report.note(severity, problem);
  }
}

/** Calls `onUnknown` for every key of a mapping that is not known, with the advice to give. */
export function eachUnknownKey(
  node: SourceNode,
  known: ReadonlySet<string>,
  onUnknown: (child: SourceNode, advice: string) => void,
): void {
  for (const child of node.entries()) {
    if (known.has(child.name)) continue;
    const meant = nearestName(child.name, known);
    onUnknown(child, meant ? `Write "${meant}" if that is what is meant, else remove the key.` : "Remove the key.");
  }
}
