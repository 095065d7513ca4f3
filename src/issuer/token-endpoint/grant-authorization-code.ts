import { createHash } from "node:crypto";
import type { IssuerContext } from "../issuer-context.ts";
import type { AuthorizationGrant, CodeGrant } from "../login/authorization-grant.ts";
import { holdersOf } from "../login/holders.ts";
import { type Client, findUser, isPublicClient } from "../tenant/tenant.ts";
import { endableToken } from "../tokens/ended-tokens.ts";
import { isSameSecret } from "./authenticate-client.ts";
import type { ExchangedTokens } from "./authorization-codes.ts";
import { apiOfAudience, issueRefreshToken, issueUserTokens } from "./issue-user-tokens.ts";
import type { Granted } from "./token-answer.ts";
import {
  audienceUnknown,
  codeInvalid,
  codeVerifierMissing,
  codeVerifierWrong,
  parameterMissing,
  redirectUriMissing,
  redirectUriWrong,
  type TokenRefusal,
} from "./token-refusals.ts";

/**
 * The tokens of a login, for its code (RFC 6749 §4.1.3, RFC 7636 §4.6). The code is spent by the attempt, whatever
 * comes of it: whoever sends a wrong verifier or is another client has no second try.
 */
export async function grantAuthorizationCode(
  client: Client,
  parameters: ReadonlyMap<string, string>,
  context: IssuerContext,
): Promise<Granted | TokenRefusal> {
  const { state, tenant } = context;
  const code = parameters.get("code") ?? "";
  if (code === "") return parameterMissing("code");
  const redemption = state.codes.redeem(code);
  if (!redemption.ok) {
    if (redemption.reason === "reused" && redemption.exchangedFor) await end(redemption.exchangedFor, context);
    return codeInvalid(`code_${redemption.reason}`);
  }
  const { grant: codeGrant } = redemption;
  if (codeGrant.clientId !== client.clientId) return codeInvalid("code_of_other_client");
  const wrong = judgeRedirectUri(codeGrant, parameters) ?? judgeVerifier(client, codeGrant, parameters);
  if (wrong) return wrong;

  const user = findUser(tenant, codeGrant.userId);
  if (!user) return codeInvalid("user_unknown");
  if (user.isBlocked) return codeInvalid("user_blocked");
  // The user or the application was removed after the login, and another has the id now.
  if (codeGrant.holders !== holdersOf(state.tenants, codeGrant)) return codeInvalid("code_unknown");
  const api = apiOfAudience(codeGrant.audience, context);
  if (api === "missing") return audienceUnknown(codeGrant.audience!);

  const grant = withoutBrowser(codeGrant);
  const refresh = await issueRefreshToken(grant, client, api, context);
  const { hasMaxAge, nonce } = codeGrant;
  const userTokens = { grant, client, user, api, refreshToken: refresh?.token, nonce, hasMaxAge };
  const granted = await issueUserTokens(userTokens, context);
  const { access_token: accessToken, expires_in: lifetimeSeconds } = granted.answer;
  const issued = {
    accessToken: endableToken(accessToken, Math.ceil(state.clock() / 1000) + lifetimeSeconds),
    refreshFamilyId: refresh?.familyId,
  };
  await state.endedTokens.granted(issued.accessToken);
  if (state.codes.exchangedFor(code, issued)) return granted;
  // Somebody has used the code while this exchange was under way.
  await end(issued, context);
  return codeInvalid("code_reused");
}

/** RFC 6749 §4.1.2. An API verifies an access token by itself: there it is good until it expires, as on Auth0 (D). */
async function end({ accessToken, refreshFamilyId }: ExchangedTokens, { state }: IssuerContext): Promise<void> {
  await state.endedTokens.end(accessToken);
  if (refreshFamilyId !== undefined) await state.refreshTokens.endFamily(refreshFamilyId);
}

/** RFC 6749 §4.1.3: required when /authorize was told it, and the same then. */
function judgeRedirectUri(
  { isRedirectUriImplied, redirectUri }: CodeGrant,
  parameters: ReadonlyMap<string, string>,
): TokenRefusal | undefined {
  const sent = parameters.get("redirect_uri");
  if (sent === undefined) return isRedirectUriImplied ? undefined : redirectUriMissing();
  return sent === redirectUri ? undefined : redirectUriWrong(sent, redirectUri);
}

/**
 * A verifier where there was no challenge is refused too: somebody has taken the challenge away (RFC 9700 §4.8). A
 * public client has nothing but the verifier to show that it is the one that asked.
 */
function judgeVerifier(
  client: Client,
  { codeChallenge }: CodeGrant,
  parameters: ReadonlyMap<string, string>,
): TokenRefusal | undefined {
  const verifier = parameters.get("code_verifier") ?? "";
  if (verifier === "") return codeChallenge || isPublicClient(client) ? codeVerifierMissing() : undefined;
  if (codeChallenge === undefined) return codeVerifierWrong();
  // RFC 7636 §4.1
  const isWellFormed = /^[A-Za-z0-9._~-]{43,128}$/.test(verifier);
  const { method, value } = codeChallenge;
  const actual = method === "S256" ? createHash("sha256").update(verifier).digest("base64url") : verifier;
  return isWellFormed && isSameSecret(value, actual) ? undefined : codeVerifierWrong();
}

/** What outlives the browser's part: it is stored with a refresh token. */
function withoutBrowser(codeGrant: CodeGrant): AuthorizationGrant {
  const { codeChallenge, hasMaxAge, isRedirectUriImplied, nonce, redirectUri, ...grant } = codeGrant;
  return grant;
}
