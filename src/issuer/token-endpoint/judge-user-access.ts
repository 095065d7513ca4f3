import type { ActionRequest, PostLogin } from "../actions/actions.ts";
import type { IssuerContext } from "../issuer-context.ts";
import type { AuthorizationGrant } from "../login/authorization-grant.ts";
import type { Api, Client, User } from "../tenant/tenant.ts";
import { decideUserScopes } from "../tokens/decide-scopes.ts";
import { emitWarnings } from "./emit-warnings.ts";
import { refusedByAction, type TokenRefusal, userAccessDenied } from "./token-refusals.ts";

/** What a user gets of what a token request asks for: policies and RBAC first, then the Action, which wins over both (D). */
export async function judgeUserAccess(
  {
    api,
    client,
    protocol,
    request,
    requested,
    user,
  }: {
    readonly client: Client;
    readonly user: User;
    readonly api: Api | undefined;
    readonly requested: readonly string[];
    readonly request: ActionRequest;
    readonly protocol: PostLogin["protocol"];
  },
  { state, tenant }: IssuerContext,
): Promise<Pick<AuthorizationGrant, "scopes" | "accessTokenClaims" | "idTokenClaims"> | TokenRefusal> {
  const decided = decideUserScopes(tenant, { client, api, user, requested });
  if (!decided.ok) return userAccessDenied(client.clientId, api!.identifier, decided.reason); // only an API has such a policy
  const roles = tenant.roles.filter(({ id }) => user.roles.includes(id));
  const { scopes } = decided;
  const verdict = await state.actions.postLogin({
    tenant,
    user,
    roles,
    client,
    api,
    requestedScopes: requested,
    scopes,
    request,
    protocol,
  });
  if (!verdict.ok) return refusedByAction(verdict);
  emitWarnings(verdict.warnings, state);
  const { accessTokenClaims, idTokenClaims } = verdict;
  return { scopes: verdict.scopes, accessTokenClaims, idTokenClaims };
}
