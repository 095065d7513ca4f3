import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { mergeDeclarations } from "../../issuer/tenant/derived-tenant.ts";
import type { FileTenantStore, ProposedEdit } from "../../issuer/tenant/open-tenant-store.ts";
import { readTenantFile } from "../../issuer/tenant/read-tenant-file.ts";
import { TenantFileError } from "../../issuer/tenant/tenant-finding.ts";
import type { ApiDeclaration } from "../../issuer/tenant/tenant-store.ts";
import { formatFinding } from "../../model/finding.ts";
import { audiencesOf } from "../../server/project/audiences.ts";
import { trustedIssuers } from "../../server/project/contact-issuers.ts";
import { type LoadedProject, loadProject } from "../../server/project/load-project.ts";
import { partitionOf, SERVER_DEFAULTS } from "../../server/server-options.ts";
import { UsageError } from "../arguments.ts";
import { readParameters } from "../serve-options.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import { unifiedDiff } from "./unified-diff.ts";
import type { Verb, VerbCall } from "./verb.ts";

export const importVerb: Verb = {
  usage: "import FILE… [--write]",
  summary:
    "proposes APIs with scopes from the JWT authorizers and authorizer functions of OpenAPI, SAM and CloudFormation files",
  flags: ["write", "config", "parameter"],
  positionals: [0, Number.POSITIVE_INFINITY],
  async run(call) {
    const { args, io } = call;
    if (call.positionals.length === 0 && args.string("config") === undefined) {
      throw new UsageError("no file named: gatewarden issuer import FILE…");
    }
    const { store, issuerUrl } = await openProjectTenant(call);
    const { project, foreign, wanted } = readFiles(call, issuerUrl);
    const errors = project.findings.filter(({ severity }) => severity === "error");
    for (const finding of errors) io.err(`${formatFinding(finding)}\n`);
    if (errors.some(({ effect }) => effect === "load")) return 1;
    const edits = editsFor(store, wanted);
    const { before, after } = store.propose(edits);
    if (args.boolean("write")) {
      for (const { section, id, entry } of edits) {
        if (id === undefined) await store.create(section, entry);
        else await store.patch(section, id, entry);
      }
    }
    if (args.boolean("json")) {
      const isWritten = args.boolean("write");
      io.out(`${JSON.stringify({ file: store.file, edits, issuers: foreign, written: isWritten }, null, 2)}\n`);
      return 0;
    }
    const file = relative(io.cwd, store.file) || store.file;
    if (wanted.length === 0)
      io.out("The files name no audience: they have no JWT authorizer and no function with AUDIENCE.\n");
    else if (edits.length === 0) io.out(`${file} has all the APIs and scopes that the files ask for.\n`);
    else {
      io.out(unifiedDiff(file, before, after));
      io.out(args.boolean("write") ? `\nWritten to ${file}.\n` : "\nNothing is written yet: --write does it.\n");
    }
    for (const issuer of foreign.filter((each) => !project.localIssuers.includes(each))) {
      io.out(`\nThe files trust ${issuer}. For this issuer to stand in for it, write into gatewarden.yaml:\n`);
      io.out(`issuers:\n  ${JSON.stringify(issuer)}: local\n`);
    }
    return 0;
  },
};

interface FilesRead {
  readonly project: LoadedProject;
  /** Whom the files trust besides this issuer. */
  readonly foreign: readonly string[];
  readonly wanted: readonly ApiDeclaration[];
}

/** Loads the files without leaving anything on the disk. */
function readFiles({ args, io, positionals }: VerbCall, issuerUrl: string): FilesRead {
  const { region, accountId } = SERVER_DEFAULTS;
  const config = args.string("config");
  const location = {
    files: positionals.map((file) => resolve(io.cwd, file)),
    cwd: io.cwd,
    ...(config !== undefined && { config: resolve(io.cwd, config) }),
  };
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-import-"));
  try {
    const place = { region, accountId, partition: partitionOf(region) };
    const project = loadProject(location, place, { issuerUrl, dataDir, parameters: readParameters(args) });
    const trusted = project.apis.flatMap((loaded) => trustedIssuers(loaded, project.userPools));
    const issuers = new Set(trusted.map(({ issuer }) => issuer));
    const foreign = [...issuers].filter((issuer) => issuer !== issuerUrl);
    // Whoever the files trust: this issuer is to stand in for it. Reads rules that are compiled into the folder.
    const wanted = audiencesOf({ ...project, localIssuers: [...project.localIssuers, ...foreign] }, [issuerUrl]);
    return { project, foreign, wanted: mergeDeclarations(wanted) };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** APIs that the tenant's file lacks, and scopes that its APIs lack. */
function editsFor({ file, current }: FileTenantStore, wanted: readonly ApiDeclaration[]): readonly ProposedEdit[] {
  const verdict = readTenantFile(existsSync(file) ? readFileSync(file, "utf8") : "", file);
  if (!verdict.ok) throw new TenantFileError(verdict.findings);
  const written = new Map(verdict.content.apis?.map((api) => [api.identifier, api]));
  return wanted.flatMap(({ identifier, scopes, name }): ProposedEdit[] => {
    const api = written.get(identifier);
    if (api === undefined)
      return [{ section: "apis", entry: { identifier, name, ...(scopes.length > 0 && { scopes }) } }];
    const has = api.scopes ?? [];
    const lacking = scopes.filter((scope) => !has.some(({ value }) => value === scope));
    const id = current().apis.find((each) => each.identifier === identifier)?.id;
    if (lacking.length === 0 || id === undefined) return [];
    const kept = has.map(({ value, description }) => (description === undefined ? value : { value, description }));
    return [{ section: "apis", id, entry: { scopes: [...kept, ...lacking] } }];
  });
}
