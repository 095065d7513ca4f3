import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProject } from "../../src/server/project/compile-project.ts";
import { type AccountPlace, loadProject } from "../../src/server/project/load-project.ts";
import { refuseUnknown } from "./refuse-unknown.ts";

/** What `then` of a template is compared with. */
interface TemplateAnswer {
  /** Whether AWS's control plane would have taken it: no finding of ours is an error. */
  readonly accepted: boolean;
  /** All findings, one a line. */
  readonly findings: string;
  /** Route keys that are served, sorted; those that answer 501 are not. */
  readonly routes: readonly string[];
}

/**
 * `when: {template}` of an `http-api` vector: what AWS's control plane says of an OpenAPI document or a CloudFormation
 * template. Functions are taken to have code.
 */
export function askTemplate(when: Readonly<Record<string, unknown>>, place: AccountPlace): TemplateAnswer {
  refuseUnknown("when", when, { template: true });
  const { template } = when;
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-conformance-template-"));
  try {
    const file = join(folder, "api.json");
    writeFileSync(file, JSON.stringify(template, undefined, 2));
    const options = { issuerUrl: undefined, dataDir: folder };
    const project = loadProject({ files: [file], cwd: folder }, place, options);
    const { deployments, findings } = compileProject(project, () => true, place);
    const routes = deployments.flatMap((each) => (each.type === "HTTP" ? each.routes.routes : []));
    return {
      accepted: !findings.some(({ severity }) => severity === "error"),
      findings: findings.map(({ message }) => message).join("\n"),
      routes: routes
        .filter(({ notServed }) => notServed === undefined)
        .map(({ routeKey }) => routeKey)
        .sort(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
