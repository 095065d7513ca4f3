import { ManagementClient } from "auth0";
import { createRemoteJWKSet, jwtVerify } from "jose";

/*
 * A process of its own, since the authorities that Node.js trusts are read at its start: `auth0-management.ts DOMAIN
 * CLIENT_ID` reads the client's secret from standard input, sets a tenant up with Auth0's own client, and prints what that
 * answers. The client may do all; a token of fewer scopes is asked for by hand.
 */

const [domain = "", clientId = ""] = process.argv.slice(2);
let clientSecret = "";
for await (const chunk of process.stdin) clientSecret += chunk;

const issuer = `https://${domain}/`;
const audience = `${issuer}api/v2/`;
const newClient = (): ManagementClient =>
  new ManagementClient({ domain, clientId, clientSecret, audience, maxRetries: 0 });
const auth0 = newClient();

const IDENTIFIER = "https://toys.example";
const CONNECTION = "Username-Password-Authentication";

async function all<Item>(pages: Promise<AsyncIterable<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of await pages) items.push(item);
  return items;
}

async function askForToken(body: object): Promise<string> {
  const answer = await fetch(`${issuer}oauth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ grant_type: "client_credentials", ...body }),
  });
  const { access_token, error_description } = (await answer.json()) as Record<string, string>;
  if (access_token === undefined) throw new Error(error_description);
  return access_token;
}

// An API with its application, its people, and what they may do.
const api = await auth0.resourceServers.create({
  identifier: IDENTIFIER,
  name: "Toys",
  scopes: [{ value: "read:toys" }, { value: "sell:toys" }],
});
const application = await auth0.clients.create({ name: "Toy shop", app_type: "non_interactive" });
const toyClient = application.client_id ?? "";
const grant = await auth0.clientGrants.create({ client_id: toyClient, audience: IDENTIFIER, scope: ["read:toys"] });
const role = await auth0.roles.create({ name: "Seller", description: "Sells toys" });
const permission = { resource_server_identifier: IDENTIFIER, permission_name: "sell:toys" };
await auth0.roles.permissions.add(role.id ?? "", { permissions: [permission] });
const user = await auth0.users.create({
  connection: CONNECTION,
  email: "carol@toys.example",
  password: "Correct-horse-1",
});
await auth0.users.roles.assign(user.user_id ?? "", { roles: [role.id ?? ""] });
await auth0.resourceServers.update(api.id ?? "", { token_lifetime: 600 });
const doomed = await auth0.roles.create({ name: "Doomed" });
await auth0.roles.delete(doomed.id ?? "");

const page = await auth0.roles.list({ per_page: 2 });
const { roles: _roles, ...totals } = page.response as unknown as Record<string, unknown>;
const names = (await all(auth0.roles.list({ per_page: 2 }))).map(({ name }) => name);
const sellers = (await all(auth0.roles.users.list(role.id ?? ""))).map(({ email }) => email);
const permissions = await all(auth0.roles.permissions.list(role.id ?? ""));

// Tokens before and after a rotation, and after the revocation of the key that signed the former.
const toy = { client_id: toyClient, client_secret: application.client_secret, audience: IDENTIFIER };
const jwksUri = new URL(`${issuer}.well-known/jwks.json`);
/** As a library that asks for keys anew. */
const judge = (token: string): Promise<string> =>
  jwtVerify(token, createRemoteJWKSet(jwksUri), { issuer, audience: IDENTIFIER }).then(
    ({ payload }) => String(payload.scope),
    (error: { code: string }) => error.code,
  );
const old = await askForToken(toy);
const before = (await auth0.keys.signing.list()).find(({ current }) => current)?.kid ?? "";
const verdicts: Record<string, string> = { "old, before": await judge(old) };
await auth0.keys.signing.rotate();
const fresh = await askForToken(toy);
verdicts["old, rotated"] = await judge(old);
verdicts["new, rotated"] = await judge(fresh);
await auth0.keys.signing.revoke(before);
verdicts["old, revoked"] = await judge(old);
verdicts["new, revoked"] = await judge(fresh);
// The client's own token was signed by that key, too.
const revoked = await auth0.keys.signing.list().then(
  () => 200,
  (error) => (error as { statusCode: number }).statusCode,
);
const keys = (await newClient().keys.signing.list()).map(({ current, next, previous, revoked }) =>
  [current && "current", next && "next", previous && "previous", revoked && "revoked"].filter(Boolean).join(" "),
);

const narrow = new ManagementClient({
  domain,
  token: await askForToken({ client_id: clientId, client_secret: clientSecret, audience, scope: "read:users" }),
  maxRetries: 0,
});
const refused = await narrow.resourceServers.create({ identifier: "urn:none" }).then(
  () => undefined,
  (error) => {
    const { statusCode, body } = error as { statusCode: number; body: unknown };
    return { statusCode, body };
  },
);

process.stdout.write(
  `${JSON.stringify({
    api,
    grant,
    role,
    user,
    toyClient,
    totals,
    names,
    sellers,
    permissions,
    verdicts,
    keys,
    revoked,
    refused,
    secrets: [old, fresh, application.client_secret],
  })}\n`,
);
