import { join, resolve } from "node:path";
import { openStateFolder, type StateFolder } from "../../issuer/state-folder.ts";
import { DEFAULT_PROJECT, type FileTenantStore, openTenantStore } from "../../issuer/tenant/open-tenant-store.ts";
import { formatTenantFinding } from "../../issuer/tenant/tenant-finding.ts";
import { findKeptIssuer } from "../../server/issuer/kept-issuer.ts";
import { findTenantFile } from "../../server/issuer/state.ts";
import { findProject } from "../../server/project/load-project.ts";
import { readReadyFile } from "../../server/ready-file.ts";
import { SERVER_DEFAULTS } from "../../server/server-options.ts";
import type { VerbCall } from "./verb.ts";

/** The tenant of the project that the command is called in. */
export interface ProjectTenant {
  readonly store: FileTenantStore;
  readonly folder: StateFolder;
  /** Of the issuer that runs, ran last, or would run, with its trailing slash. */
  readonly issuerUrl: string;
  /** Of both its listeners. */
  readonly issuerUrls: readonly string[];
}

/** @throws TenantFileError, StateFolderError */
export async function openProjectTenant({ args, io }: VerbCall): Promise<ProjectTenant> {
  const folder = openProjectState({ args, io });
  const dataDir = dataDirOf({ args, io });
  const issuerUrls = issuerUrlsOf(dataDir);
  const store = await openTenantStore({
    file: tenantFileOf({ args, io }),
    folder,
    project: DEFAULT_PROJECT,
    issuerUrls,
    onTrouble: (findings) => {
      for (const finding of findings) io.err(`${formatTenantFinding(finding)}\n`);
    },
  });
  return { store, folder, issuerUrl: issuerUrls[0]!, issuerUrls };
}

export function openProjectState(call: Pick<VerbCall, "args" | "io">): StateFolder {
  return openStateFolder(dataDirOf(call));
}

export function dataDirOf({ args, io }: Pick<VerbCall, "args" | "io">): string {
  return resolve(io.cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir);
}

/** The tenant's file: the one that is named, that of the server that runs, else the project's. */
export function tenantFileOf(call: Pick<VerbCall, "args" | "io">): string {
  const { args, io } = call;
  const dataDir = dataDirOf(call);
  const named = args.string("tenant");
  if (named !== undefined) return resolve(io.cwd, named);
  const running = readReadyFile(join(dataDir, "ready.json")) && findKeptIssuer(dataDir).tenantFile;
  return running ?? findTenantFile(findProject({ files: [], cwd: io.cwd }, []).project.tenant, io.cwd, dataDir);
}

/** Of the issuer that runs, ran last, or would run: the canonical one first. */
export function issuerUrlsOf(dataDir: string): readonly string[] {
  const { issuerUrls } = findKeptIssuer(dataDir);
  if (issuerUrls !== undefined) return issuerUrls;
  const { issuerPort } = SERVER_DEFAULTS;
  return [`http://localhost:${issuerPort}/`, `https://localhost:${issuerPort + 1}/`];
}
