import type { ActionRequest } from "../actions/actions.ts";
import type { IssuerContext } from "../issuer-context.ts";
import type { AuthorizationGrant } from "../login/authorization-grant.ts";
import { holdersOf } from "../login/holders.ts";
import { type Client, findUserByLogin } from "../tenant/tenant.ts";
import { isSameSecret } from "./authenticate-client.ts";
import { apiOfAudience, issueRefreshToken, issueUserTokens } from "./issue-user-tokens.ts";
import { judgeUserAccess } from "./judge-user-access.ts";
import { type Granted, scopesOf } from "./token-answer.ts";
import {
  audienceUnknown,
  mfaRequired,
  parameterMissing,
  passwordWrong,
  realmUnknown,
  type TokenRefusal,
  userBlocked,
} from "./token-refusals.ts";

/** Auth0's name for the database that every tenant begins with: the only connection here. */
export const REALM = "Username-Password-Authentication";

/** A user's tokens for email and password (RFC 6749 §4.3), `password-realm` with the connection named. */
export async function grantPassword(
  client: Client,
  parameters: ReadonlyMap<string, string>,
  request: ActionRequest,
  context: IssuerContext,
  { hasRealm }: { readonly hasRealm: boolean },
): Promise<Granted | TokenRefusal> {
  const { state, tenant } = context;
  const missing = ["username", "password", ...(hasRealm ? ["realm"] : [])].find((name) => !parameters.get(name));
  if (missing !== undefined) return parameterMissing(missing);
  if (hasRealm && parameters.get("realm") !== REALM) return realmUnknown();
  const audience = parameters.get("audience") ?? tenant.defaultAudience;
  const api = apiOfAudience(audience, context);
  if (api === "missing") return audienceUnknown(audience!);

  const user = findUserByLogin(tenant, parameters.get("username")!);
  // As long for an unknown user as for a wrong password, and never right for one without: what was sent is not empty.
  const isRight = isSameSecret(user?.password ?? "", parameters.get("password")!);
  if (!user || !isRight) return passwordWrong();
  if (user.isBlocked) return userBlocked("unauthorized");
  if (user.hasMultifactor) return mfaRequired();
  const [{ clientId }, { userId }] = [client, user];
  // Before anything is waited for: the ids may be another's afterwards. Of who is gone it is nobody's.
  const holders = holdersOf(state.tenants, { clientId, userId }) ?? "";

  const asked = scopesOf(parameters.get("scope"));
  // (D) Who asks for nothing gets all, since the application is trusted with the password.
  const requested = asked.length === 0 ? (api?.scopes ?? []) : asked;
  const protocol = "oauth2-password";
  const access = await judgeUserAccess({ client, user, api, requested, request, protocol }, context);
  if ("reason" in access) return access;

  const grant: AuthorizationGrant = {
    clientId,
    userId,
    holders,
    ...(api && { audience: api.identifier }),
    authTimeSeconds: Math.floor(state.clock() / 1000),
    ...access,
  };
  const refresh = await issueRefreshToken(grant, client, api, context);
  return issueUserTokens({ grant, client, user, api, grantType: "password", refreshToken: refresh?.token }, context);
}
