import type { Api, Client, Role, Tenant, User } from "../../issuer/tenant/tenant.ts";
import { nearestName } from "../../template/nearest-name.ts";
import { UsageError } from "../arguments.ts";

/** By identifier or id. @throws UsageError */
export function apiNamed(tenant: Tenant, named: string): Api {
  const found = tenant.apis.find(({ id, identifier }) => identifier === named || id === named);
  if (found !== undefined) return found;
  const identifiers = tenant.apis.map(({ identifier }) => identifier);
  const otherSlash = named.endsWith("/") ? named.slice(0, -1) : `${named}/`;
  const near = identifiers.includes(otherSlash) ? otherSlash : undefined;
  throw unknown("API", named, identifiers, near);
}

/** By client id or name. @throws UsageError */
export function clientNamed(tenant: Tenant, named: string): Client {
  const { clients } = tenant;
  const sameName = clients.filter((each) => each.name === named);
  const found = clients.find((each) => each.clientId === named) ?? sameName[0];
  if (sameName.length > 1 && found?.clientId !== named) {
    const ids = sameName.map(({ clientId }) => clientId).join(", ");
    throw new UsageError(
      `several applications are called ${JSON.stringify(named)}. Name one by its client_id: ${ids}.`,
    );
  }
  if (found !== undefined) return found;
  throw unknown(
    "application",
    named,
    clients.map(({ name }) => name),
  );
}

/** By id, email address, or what stands before its @. @throws UsageError */
export function userNamed(tenant: Tenant, named: string): User {
  const found = findUserNamed(tenant, named);
  if (found !== undefined) return found;
  const names = tenant.users.map(({ email, userId }) => email ?? userId);
  throw unknown("user", named, names);
}

export function findUserNamed({ users }: Tenant, named: string): User | undefined {
  const lower = named.toLowerCase();
  return (
    users.find(({ userId }) => userId === named) ??
    users.find(({ email }) => email?.toLowerCase() === lower) ??
    users.find(({ nickname }) => nickname.toLowerCase() === lower)
  );
}

/** By name or id. @throws UsageError */
export function roleNamed({ roles }: Tenant, named: string): Role {
  const found = roles.find(({ id, name }) => name === named || id === named);
  if (found !== undefined) return found;
  throw unknown(
    "role",
    named,
    roles.map(({ name }) => name),
  );
}

const MAX_LISTED = 10;

function unknown(what: string, named: string, known: readonly string[], near = nearestName(named, known)): UsageError {
  const all = known.slice(0, MAX_LISTED).map((each) => JSON.stringify(each));
  const more = known.length > MAX_LISTED ? ", …" : "";
  const list = known.length === 0 ? "There is none yet." : `There are ${all.join(", ")}${more}.`;
  const advice = near === undefined ? list : `Did you mean ${JSON.stringify(near)}?`;
  return new UsageError(`there is no ${what} ${JSON.stringify(named)}. ${advice}`);
}
