import type { Client, Tenant } from "../../issuer/tenant/tenant.ts";
import { UsageError } from "../arguments.ts";
import { apiNamed, clientNamed } from "./find-entry.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import { readAudience } from "./scope-flags.ts";
import { table } from "./table.ts";
import { secretLine, tokenCurl } from "./token-curl.ts";
import type { Verb } from "./verb.ts";

const TYPES = ["spa", "native", "regular_web", "non_interactive"];

const create: Verb = {
  usage: "app create NAME --type TYPE [--callback URL…] [--origin O…] [--grant AUDIENCE…]",
  summary: "an application: spa, native, regular_web or non_interactive (machine to machine)",
  flags: ["type", "client-id", "callback", "origin", "logout-url", "grant", "show-secret"],
  positionals: [1, 1],
  async run(call) {
    const { args, io, positionals } = call;
    const type = args.string("type");
    if (type === undefined || !TYPES.includes(type)) {
      throw new UsageError(
        `--type is ${type === undefined ? "not given" : JSON.stringify(type)}, wanted ${TYPES.join(", ")}.`,
      );
    }
    const { store, issuerUrl, issuerUrls } = await openProjectTenant(call);
    const grants = args.strings("grant").map((text) => readAudience(text, store.current()));
    const callbacks = args.strings("callback");
    // A page asks for tokens from where its callback is, unless told otherwise.
    const origins = args.strings("origin").length > 0 || type !== "spa" ? args.strings("origin") : originsOf(callbacks);
    const clientId = await store.create("applications", {
      name: positionals[0],
      client_id: args.string("client-id"),
      app_type: type,
      callbacks: orNothing(callbacks),
      web_origins: orNothing(origins),
      allowed_logout_urls: orNothing(args.strings("logout-url")),
    });
    const subjectType = type === "non_interactive" ? "client" : "user";
    for (const { audience, scopes } of grants) {
      const scope = scopes ?? apiNamed(store.current(), audience).scopes;
      await store.create("client_grants", { application: clientId, audience, scope, subject_type: subjectType });
    }
    const client = store.current().clients.find((each) => each.clientId === clientId)!;
    const secret = args.boolean("show-secret") ? { clientSecret: client.clientSecret } : {};
    const audience = grants[0]?.audience;
    const curl =
      type === "non_interactive" && audience !== undefined
        ? tokenCurl({ issuerUrl, clientId, audience, ...secret })
        : undefined;
    if (args.boolean("json")) {
      const shown = { ...clientJson(client), ...(secret.clientSecret && { client_secret: secret.clientSecret }) };
      io.out(
        `${JSON.stringify({ client: shown, domain: domainFor(type, issuerUrls), issuer: issuerUrl, curl }, null, 2)}\n`,
      );
      return 0;
    }
    io.out(`Created the application ${client.name} (${type}) in ${store.file}.\n`);
    io.out(`client_id      ${clientId}\n`);
    if (client.tokenEndpointAuthMethod !== "none") {
      const shown = secret.clientSecret ?? `gatewarden issuer secrets show ${clientId}`;
      io.out(`client_secret  ${shown}\n`);
    }
    io.out(`domain         ${domainFor(type, issuerUrls)}\n`);
    io.out(`issuer         ${issuerUrl}\n`);
    if (client.webOrigins.length > 0) io.out(`web_origins    ${client.webOrigins.join(" ")}\n`);
    if (curl !== undefined) {
      io.out("\nIts token:\n");
      if (!args.boolean("show-secret")) io.out(`${secretLine(clientId)}\n`);
      io.out(`${curl}\n`);
    }
    return 0;
  },
};

/**
 * What an SDK is given as its domain. Browsers need no TLS for localhost, and the SDK for them takes a URL; most others
 * put https:// in front of a host.
 */
function domainFor(type: string, issuerUrls: readonly string[]): string {
  const isBrowsers = type === "spa" || type === "native";
  const url = issuerUrls.find((each) => each.startsWith(isBrowsers ? "http:" : "https:")) ?? issuerUrls[0]!;
  return isBrowsers ? new URL(url).origin : new URL(url).host;
}

const list: Verb = {
  usage: "app list",
  summary: "the applications with what they may have",
  flags: [],
  positionals: [0, 0],
  async run(call) {
    const tenant = (await openProjectTenant(call)).store.current();
    const clients = tenant.clients;
    if (call.args.boolean("json")) call.io.out(`${JSON.stringify({ clients: clients.map(clientJson) }, null, 2)}\n`);
    else {
      const rows = clients.map((client) => [client.name, client.clientId, client.appType, grantsOf(tenant, client)]);
      call.io.out(table([["NAME", "CLIENT_ID", "TYPE", "GRANTS"], ...rows]));
    }
    return 0;
  },
};

const remove: Verb = {
  usage: "app remove CLIENT",
  summary: "an application by name or client_id, with its grants and its secret",
  flags: [],
  positionals: [1, 1],
  async run(call) {
    const { store } = await openProjectTenant(call);
    const { clientId, name } = clientNamed(store.current(), call.positionals[0]!);
    await store.remove("applications", clientId);
    call.io.out(`Removed the application ${name}.\n`);
    return 0;
  },
};

export const APP_VERBS: readonly Verb[] = [create, list, remove];

function grantsOf({ clientGrants }: Tenant, { clientId }: Client): string {
  return clientGrants
    .filter((grant) => grant.clientId === clientId)
    .map(({ audience, scopes, subjectType }) => `${audience} (${subjectType}, ${scopes.length} scopes)`)
    .join(", ");
}

function originsOf(urls: readonly string[]): readonly string[] {
  const web = urls.filter((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol));
  return [...new Set(web.map((url) => new URL(url).origin))];
}

function orNothing(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** In Auth0's words. */
function clientJson(client: Client) {
  return {
    client_id: client.clientId,
    name: client.name,
    app_type: client.appType,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    grant_types: client.grantTypes,
    callbacks: client.callbacks,
    web_origins: client.webOrigins,
    allowed_logout_urls: client.allowedLogoutUrls,
  };
}
