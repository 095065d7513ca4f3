import type { ExecuteApi } from "../../execute-api/execute-api.ts";
import type { LambdaInvoker } from "../../lambda/invoke.ts";
import type { Finding } from "../../model/finding.ts";
import { compileProject } from "./compile-project.ts";
import type { AccountPlace, LoadedProject } from "./load-project.ts";

/**
 * Points the stage of every API of a project at its new deployment; APIs and stages that are gone, or that may no longer
 * be served, go out of service, and its custom domains take the place of all others. Answers all findings, the loader's
 * and the compiler's.
 */
export function deployProject(
  project: LoadedProject,
  executeApi: ExecuteApi,
  functions: LambdaInvoker,
  place: AccountPlace,
): readonly Finding[] {
  const { deployments, domains, findings } = compileProject(project, (arn) => functions.has(arn), place);
  const served = new Set(deployments.map(({ apiId, stageName }) => `${apiId}/${stageName}`));
  for (const { apiId, stageName } of [...executeApi.deployments()]) {
    if (!served.has(`${apiId}/${stageName}`)) executeApi.removeStage(apiId, stageName);
  }
  for (const deployment of deployments) executeApi.deploy(deployment);
  executeApi.registerDomains(domains);
  return findings;
}
