import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { formatFinding } from "../model/finding.ts";
import { compileProject } from "../server/compile-project.ts";
import { type AccountPlace, type LoadedProject, loadProject, type ProjectLocation } from "../server/load-project.ts";
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
    const project = loadOnly(
      {
        files: files.map((file) => resolve(io.cwd, file)),
        cwd: io.cwd,
        ...(config !== undefined && { config: resolve(io.cwd, config) }),
      },
      place,
    );
    const known = new Set(project.functions.map((each) => each.arn));
    const { findings } = compileProject(project, (arn) => known.has(arn), place);
    if (args.boolean("json")) io.out(`${JSON.stringify({ findings }, null, 2)}\n`);
    else for (const finding of findings) io.out(`${formatFinding(finding)}\n`);
    return findings.some((finding) => finding.severity === "error") ? 1 : 0;
  },
};

/** Loads a project without leaving anything on the disk. */
function loadOnly(location: ProjectLocation, place: AccountPlace): LoadedProject {
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-check-"));
  try {
    return loadProject(location, place, { issuerUrl: "http://localhost:4567/", dataDir });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
