import type { ActionRequest } from "../actions/actions.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { holdersOf } from "../login/holders.ts";
import { type Client, findUser } from "../tenant/tenant.ts";
import { apiOfAudience, issueUserTokens } from "./issue-user-tokens.ts";
import { judgeUserAccess } from "./judge-user-access.ts";
import { type Granted, scopesOf } from "./token-answer.ts";
import {
  audienceNotOfToken,
  audienceUnknown,
  parameterMissing,
  refreshTokenInvalid,
  refreshUserUnknown,
  type TokenRefusal,
  userBlocked,
} from "./token-refusals.ts";

/**
 * New tokens for a refresh token (RFC 6749 §6). Scopes are judged again by what user and client may have now, and the
 * Action speaks again; the token rotates last, so that a client that is refused for another reason keeps it.
 */
export async function grantRefreshToken(
  client: Client,
  parameters: ReadonlyMap<string, string>,
  request: ActionRequest,
  context: IssuerContext,
): Promise<Granted | TokenRefusal> {
  const { state, tenant } = context;
  const { refreshTokens } = state;
  const token = parameters.get("refresh_token") ?? "";
  if (token === "") return parameterMissing("refresh_token");
  const checked = await refreshTokens.check(token, client.clientId, client.refreshToken);
  if (!checked.ok) return refreshTokenInvalid(checked.reason);

  const { grant: stored } = checked;
  const audience = parameters.get("audience");
  if (audience !== undefined && audience !== stored.audience) return audienceNotOfToken(stored.audience);
  const user = findUser(tenant, stored.userId);
  if (!user) return refreshUserUnknown();
  if (user.isBlocked) return userBlocked("invalid_grant");
  if (stored.holders !== holdersOf(state.tenants, stored)) {
    // As when the token had never been: it is that of another, who had the id before.
    await refreshTokens.revoke(token, client.clientId);
    return refreshTokenInvalid("unknown");
  }
  const api = apiOfAudience(stored.audience, context);
  if (api === "missing") return audienceUnknown(stored.audience!);

  // (D) Fewer scopes may be asked for; more are left out without a word (?).
  const asked = scopesOf(parameters.get("scope"));
  const requested = asked.length === 0 ? stored.scopes : asked.filter((scope) => stored.scopes.includes(scope));
  const protocol = "oauth2-refresh-token";
  const access = await judgeUserAccess({ client, user, api, requested, request, protocol }, context);
  if ("reason" in access) return access;

  const used = await refreshTokens.use(token, client.clientId, client.refreshToken);
  if (!used.ok) return refreshTokenInvalid(used.reason);
  const grant = { ...stored, ...access };
  return issueUserTokens(
    { grant, client, user, api, grantType: "refresh_token", refreshToken: used.newToken },
    context,
  );
}
