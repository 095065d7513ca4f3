import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Finding, formatFinding } from "../model/finding.ts";
import { compileProject } from "../server/project/compile-project.ts";
import { expandTemplate } from "../server/project/expand-template.ts";
import {
  type AccountPlace,
  type LoadedProject,
  loadProject,
  type ProjectLocation,
} from "../server/project/load-project.ts";
import { partitionOf, SERVER_DEFAULTS } from "../server/server-options.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";
import { readParameters } from "./serve-options.ts";

export const template: Command = {
  usage: "template check FILE… | template expand FILE",
  details:
    "check exits 1 when there is an error among the findings, or no API in the files. expand prints JSON, with findings on stderr, and exits 1 when the file cannot be expanded.",
  flags: {
    config: {
      type: "string",
      value: "FILE",
      env: true,
      help: "project file (gatewarden.yaml beside the first file or here)",
    },
    parameter: { type: "string", value: "K=V", multiple: true, help: "parameter of CloudFormation and SAM templates" },
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
    if (verb === "check") return check(files, args, io);
    if (verb === "expand") return expand(files, args, io);
    const wanted = "gatewarden template check FILE… or gatewarden template expand FILE";
    throw new UsageError(
      `${verb === undefined ? "no verb" : `unknown verb ${JSON.stringify(verb)}`}, wanted: ${wanted}`,
    );
  },
};

function check(files: readonly string[], args: Arguments, io: CommandIo): number {
  if (files.length === 0) throw new UsageError("no file named: gatewarden template check FILE…");
  const place = placeOf(args);
  const location = { ...locationOf(args, io), files: files.map((file) => resolve(io.cwd, file)) };
  const project = loadOnly(location, place, readParameters(args));
  const known = new Set(project.functions.map((each) => each.arn));
  const { findings } = compileProject(project, (arn) => known.has(arn), place);
  say(findings, args, io.out);
  const apis = project.apis.length;
  if (!args.boolean("json") && apis === 0) io.out("No API is in these files: nothing of them would be served.\n");
  else if (!args.boolean("json") && findings.length === 0) io.out(`no findings, ${apis} API${apis === 1 ? "" : "s"}\n`);
  // A check that found nothing to look at is none.
  return hasError(findings) || apis === 0 ? 1 : 0;
}

function expand(files: readonly string[], args: Arguments, io: CommandIo): number {
  const [file, ...more] = files;
  if (file === undefined || more.length > 0) throw new UsageError("name one file: gatewarden template expand FILE");
  const expanded = expandTemplate(resolve(io.cwd, file), locationOf(args, io), placeOf(args), readParameters(args));
  say(expanded.findings, args, io.err);
  if (expanded.json === undefined) return 1;
  io.out(expanded.json);
  return 0;
}

function placeOf(args: Arguments): AccountPlace {
  const region = args.string("region") ?? SERVER_DEFAULTS.region;
  return { region, accountId: args.string("account-id") ?? SERVER_DEFAULTS.accountId, partition: partitionOf(region) };
}

function locationOf(args: Arguments, { cwd }: CommandIo): Omit<ProjectLocation, "files"> {
  const config = args.string("config");
  return { cwd, ...(config !== undefined && { config: resolve(cwd, config) }) };
}

function say(findings: readonly Finding[], args: Arguments, write: (text: string) => void): void {
  if (args.boolean("json")) write(`${JSON.stringify({ findings }, null, 2)}\n`);
  else for (const finding of findings) write(`${formatFinding(finding)}\n`);
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

/** Loads a project without leaving anything on the disk. */
function loadOnly(
  location: ProjectLocation,
  place: AccountPlace,
  parameters: Readonly<Record<string, string>>,
): LoadedProject {
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-check-"));
  try {
    return loadProject(location, place, { issuerUrl: "http://localhost:4567/", dataDir, parameters });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
