import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, isScalar } from "yaml";
import { MAX_TENANT_FILE_BYTES, parseTenantYaml } from "./parse-tenant-yaml.ts";
import { TENANT_CONTENT, type TenantContent } from "./tenant-content.ts";
import type { TenantFinding, TenantPosition } from "./tenant-finding.ts";

export type TenantFileVerdict =
  | {
      readonly ok: true;
      readonly content: TenantContent;
      /** The same for edits. */
      readonly document: Document.Parsed;
    }
  | { readonly ok: false; readonly findings: readonly TenantFinding[] };

/**
 * Reads the text of a tenant's file. What it says of itself is checked here to the last value; what it names elsewhere
 * (an API of the project's files) is looked up when the tenant is resolved.
 *
 * @param file its absolute path: for findings, and for the key files that it names
 */
export function readTenantFile(text: string, file: string): TenantFileVerdict {
  const yaml = parseTenantYaml(text, file);
  if (!yaml.ok) return yaml;
  const { document, positionOf } = yaml;
  const findings: TenantFinding[] = [];
  const readFile = (path: string): string => readSmallFile(resolve(dirname(file), path));
  const root = document.contents;
  const isEmpty = root === null || (isScalar(root) && root.value === null);
  const content: TenantContent | undefined = isEmpty
    ? {}
    : TENANT_CONTENT.read({ path: "", node: root, source: { findings, positionOf, readFile } });
  if (content !== undefined) findDuplicates(content, findings);
  return content === undefined || findings.length > 0 ? { ok: false, findings } : { ok: true, content, document };
}

function readSmallFile(path: string): string {
  if (!statSync(path).isFile() || statSync(path).size > MAX_TENANT_FILE_BYTES) throw new Error("no small file");
  return readFileSync(path, "utf8");
}

/** What must be there once in a tenant. */
function findDuplicates(content: TenantContent, findings: TenantFinding[]): void {
  const check = <Value extends { readonly at: TenantPosition }>(
    section: string,
    key: string,
    entries: readonly Value[] | undefined,
    valueOf: (entry: Value) => string | undefined,
  ): void => {
    const seen = new Map<string, number>();
    for (const [index, entry] of (entries ?? []).entries()) {
      const value = valueOf(entry);
      if (value === undefined) continue;
      const first = seen.get(value);
      if (first === undefined) seen.set(value, index);
      else {
        const message = `${section}[${index}] has the ${key} ${JSON.stringify(value)}, which ${section}[${first}] has already.`;
        const fix = "Give one of them another, or remove it.";
        findings.push({ rule: "tenant-duplicate", severity: "error", effect: "load", message, fix, at: entry.at });
      }
    }
  };
  check("apis", "identifier", content.apis, (api) => api.identifier);
  // Two of one name are two, as on Auth0, where one at least has an id of its own.
  check("applications", "name", content.applications, ({ client_id, name }) => (client_id ? undefined : name));
  check("applications", "client_id", content.applications, (application) => application.client_id);
  check("roles", "name", content.roles, (role) => role.name);
  check("roles", "id", content.roles, (role) => role.id);
  check("users", "email", content.users, (user) => user.email?.toLowerCase());
  check("users", "username", content.users, (user) => user.username?.toLowerCase());
  check("users", "user_id", content.users, (user) => user.user_id);
}
