import { existsSync } from "node:fs";
import { join } from "node:path";
import { type KeyRing, openKeyRing } from "../../issuer/keys/keys.ts";
import { openStateFolder, type StateFolder, StateFolderError } from "../../issuer/state-folder.ts";
import { DEFAULT_PROJECT, type FileTenantStore, openTenantStore } from "../../issuer/tenant/open-tenant-store.ts";
import { formatTenantFinding, TenantFileError } from "../../issuer/tenant/tenant-finding.ts";
import type { ApiDeclaration } from "../../issuer/tenant/tenant-store.ts";
import { type LocalCa, openLocalCa } from "../../issuer/tls/local-ca.ts";
import type { Documents } from "../../store/documents.ts";
import { openSqliteDocuments } from "../../store/sqlite-documents.ts";
import { StartError } from "../start-error.ts";

/** What the issuer keeps in the data folder. */
export interface IssuerFolder {
  readonly folder: StateFolder;
  readonly keys: KeyRing;
  readonly ca: LocalCa;
}

/**
 * @param onKeysChange told of what another process did to the keys
 * @throws StartError when the folder cannot be used, or others can read what is secret in it
 */
export async function openIssuerFolder(
  dataDir: string,
  onKeysChange: (message: string) => void = () => {},
): Promise<IssuerFolder> {
  try {
    const folder = openStateFolder(dataDir);
    // The first start waits for a key of another thread, and makes what TLS needs meanwhile.
    const [keys, ca] = await Promise.all([openKeyRing(folder, { onChange: onKeysChange }), openLocalCa(folder)]);
    return { folder, keys, ca };
  } catch (error) {
    if (error instanceof StateFolderError) throw new StartError(error.message);
    throw error;
  }
}

/** The tenant's file: the one that is named, `tenant.yaml` in the working folder, else one in the data folder. */
export function findTenantFile(named: string | undefined, cwd: string, dataDir: string): string {
  if (named !== undefined) return named;
  const here = join(cwd, "tenant.yaml");
  return existsSync(here) ? here : join(dataDir, "issuer", "tenant.yaml");
}

/** @throws StartError when the file says something that cannot be */
export async function openTenant(options: {
  readonly file: string;
  readonly folder: StateFolder;
  readonly issuerUrls: readonly string[];
  /** Default: what the project's files implied when a server ran last. */
  readonly declared?: readonly ApiDeclaration[];
  readonly onChange?: (message: string) => void;
  readonly onTrouble?: (message: string) => void;
}): Promise<FileTenantStore> {
  const { onTrouble = () => {}, ...rest } = options;
  try {
    return await openTenantStore({
      ...rest,
      project: DEFAULT_PROJECT,
      onTrouble: (findings) => {
        for (const finding of findings) onTrouble(formatTenantFinding(finding));
      },
    });
  } catch (error) {
    if (error instanceof StateFolderError) throw new StartError(error.message);
    if (error instanceof TenantFileError) throw new StartError(error.findings.map(formatTenantFinding).join("\n"), 2);
    throw error;
  }
}

/** Logins and refresh tokens, in one file that is opened at the first of them: a start does not wait for it. */
export function lazyDocuments(folder: StateFolder): {
  readonly open: () => Documents;
  readonly close: () => Promise<void>;
} {
  let documents: Documents | undefined;
  return {
    open: () => {
      documents ??= openSqliteDocuments(join(folder.path, "logins.sqlite"));
      return documents;
    },
    close: async () => documents?.close(),
  };
}
