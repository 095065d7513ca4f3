import { hash } from "node:crypto";
import type { ExecuteApi } from "../execute-api/execute-api.ts";
import { compile } from "../execute-api/rest-api/compile.ts";
import type { LambdaInvoker } from "../lambda/invoke.ts";
import type { Finding } from "../model/finding.ts";
import type { AccountPlace, LoadedProject } from "./load-project.ts";

/**
 * Compiles every API of a project and points its stage at the new deployment; APIs that are gone, or that may no longer
 * be served, go out of service. Answers all findings, the loader's and the compiler's.
 */
export function deployProject(
  project: LoadedProject,
  executeApi: ExecuteApi,
  functions: LambdaInvoker,
  place: AccountPlace,
): readonly Finding[] {
  const findings = [...project.findings];
  const accepted = new Set(project.accept.map(({ rule, logicalId }) => `${rule}@${logicalId}`));
  const accepts = (finding: Finding): boolean => accepted.has(`${finding.rule}@${finding.logicalId}`);
  const served = new Set<string>();
  for (const { api, stage, file } of project.apis) {
    const compiled = compile(api, stage, {
      ...place,
      deploymentId: hash("sha256", JSON.stringify([api, stage]), "hex").slice(0, 6),
      hasFunction: (arn) => functions.has(arn),
      accepts,
    });
    findings.push(...compiled.findings.filter((finding) => !findings.some((known) => isSame(known, finding))));
    const refusing = project.findings.find(
      (finding) => finding.effect === "api" && finding.at.file === file && !accepts(finding),
    );
    if (compiled.deployment === undefined || refusing !== undefined) continue;
    const before = [...executeApi.deployments()].filter((deployment) => deployment.apiId === api.apiId);
    if (before.some((deployment) => deployment.stageName !== stage.stageName)) executeApi.remove(api.apiId);
    executeApi.deploy(compiled.deployment);
    served.add(api.apiId);
  }
  for (const deployment of [...executeApi.deployments()]) {
    if (!served.has(deployment.apiId)) executeApi.remove(deployment.apiId);
  }
  return findings;
}

function isSame(one: Finding, other: Finding): boolean {
  return (
    one.rule === other.rule &&
    one.at.file === other.at.file &&
    one.at.line === other.at.line &&
    one.at.column === other.at.column
  );
}
