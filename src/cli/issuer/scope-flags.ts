import type { Tenant } from "../../issuer/tenant/tenant.ts";
import { type Arguments, UsageError } from "../arguments.ts";
import { apiNamed } from "./find-entry.ts";

/** The --scope flags: each may hold several. */
export function scopesOf(args: Arguments): readonly string[] {
  return [...new Set(args.strings("scope").flatMap(split))];
}

/** The --permission flags, by API. @throws UsageError */
export function permissionsOf(args: Arguments, tenant: Tenant): Readonly<Record<string, readonly string[]>> {
  const permissions = new Map<string, Set<string>>();
  for (const text of args.strings("permission")) {
    const { audience, scopes } = readAudience(text, tenant);
    if (scopes === undefined) throw new UsageError(`--permission is ${JSON.stringify(text)}, wanted AUDIENCE=SCOPE,….`);
    permissions.set(audience, new Set([...(permissions.get(audience) ?? []), ...scopes]));
  }
  return Object.fromEntries([...permissions].map(([audience, scopes]) => [audience, [...scopes]]));
}

/** `AUDIENCE` or `AUDIENCE=SCOPE,…`. An audience may hold an equals sign itself. @throws UsageError */
export function readAudience(
  text: string,
  tenant: Tenant,
): { audience: string; scopes: readonly string[] | undefined } {
  const equals = text.lastIndexOf("=");
  if (equals < 0 || tenant.apis.some(({ identifier }) => identifier === text)) {
    return { audience: apiNamed(tenant, text).identifier, scopes: undefined };
  }
  return { audience: apiNamed(tenant, text.slice(0, equals)).identifier, scopes: split(text.slice(equals + 1)) };
}

function split(text: string): string[] {
  return text.split(/[ ,]+/).filter((scope) => scope !== "");
}
