import { AuthClient } from "@auth0/auth0-auth-js";
import { AuthenticationClient } from "auth0/legacy";

/*
 * A process of its own, since the authorities that Node.js trusts are read at its start: `auth0-clients.ts DOMAIN AUDIENCE
 * CLIENT_ID CLIENT_SECRET` prints the token, or the error, that each of Auth0's own libraries gets for a client.
 */

const [domain = "", audience = "", clientId = "", clientSecret = ""] = process.argv.slice(2);

const legacy = new AuthenticationClient({ domain, clientId, clientSecret });
const current = new AuthClient({ domain, clientId, clientSecret });
const asked = {
  auth0: () => legacy.oauth.clientCredentialsGrant({ audience }).then(({ data }) => data.access_token),
  "auth0-auth-js": () => current.getTokenByClientCredentials({ audience }).then(({ accessToken }) => accessToken),
};

const answers: Record<string, { token: string } | { error: string }> = {};
for (const [library, ask] of Object.entries(asked)) {
  answers[library] = await ask().then(
    (token) => ({ token }),
    (error: Error) => ({ error: `${error.name}: ${error.message} ${describe(error.cause)}` }),
  );
}
process.stdout.write(`${JSON.stringify(answers)}\n`);

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return JSON.stringify(cause) ?? "";
  return `${"code" in cause ? cause.code : ""} ${cause.message} ${describe(cause.cause)}`;
}
