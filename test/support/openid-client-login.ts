import { createPrivateKey } from "node:crypto";
import * as client from "openid-client";
import { openPerson } from "./person.ts";

/*
 * A process of its own, since the authorities that Node.js trusts are read at its start: `openid-client-login.ts ISSUER
 * AUDIENCE CLIENT_ID CALLBACK` reads the client's private key from standard input, logs a person in with PKCE, proves the
 * client with assertions, and prints what the library says at each step.
 */

const [issuer = "", audience = "", clientId = "", callback = ""] = process.argv.slice(2);
let pem = "";
for await (const chunk of process.stdin) pem += chunk;

const der = createPrivateKey(pem).export({ format: "der", type: "pkcs8" });
const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const key = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
const execute = issuer.startsWith("http:") ? [client.allowInsecureRequests] : [];
const config = await client.discovery(new URL(issuer), clientId, {}, client.PrivateKeyJwt(key), { execute });

async function logIn() {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: "openid profile email offline_access read:pets",
    audience,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    max_age: "600",
  });
  const back = await openPerson(callback).visit(url, "auth0|alice");
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 600, idTokenExpected: true };
  return { back, checks, tokens: await client.authorizationCodeGrant(config, back, checks) };
}

const refusalOf = (asked: Promise<unknown>): Promise<object> =>
  asked.then(
    () => ({ refused: false }),
    ({ error, error_description, status }) => ({ error, error_description, status }),
  );

const own = await client.clientCredentialsGrant(config, { audience });
const first = await logIn();
const user = await client.fetchUserInfo(config, first.tokens.access_token, "auth0|alice");
const second = await client.refreshTokenGrant(config, first.tokens.refresh_token ?? "");
const reused = await refusalOf(client.refreshTokenGrant(config, first.tokens.refresh_token ?? ""));
const killed = await refusalOf(client.refreshTokenGrant(config, second.refresh_token ?? ""));
const other = await logIn();
await client.tokenRevocation(config, other.tokens.refresh_token ?? "");
const revoked = await refusalOf(client.refreshTokenGrant(config, other.tokens.refresh_token ?? ""));
const codeTwice = await refusalOf(client.authorizationCodeGrant(config, other.back, other.checks));

process.stdout.write(
  `${JSON.stringify({
    own: own.access_token,
    claims: first.tokens.claims(),
    user,
    isRotated: second.refresh_token !== first.tokens.refresh_token,
    access: second.access_token,
    refusals: { reused, killed, revoked, codeTwice },
    secrets: [own, second, first.tokens, other.tokens]
      .flatMap(({ access_token, refresh_token, id_token }) => [access_token, refresh_token, id_token])
      .concat([first, other].map(({ back }) => back.searchParams.get("code") ?? undefined)),
  })}\n`,
);
