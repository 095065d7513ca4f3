import { deriveClientId } from "../../issuer/tenant/derived-tenant.ts";
import { DEFAULT_PROJECT } from "../../issuer/tenant/open-tenant-store.ts";
import { type Api, findClientGrant, type Tenant } from "../../issuer/tenant/tenant.ts";
import { apiNamed } from "./find-entry.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import { scopesOf } from "./scope-flags.ts";
import { table } from "./table.ts";
import { secretLine, tokenCurl } from "./token-curl.ts";
import type { Verb } from "./verb.ts";

const create: Verb = {
  usage: "api create IDENTIFIER [--name N] [--scope S…]",
  summary: "an API with its test application and grant; prints the curl line that gets its token",
  flags: ["name", "scope", "alg", "dialect", "rbac", "offline", "lifetime", "show-secret"],
  positionals: [1, 1],
  async run(call) {
    const { args, io, positionals } = call;
    const { store, issuerUrl } = await openProjectTenant(call);
    const identifier = positionals[0]!;
    const id = await store.create("apis", {
      identifier,
      name: args.string("name"),
      scopes: args.strings("scope").length > 0 ? scopesOf(args) : undefined,
      signing_alg: args.string("alg"),
      token_dialect: args.string("dialect"),
      enforce_policies: args.boolean("rbac") || undefined,
      allow_offline_access: args.boolean("offline") || undefined,
      token_lifetime: args.number("lifetime"),
    });
    const tenant = store.current();
    const api = tenant.apis.find((each) => each.id === id)!;
    const client = tenant.clients.find(({ clientId }) => clientId === deriveClientId(DEFAULT_PROJECT, identifier))!;
    const secret = args.boolean("show-secret") ? { clientSecret: client.clientSecret } : {};
    const curl = tokenCurl({ issuerUrl, clientId: client.clientId, audience: identifier, ...secret });
    if (args.boolean("json")) {
      const made = {
        api: apiJson(api),
        client: { name: client.name, client_id: client.clientId, ...snake(secret) },
        curl,
      };
      io.out(`${JSON.stringify(made, null, 2)}\n`);
      return 0;
    }
    io.out(`Created the API ${api.name} (${identifier}) in ${store.file}.\n`);
    io.out(`Scopes: ${api.scopes.join(" ") || "none"}\n`);
    io.out(`${client.name}: client_id ${client.clientId}\n\nIts token:\n`);
    if (!args.boolean("show-secret")) io.out(`${secretLine(client.clientId)}\n`);
    io.out(`${curl}\n`);
    return 0;
  },
};

const list: Verb = {
  usage: "api list",
  summary: "the APIs with their scopes",
  flags: [],
  positionals: [0, 0],
  async run(call) {
    const tenant = (await openProjectTenant(call)).store.current();
    if (call.args.boolean("json")) call.io.out(`${JSON.stringify({ apis: tenant.apis.map(apiJson) }, null, 2)}\n`);
    else {
      const rows = tenant.apis
        .filter(({ isSystem }) => !isSystem)
        .map((api) => [api.identifier, api.name, api.signingAlg, api.scopes.join(" "), testClientOf(tenant, api)]);
      call.io.out(table([["IDENTIFIER", "NAME", "ALG", "SCOPES", "TEST APPLICATION"], ...rows]));
    }
    return 0;
  },
};

const remove: Verb = {
  usage: "api remove IDENTIFIER",
  summary: "with its grants and the permissions that name it",
  flags: [],
  positionals: [1, 1],
  async run(call) {
    const { store } = await openProjectTenant(call);
    const { id, identifier } = apiNamed(store.current(), call.positionals[0]!);
    await store.remove("apis", id);
    call.io.out(`Removed the API ${identifier}.\n`);
    return 0;
  },
};

export const API_VERBS: readonly Verb[] = [create, list, remove];

function testClientOf(tenant: Tenant, { identifier }: Api): string {
  const clientId = deriveClientId(DEFAULT_PROJECT, identifier);
  return findClientGrant(tenant, clientId, identifier) === undefined ? "" : clientId;
}

function snake({ clientSecret }: { clientSecret?: string }): { client_secret?: string } {
  return clientSecret === undefined ? {} : { client_secret: clientSecret };
}

/** In Auth0's words. */
function apiJson(api: Api) {
  return {
    id: api.id,
    identifier: api.identifier,
    name: api.name,
    scopes: api.scopes,
    signing_alg: api.signingAlg,
    token_dialect: api.tokenDialect,
    token_lifetime: api.tokenLifetimeSeconds,
    enforce_policies: api.enforcePolicies,
    allow_offline_access: api.allowOfflineAccess,
    is_system: api.isSystem,
  };
}
