import { type Api, type Client, findClientGrant, permissionsOf, type Tenant, type User } from "../tenant/tenant.ts";

/** Scopes of OpenID Connect that need no API (D). */
export const OIDC_SCOPES: readonly string[] = ["openid", "profile", "email", "address", "phone", "offline_access"];

export type UserScopesVerdict =
  | {
      readonly ok: true;
      readonly scopes: readonly string[];
      /** Asked for and left out, silently on Auth0, with what stood against each. */
      readonly dropped: readonly DroppedScope[];
    }
  /** The API's user policy (`subject_type_authorization.user`) lets this client ask for none of its tokens. */
  | { readonly ok: false; readonly reason: "user_access_denied" | "user_grant_missing" };

export interface DroppedScope {
  readonly scope: string;
  readonly because: "not_defined" | "not_permitted" | "not_granted_to_client" | "offline_access_off";
}

/**
 * Which of the requested scopes a user's token gets (D): those of OpenID Connect, and those that the API defines, with
 * RBAC only those among the user's permissions, with a required client grant only those in it. The rest is left out
 * without an error. `offline_access` needs the API's leave, and the client's grant type.
 */
export function decideUserScopes(
  tenant: Tenant,
  {
    client,
    api,
    user,
    requested,
  }: {
    readonly client: Client;
    readonly api: Api | undefined;
    readonly user: User;
    readonly requested: readonly string[];
  },
): UserScopesVerdict {
  const grant = api && findClientGrant(tenant, client.clientId, api.identifier, "user");
  if (api?.userPolicy === "deny_all") return { ok: false, reason: "user_access_denied" };
  if (api?.userPolicy === "require_client_grant" && !grant) return { ok: false, reason: "user_grant_missing" };
  const permissions = api?.enforcePolicies ? permissionsOf(tenant, user, api.identifier) : undefined;
  const scopes: string[] = [];
  const dropped: DroppedScope[] = [];
  for (const scope of new Set(requested)) {
    const because = whyDropped(scope);
    if (because === undefined) scopes.push(scope);
    else dropped.push({ scope, because });
  }
  return { ok: true, scopes, dropped };

  function whyDropped(scope: string): DroppedScope["because"] | undefined {
    if (scope === "offline_access") {
      const isAllowed = api?.allowOfflineAccess !== false && client.grantTypes.includes("refresh_token");
      return isAllowed ? undefined : "offline_access_off";
    }
    if (OIDC_SCOPES.includes(scope)) return undefined;
    if (!api?.scopes.includes(scope)) return "not_defined";
    if (permissions && !permissions.includes(scope)) return "not_permitted";
    if (api.userPolicy === "require_client_grant" && !grant?.scopes.includes(scope)) return "not_granted_to_client";
    return undefined;
  }
}
