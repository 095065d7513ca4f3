import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { compile } from "../execute-api/rest-api/compile.ts";
import { formatFinding } from "../model/finding.ts";
import { loadProject } from "../server/load-project.ts";
import { partitionOf, SERVER_DEFAULTS } from "../server/server-options.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";

export const template: Command = {
  usage: "template check FILE…",
  summary: "Lists what is wrong, not served or dangerous in your files, without starting anything.",
  details: "Exits 1 when there is an error among the findings.",
  flags: {
    config: {
      type: "string",
      value: "FILE",
      env: true,
      help: "project file (gatewarden.yaml beside the first file or here)",
    },
    region: { type: "string", value: "REGION", env: true, help: `AWS region in ARNs (${SERVER_DEFAULTS.region})` },
    "account-id": {
      type: "string",
      value: "ID",
      env: true,
      help: `AWS account in ARNs (${SERVER_DEFAULTS.accountId})`,
    },
    json: { type: "boolean", help: "the findings as JSON" },
  },
  async run(args, io) {
    const [verb, ...files] = args.positionals;
    if (verb !== "check")
      throw new UsageError(`unknown verb ${JSON.stringify(verb ?? "")}, wanted: gatewarden template check FILE…`);
    if (files.length === 0) throw new UsageError("no file named: gatewarden template check FILE…");
    const region = args.string("region") ?? SERVER_DEFAULTS.region;
    const place = {
      region,
      accountId: args.string("account-id") ?? SERVER_DEFAULTS.accountId,
      partition: partitionOf(region),
    };
    const config = args.string("config");
    const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-check-"));
    const project = loadProject(
      {
        files: files.map((file) => resolve(io.cwd, file)),
        cwd: io.cwd,
        ...(config !== undefined && { config: resolve(io.cwd, config) }),
      },
      place,
      { issuerUrl: "http://localhost:4567/", dataDir },
    );
    rmSync(dataDir, { recursive: true, force: true });
    const known = new Set(project.functions.map((each) => each.arn));
    const findings = [...project.findings];
    for (const { api, stage } of project.apis) {
      const compiled = compile(api, stage, {
        ...place,
        deploymentId: "check",
        hasFunction: (arn) => known.has(arn),
        accepts: () => false,
      });
      for (const finding of compiled.findings) if (!findings.includes(finding)) findings.push(finding);
    }
    if (args.boolean("json")) io.out(`${JSON.stringify({ findings }, null, 2)}\n`);
    else for (const finding of findings) io.out(`${formatFinding(finding)}\n`);
    return findings.some((finding) => finding.severity === "error") ? 1 : 0;
  },
};
