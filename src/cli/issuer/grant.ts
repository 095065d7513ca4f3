import { findClientGrant } from "../../issuer/tenant/tenant.ts";
import { apiNamed, clientNamed } from "./find-entry.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import { scopesOf } from "./scope-flags.ts";
import type { Verb } from "./verb.ts";

export const grantVerb: Verb = {
  usage: "grant CLIENT AUDIENCE [--scope S…] [--user]",
  summary: "what a client may have of an API from now on; without --scope all of it",
  flags: ["scope", "user"],
  positionals: [2, 2],
  async run(call) {
    const { args, io, positionals } = call;
    const { store } = await openProjectTenant(call);
    const tenant = store.current();
    const { clientId, name } = clientNamed(tenant, positionals[0]!);
    const api = apiNamed(tenant, positionals[1]!);
    const subjectType = args.boolean("user") ? "user" : "client";
    const scope = args.strings("scope").length > 0 ? scopesOf(args) : api.scopes;
    const before = findClientGrant(tenant, clientId, api.identifier, subjectType);
    const entry = { application: clientId, audience: api.identifier, scope, subject_type: subjectType };
    const id = before?.id ?? (await store.create("client_grants", entry));
    if (before !== undefined) await store.patch("client_grants", id, { scope });
    if (args.boolean("json")) io.out(`${JSON.stringify({ grant: { id, ...entry } }, null, 2)}\n`);
    else {
      const whom = subjectType === "user" ? `Users of ${name}` : name;
      io.out(`${whom} may have of ${api.identifier}: ${scope.join(" ") || "no scope, only its audience"}\n`);
    }
    return 0;
  },
};
