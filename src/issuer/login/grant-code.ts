import type { ActionRequest } from "../actions/actions.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { eventText } from "../issuer-event.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";
import type { User } from "../tenant/tenant.ts";
import { type DroppedScope, decideUserScopes } from "../tokens/decide-scopes.ts";
import { askPerson } from "./ask-person.ts";
import { CONSENT_REQUIRED, MFA_REQUIRED, userAccessRefused } from "./authorize-refusals.ts";
import { type ConsentSubject, isConsented, wantsConsent } from "./consents.ts";
import { holdersOf } from "./holders.ts";
import type { Authorization } from "./judge-authorization.ts";
import { claimedBy, refuseByResponse } from "./refusals.ts";
import { respond } from "./respond.ts";
import type { Session } from "./sessions.ts";

/** Of whoever was removed while this request was answered: nobody's. */
const GONE = "";

/** A request whose user is known. */
export interface LoggedIn {
  readonly parameters: ReadonlyMap<string, string>;
  /** Of /authorize, for Actions. */
  readonly request: ActionRequest;
  readonly authorization: Authorization;
  readonly session: Session;
  readonly user: User;
}

/** Settles scopes, asks for consent where it is wanted and missing, and grants the code. */
export async function settle(
  request: IssuerRequest,
  context: IssuerContext,
  login: LoggedIn & { readonly hasConsent?: boolean },
): Promise<IssuerAnswer> {
  const { state, tenant } = context;
  const { authorization, parameters, session, user } = login;
  const { api, client, requestedScopes, target } = authorization;
  // Before anything is waited for: the ids may be another's afterwards.
  const { holders } = consentSubject(login, context);
  if (user.hasMultifactor) return refuseByResponse(request, context, target, MFA_REQUIRED, claimedBy(parameters));
  const verdict = decideUserScopes(tenant, { client, api, user, requested: requestedScopes });
  if (!verdict.ok) {
    const refusal = userAccessRefused(verdict.reason, client.clientId, api?.identifier ?? "");
    return refuseByResponse(request, context, target, refusal, claimedBy(parameters));
  }
  const { scopes, dropped } = verdict;
  if (login.hasConsent !== true && (await isConsentMissing(context, login, scopes))) {
    if (target.isSilent) return refuseByResponse(request, context, target, CONSENT_REQUIRED, claimedBy(parameters));
    return askPerson(request, context, { parameters, request: login.request, page: "consent", session });
  }
  for (const each of dropped) warnOfScope(context, login, each);

  const action = await state.actions.postLogin({
    tenant,
    user,
    roles: tenant.roles.filter(({ id }) => user.roles.includes(id)),
    client,
    api,
    requestedScopes,
    scopes,
    request: login.request,
    protocol: "oidc-basic-profile",
  });
  if (!action.ok) {
    const { reason, error, description } = action;
    return refuseByResponse(request, context, target, { reason, error, description }, claimedBy(parameters));
  }
  for (const { reason, message } of action.warnings) state.emit({ kind: "warned", reason, message });

  const code = state.codes.issue({
    clientId: client.clientId,
    userId: user.userId,
    holders,
    ...(api && { audience: api.identifier }),
    scopes: action.scopes,
    authTimeSeconds: session.authTimeSeconds,
    sessionId: session.sessionId,
    accessTokenClaims: action.accessTokenClaims,
    idTokenClaims: action.idTokenClaims,
    redirectUri: target.redirectUri,
    isRedirectUriImplied: authorization.isRedirectUriImplied,
    ...(authorization.nonce !== undefined && { nonce: authorization.nonce }),
    hasMaxAge: authorization.maxAgeSeconds !== undefined,
    ...(authorization.codeChallenge && { codeChallenge: authorization.codeChallenge }),
  });
  return respond(target, [["code", code]]);
}

/** Consent is given for what is granted, not for what was asked in vain. */
export function consentSubject({ authorization, user }: LoggedIn, { state }: IssuerContext): ConsentSubject {
  const { api, client } = authorization;
  const [{ clientId }, { userId }] = [client, user];
  const holders = holdersOf(state.tenants, { clientId, userId }) ?? GONE;
  return { userId, clientId, holders, audience: api?.identifier };
}

async function isConsentMissing(context: IssuerContext, login: LoggedIn, scopes: readonly string[]): Promise<boolean> {
  const { state, tenant } = context;
  const { prompts, api, client, target } = login.authorization;
  if (prompts.includes("consent")) return true;
  if (!wantsConsent(tenant, { client, api, redirectUri: target.redirectUri })) return false;
  return !(await isConsented(state.documents(), consentSubject(login, context), scopes));
}

const WHY_DROPPED: Readonly<Record<DroppedScope["because"], string>> = {
  not_defined: "the API does not define it, or no API was asked for",
  not_permitted: "the API's RBAC is on, and the user has no such permission",
  not_granted_to_client: "the application's client grant for users does not hold it",
  offline_access_off: "the API does not allow offline access, or the application has no grant type refresh_token",
};

function warnOfScope(
  { state }: IssuerContext,
  { authorization, user }: LoggedIn,
  { scope, because }: DroppedScope,
): void {
  const { api, client } = authorization;
  const asked = `"${client.name}" asked for the scope "${eventText(scope)}"${api ? ` of "${api.identifier}"` : ""}`;
  const message = `${asked} for ${user.userId}: left out, since ${WHY_DROPPED[because]}.`;
  state.emit({ kind: "warned", reason: "scope_dropped", message });
}
