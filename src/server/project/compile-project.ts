import { hash } from "node:crypto";
import { compile as compileHttpApi } from "../../execute-api/http-api/compile.ts";
import type { HttpApiDeployment } from "../../execute-api/http-api/deployment.ts";
import { compile as compileRestApi } from "../../execute-api/rest-api/compile.ts";
import type { RestDeployment } from "../../execute-api/rest-api/deployment.ts";
import type { CustomDomain } from "../../model/custom-domain.ts";
import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { InvokeAccess } from "../../model/invoke-access.ts";
import { acrossStages } from "./across-stages.ts";
import type { AccountPlace, LoadedApi, LoadedDomain, LoadedProject } from "./load-project.ts";

/** What a project comes to: the deployments that may be served, and all findings, the loader's and the compiler's. */
export interface CompiledProject {
  readonly deployments: readonly (RestDeployment | HttpApiDeployment)[];
  readonly domains: readonly CustomDomain[];
  readonly findings: readonly Finding[];
}

/**
 * Compiles every API of a project at its stages. Where something decides access and is not understood, there is no
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
  const issuerOfUserPool = (arn: string): string | undefined => project.userPools.get(arn);
  // A refusal that no API of its file is named for stops them all.
  const attributed = new Set(project.apis.flatMap(({ refusals }) => refusals));
  const isRefused = ({ file, refusals }: LoadedApi): boolean =>
    refusals.some((finding) => !accepts(finding)) ||
    project.findings.some(
      (finding) =>
        finding.effect === "api" && finding.at.file === file && !attributed.has(finding) && !accepts(finding),
    );
  const deployments = project.apis.flatMap((loaded) => {
    const access = accessOf(loaded, project);
    const options = { ...place, hasFunction, accepts, issuerOfUserPool, ...(access && { access }) };
    const compiled = compileStages(loaded, options);
    for (const finding of compiled.findings) {
      if (!findings.some((known) => isSame(known, finding))) findings.push(finding);
    }
    return isRefused(loaded) ? [] : compiled.deployments;
  });
  const domains = project.domains.map((loaded) => closedUnlessAccepted(loaded, accepts));
  for (const { rule, logicalId, at } of project.accept) {
    const isNeeded = findings.some(
      (finding) =>
        (finding.effect === "api" || finding.effect === "domain") &&
        finding.rule === rule &&
        finding.logicalId === logicalId,
    );
    if (!isNeeded) findings.push(uselessAcceptance(`${rule}@${logicalId}`, at));
  }
  return { deployments, domains, findings };
}

/** A closed domain stays registered, so that no wildcard and no path form answers in its name. */
function closedUnlessAccepted(
  { domain, refusals }: LoadedDomain,
  accepts: (finding: Finding) => boolean,
): CustomDomain {
  const notServed = refusals.find((finding) => !accepts(finding));
  return notServed === undefined ? domain : { ...domain, notServed };
}

interface StageOptions extends AccountPlace {
  readonly hasFunction: (functionArn: string) => boolean;
  readonly accepts: (finding: Finding) => boolean;
  readonly issuerOfUserPool: (userPoolArn: string) => string | undefined;
  readonly access?: InvokeAccess;
}

/**
 * A function's permissions and an API's roles may stand in another file than the API: an account has them all. The
 * project's roles go first, since they know what other files attach to them; of those it leaves out, two files have one of
 * the same name, and an API means its own file's.
 */
function accessOf({ access }: LoadedApi, { roles, permissions }: LoadedProject): InvokeAccess | undefined {
  return access && { roles: [...roles, ...access.roles], permissions };
}

function compileStages(loaded: LoadedApi, options: StageOptions): Pick<CompiledProject, "deployments" | "findings"> {
  const compiled =
    loaded.type === "REST"
      ? loaded.stages.map((stage) => {
          const deploymentId = deploymentIdOf(loaded.api, stage);
          return compileRestApi(loaded.api, stage, { ...options, deploymentId });
        })
      : loaded.stages.map((stage) => {
          const deploymentId = deploymentIdOf(loaded.api, stage);
          return compileHttpApi(loaded.api, stage, { ...options, deploymentId });
        });
  return {
    deployments: compiled.flatMap(({ deployment }) => deployment ?? []),
    findings: acrossStages(
      loaded.api.apiId,
      compiled.map(({ findings }, at) => ({ stageName: loaded.stages[at]?.stageName ?? "", findings })),
    ),
  };
}

/** The same for the same content, so that a reload that changes nothing deploys nothing new. */
function deploymentIdOf(api: unknown, stage: unknown): string {
  return hash("sha256", JSON.stringify([api, stage]), "hex").slice(0, 6);
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
