import { AuthClient } from "@auth0/auth0-auth-js";
import { AuthenticationClient, UserInfoClient } from "auth0/legacy";
import { openPerson } from "./person.ts";

/*
 * A process of its own, since the authorities that Node.js trusts are read at its start: `auth0-login.ts DOMAIN AUDIENCE
 * CLIENT_ID CALLBACK` reads the client's secret from standard input, takes a person through a login with each of Auth0's
 * own libraries, and prints what the libraries answer.
 */

const [domain = "", audience = "", clientId = "", callback = ""] = process.argv.slice(2);
let clientSecret = "";
for await (const chunk of process.stdin) clientSecret += chunk;

const scope = "openid profile offline_access read:pets";

async function byLegacy() {
  const auth = new AuthenticationClient({ domain, clientId, clientSecret });
  const own = await auth.oauth.clientCredentialsGrant({ audience });
  const query = { response_type: "code", client_id: clientId, redirect_uri: callback, scope, audience, state: "s" };
  const back = await openPerson(callback).visit(
    `https://${domain}/authorize?${new URLSearchParams(query)}`,
    "auth0|alice",
  );
  const code = back.searchParams.get("code") ?? "";
  const { data: tokens } = await auth.oauth.authorizationCodeGrant({ code, redirect_uri: callback });
  const { data: renewed } = await auth.oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token ?? "" });
  const { data: user } = await new UserInfoClient({ domain }).getUserInfo(renewed.access_token);
  // Of a web application, the token stays the same unless it is told to rotate.
  const newest = renewed.refresh_token ?? tokens.refresh_token ?? "";
  await auth.oauth.revokeRefreshToken({ token: newest });
  const refused = await errorOf(auth.oauth.refreshTokenGrant({ refresh_token: newest }));
  const secrets = [own.data.access_token, tokens.access_token, tokens.refresh_token, renewed.access_token, code];
  return { own: own.data.access_token, access: renewed.access_token, user, refused, secrets };
}

async function byCurrent() {
  const auth = new AuthClient({
    domain,
    clientId,
    clientSecret,
    authorizationParams: { redirect_uri: callback, scope, audience },
  });
  const own = await auth.getTokenByClientCredentials({ audience });
  const { authorizationUrl, codeVerifier } = await auth.buildAuthorizationUrl();
  const back = await openPerson(callback).visit(authorizationUrl, "auth0|alice");
  const tokens = await auth.getTokenByCode(back, { codeVerifier });
  const renewed = await auth.getTokenByRefreshToken({ refreshToken: tokens.refreshToken ?? "" });
  const user = await auth.getUserInfo({ accessToken: renewed.accessToken });
  const refused = await errorOf(auth.getTokenByRefreshToken({ refreshToken: "none" }));
  const logout = await auth.buildLogoutUrl({ returnTo: "http://localhost:3000/" });
  const secrets = [
    own.accessToken,
    tokens.accessToken,
    tokens.refreshToken,
    renewed.accessToken,
    back.searchParams.get("code"),
  ];
  return { own: own.accessToken, access: renewed.accessToken, user, refused, secrets, logout };
}

/** What a library says, with the answer's own error behind it. */
function errorOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "nothing refused",
    (error: Error) => `${error.message} ${JSON.stringify(error.cause ?? error)}`,
  );
}

process.stdout.write(`${JSON.stringify({ legacy: await byLegacy(), current: await byCurrent() })}\n`);
