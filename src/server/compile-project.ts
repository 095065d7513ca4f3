import { hash } from "node:crypto";
import { compile } from "../execute-api/rest-api/compile.ts";
import type { RestDeployment } from "../execute-api/rest-api/deployment.ts";
import type { Finding, SourcePosition } from "../model/finding.ts";
import type { AccountPlace, LoadedProject } from "./load-project.ts";

/** What a project comes to: the deployments that may be served, and all findings, the loader's and the compiler's. */
export interface CompiledProject {
  readonly deployments: readonly RestDeployment[];
  readonly findings: readonly Finding[];
}

/**
 * Compiles every API of a project at its stage. Where something decides access and is not understood, there is no
 * deployment, unless the project accepts each such finding by rule and logical id.
 */
export function compileProject(
  project: LoadedProject,
  hasFunction: (functionArn: string) => boolean,
  place: AccountPlace,
): CompiledProject {
  const findings = [...project.findings];
  const accepted = new Set(project.accept.map(({ rule, logicalId }) => `${rule}@${logicalId}`));
  const accepts = (finding: Finding): boolean =>
    finding.logicalId !== undefined && accepted.has(`${finding.rule}@${finding.logicalId}`);
  const deployments = project.apis.flatMap(({ api, stage, file }) => {
    const deploymentId = hash("sha256", JSON.stringify([api, stage]), "hex").slice(0, 6);
    const compiled = compile(api, stage, { ...place, deploymentId, hasFunction, accepts });
    findings.push(...compiled.findings.filter((finding) => !findings.some((known) => isSame(known, finding))));
    const isRefused = project.findings.some(
      (finding) => finding.effect === "api" && finding.at.file === file && !accepts(finding),
    );
    return compiled.deployment === undefined || isRefused ? [] : [compiled.deployment];
  });
  for (const { rule, logicalId, at } of project.accept) {
    const isNeeded = findings.some(
      (finding) => finding.effect === "api" && finding.rule === rule && finding.logicalId === logicalId,
    );
    if (!isNeeded) findings.push(uselessAcceptance(`${rule}@${logicalId}`, at));
  }
  return { deployments, findings };
}

function uselessAcceptance(accepted: string, at: SourcePosition): Finding {
  return {
    rule: "accept-without-effect",
    severity: "warning",
    effect: "none",
    message: `accept names ${accepted}, and no such finding keeps an API from being served.`,
    fix: "Remove it: should that finding ever come, it would open the API unseen.",
    at,
  };
}

function isSame(one: Finding, other: Finding): boolean {
  return (
    one.rule === other.rule &&
    one.message === other.message &&
    one.logicalId === other.logicalId &&
    one.at.file === other.at.file &&
    one.at.line === other.at.line &&
    one.at.column === other.at.column
  );
}
