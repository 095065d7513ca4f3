import { decodeJwt } from "../../token/decode-jwt.ts";
import { parseKeySet } from "../../token/key-set.ts";
import { verifyJwt } from "../../token/verify-jwt.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { type IssuerAnswer, type IssuerRequest, textAnswer } from "../issuer-request.ts";
import { type Client, findClient } from "../tenant/tenant.ts";
import { clientUnknown } from "./authorize-refusals.ts";
import { endedSessionCookie, readCookie, SESSION_COOKIE } from "./cookies.ts";
import { currentLogin } from "./current-login.ts";
import { redirectAnswer } from "./html.ts";
import { readParameters } from "./read-parameters.ts";
import { asLocation, isRedirectTarget, withQuery } from "./redirect-target.ts";
import { type PageRefusal, parametersMalformed, refuseOnPage } from "./refusals.ts";

const MAX_SHOWN_URLS = 50;

/** GET /v2/logout. `federated` would end the session at an outer provider too, and there is none. */
export async function answerLogout(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const read = readParameters(request);
  if (!read.ok) return refuseOnPage(request, context, parametersMalformed(read.description));
  const { parameters } = read;
  const clientId = parameters.get("client_id") || undefined;
  return logOut(request, context, { clientId, parameter: "returnTo", url: parameters.get("returnTo") || undefined });
}

/**
 * GET and POST /oidc/logout (OpenID Connect RP-Initiated Logout 1.0). The client is the hint's `aud`, or `client_id`.
 * Auth0 may ask the person whether to log out where there is no hint (D); here nobody is asked.
 */
export async function answerOidcLogout(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const read = readParameters(request);
  if (!read.ok) return refuseOnPage(request, context, parametersMalformed(read.description));
  const { parameters } = read;
  const named = parameters.get("client_id") || undefined;
  const hint = parameters.get("id_token_hint") || undefined;
  const hinted = hint === undefined ? undefined : clientOfHint(hint, context);
  if (hint !== undefined && (hinted === undefined || (named !== undefined && named !== hinted.clientId))) {
    return refuseOnPage(request, context, hinted === undefined ? HINT_INVALID : HINT_OF_OTHER_CLIENT, {
      clientId: named,
    });
  }
  return logOut(request, context, {
    clientId: hinted?.clientId ?? named,
    parameter: "post_logout_redirect_uri",
    url: parameters.get("post_logout_redirect_uri") || undefined,
    state: parameters.get("state"),
  });
}

/** Our texts: Auth0's are not known. */
const HINT_INVALID: PageRefusal = {
  status: 400,
  reason: "id_token_hint_invalid",
  description: "The id_token_hint is not an ID token of this issuer.",
};
const HINT_OF_OTHER_CLIENT: PageRefusal = {
  status: 400,
  reason: "id_token_hint_invalid",
  description: "The id_token_hint was given to another application than client_id names.",
};

/** Whose ID token it is. Signature and issuer must be right; that it has expired is no matter (D). */
function clientOfHint(hint: string, { issuerUrl, state, tenant }: IssuerContext): Client | undefined {
  const decoded = decodeJwt(hint);
  const audience = decoded.ok ? decoded.claims.aud : undefined;
  const client = typeof audience === "string" ? findClient(tenant, audience) : undefined;
  const parsed = parseKeySet(state.keys.jwks(["RS256"]), { fetchedAtMs: state.clock() });
  if (!client || !parsed.ok) return undefined;
  const verdict = verifyJwt(hint, {
    keys: parsed.keys,
    issuers: [issuerUrl],
    audiences: [client.clientId],
    nowSeconds: state.clock() / 1000,
  });
  return verdict.ok || verdict.reason === "token_expired" ? client : undefined;
}

interface Logout {
  readonly clientId: string | undefined;
  readonly parameter: "returnTo" | "post_logout_redirect_uri";
  readonly url: string | undefined;
  readonly state?: string | undefined;
}

/**
 * With a client its list counts, without one the tenant's; without a URL a client's first one is it, and with neither
 * the answer is a plain `OK` (D). A request that is refused ends no session (?).
 */
async function logOut(
  request: IssuerRequest,
  context: IssuerContext,
  { clientId, parameter, url, state: clientState }: Logout,
): Promise<IssuerAnswer> {
  const { issuerUrl, state, tenant } = context;
  const client = clientId === undefined ? undefined : findClient(tenant, clientId);
  if (clientId !== undefined && !client) {
    const { hint: _, ...refusal } = clientUnknown(clientId, undefined); // (?) the text of /authorize
    return refuseOnPage(request, context, refusal, { clientId });
  }
  const allowed = client ? client.allowedLogoutUrls : tenant.allowedLogoutUrls;
  const goal = url ?? (client ? allowed[0] : undefined);
  if (goal !== undefined && !(isListed(goal, allowed) && isRedirectTarget(goal))) {
    return refuseOnPage(request, context, notListed(parameter, goal, allowed), { clientId });
  }

  const cookie = readCookie(request, SESSION_COOKIE);
  const session = (await currentLogin(request, context))?.session;
  if (cookie.ok) await state.sessions.end(cookie.value);
  if (session) {
    state.emit({ kind: "logged_out", userId: session.userId, ...(client && { clientId: client.clientId }) });
  }
  const ended = endedSessionCookie(issuerUrl);
  if (goal === undefined) {
    const answer = textAnswer(200, "OK");
    return { ...answer, headers: [...answer.headers, ...ended] };
  }
  const location = clientState === undefined ? goal : withQuery(goal, [["state", clientState]]);
  return redirectAnswer(asLocation(location), ended);
}

/** Query and fragment are not looked at, the rest is compared character for character (D: Allowed Logout URLs). */
function isListed(url: string, allowed: readonly string[]): boolean {
  return allowed.some((each) => withoutQuery(each) === withoutQuery(url));
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

/** (C) for `returnTo`; that of the OIDC logout is (?). */
function notListed(parameter: Logout["parameter"], url: string, allowed: readonly string[]): PageRefusal {
  return {
    status: 400,
    reason: "logout_url_not_listed",
    description: `The "${parameter}" querystring parameter "${url}" is not defined as a valid URL in "Allowed Logout URLs".`,
    expected: allowed.slice(0, MAX_SHOWN_URLS),
    actual: url,
  };
}
