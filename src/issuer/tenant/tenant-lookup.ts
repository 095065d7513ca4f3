import { deriveGrantId } from "./derived-tenant.ts";
import { nearestKey } from "./nearest-key.ts";
import type { Api, Client, ClientGrant, PermissionsByApi, Role } from "./tenant.ts";
import type { DeclaredClientGrant, DeclaredPermissions } from "./tenant-content.ts";
import type { Reference } from "./tenant-fields.ts";
import type { TenantFinding } from "./tenant-finding.ts";

/** Finds what entries name. What does not exist is told, and whatever would give access by it is left out. */
export class Lookup {
  readonly #apis: ReadonlyMap<string, Api>;
  readonly #clientsById: ReadonlyMap<string, Client>;
  readonly #clientsByName: ReadonlyMap<string, Client>;
  readonly #sharedNames: ReadonlySet<string>;
  readonly #findings: TenantFinding[];

  constructor(known: {
    readonly apis: readonly Api[];
    readonly clients: readonly Client[];
    /** Names that several of the file's applications have: they say nothing. */
    readonly sharedNames: ReadonlySet<string>;
    readonly findings: TenantFinding[];
  }) {
    this.#apis = new Map(known.apis.map((api) => [api.identifier, api]));
    this.#clientsById = new Map(known.clients.map((client) => [client.clientId, client]));
    // Of two of one name the first counts: those of the file come first.
    this.#clientsByName = new Map(known.clients.toReversed().map((client) => [client.name, client]));
    this.#sharedNames = known.sharedNames;
    this.#findings = known.findings;
  }

  api({ name, at }: Reference, of: string): Api | undefined {
    const api = this.#apis.get(name);
    if (api === undefined)
      this.#unknown(`${of} names the API ${JSON.stringify(name)}, which does not exist.`, name, at);
    return api;
  }

  grant(declared: DeclaredClientGrant): ClientGrant | undefined {
    const client = this.#client(declared);
    const api = this.api(declared.audience, "A client grant");
    if (client === undefined || api === undefined) return undefined;
    const { identifier: audience } = api;
    const { clientId } = client;
    const subjectType = declared.subject_type ?? "client";
    const scopes = this.#defined(declared.scope, api, `The grant of ${client.name}`);
    return { id: deriveGrantId(clientId, audience, subjectType), clientId, audience, scopes, subjectType };
  }

  permissions(declared: DeclaredPermissions | undefined, of: string): PermissionsByApi {
    const found: [string, readonly string[]][] = [];
    for (const [identifier, { value, at }] of declared ?? []) {
      const api = this.api({ name: identifier, at }, of);
      if (api !== undefined) found.push([identifier, this.#defined(value, api, of)]);
    }
    return Object.fromEntries(found);
  }

  /** Ids of the roles. */
  roles(declared: readonly Reference[] | undefined, roles: readonly Role[], of: string): readonly string[] {
    const found: string[] = [];
    for (const { name, at } of declared ?? []) {
      const role = roles.find((each) => each.name === name) ?? roles.find((each) => each.id === name);
      if (role !== undefined) found.push(role.id);
      else {
        const near = nearestKey(
          name,
          roles.map((each) => each.name),
        );
        const fix = near === undefined ? "Add the role." : `Did you mean ${JSON.stringify(near)}?`;
        this.#leaveOut(`${of} has the role ${JSON.stringify(name)}, which does not exist.`, fix, at);
      }
    }
    return [...new Set(found)];
  }

  #client({ application, client_id: clientId, at }: DeclaredClientGrant): Client | undefined {
    const { name } = application ?? clientId ?? { name: "" };
    const byId = this.#clientsById.get(name);
    if (byId === undefined && application && this.#sharedNames.has(name)) {
      const message = `A client grant names the application ${JSON.stringify(name)}, and several have that name.`;
      this.#leaveOut(message, "Name the one that you mean by its client_id.", application.at);
      return undefined;
    }
    const found = byId ?? (application && this.#clientsByName.get(name));
    if (found === undefined) {
      const near = nearestKey(name, [...this.#clientsByName.keys()]);
      const fix = near === undefined ? "Add the application." : `Did you mean ${JSON.stringify(near)}?`;
      const message = `A client grant names the application ${JSON.stringify(name)}, which does not exist.`;
      this.#leaveOut(message, fix, (application ?? clientId)?.at ?? at);
    }
    return found;
  }

  #defined(scopes: readonly Reference[], api: Api, of: string): readonly string[] {
    const known = new Set(api.scopes);
    return scopes.flatMap(({ name, at }) => {
      if (known.has(name)) return name;
      const near = nearestKey(name, api.scopes);
      const fix =
        near === undefined ? `Add it to the API's scopes (${api.scopes.join(", ")}).` : `Did you mean ${near}?`;
      this.#leaveOut(
        `${of} names ${JSON.stringify(name)}, which ${JSON.stringify(api.identifier)} does not define.`,
        fix,
        at,
      );
      return [];
    });
  }

  #unknown(message: string, name: string, at: TenantFinding["at"]): void {
    const withSlash = name.endsWith("/") ? name.slice(0, -1) : `${name}/`;
    const near = this.#apis.has(withSlash) ? withSlash : nearestKey(name, [...this.#apis.keys()]);
    const fix = near === undefined ? "Add the API." : `Did you mean ${JSON.stringify(near)}? Every character counts.`;
    this.#leaveOut(message, fix, at);
  }

  #leaveOut(message: string, fix: string, at: TenantFinding["at"]): void {
    this.#findings.push({ rule: "tenant-reference-unknown", severity: "error", effect: "none", message, fix, at });
  }
}
