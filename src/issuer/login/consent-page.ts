import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";
import { decideUserScopes } from "../tokens/decide-scopes.ts";
import { CONSENT_DENIED } from "./authorize-refusals.ts";
import { rememberConsent } from "./consents.ts";
import { currentLogin } from "./current-login.ts";
import { consentSubject, type LoggedIn, settle } from "./grant-code.ts";
import { html, pageAnswer } from "./html.ts";
import { judgeAuthorization } from "./judge-authorization.ts";
import { openTransaction } from "./open-transaction.ts";
import {
  claimedBy,
  parametersMalformed,
  refuseAuthorization,
  refuseByResponse,
  refuseOnPage,
  TRANSACTION_UNKNOWN,
} from "./refusals.ts";
import type { Transaction } from "./transactions.ts";

/** What the scopes of OpenID Connect mean to a person. */
const OIDC_DESCRIPTIONS: ReadonlyMap<string, string> = new Map([
  ["openid", "Know who you are"],
  ["profile", "Read your profile: name, nickname and picture"],
  ["email", "Read your email address"],
  ["address", "Read your address"],
  ["phone", "Read your phone number"],
  ["offline_access", "Keep its access while you are away"],
]);

/** GET /u/consent: what the application would get. */
export async function answerConsentPage(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const opened = await openConsent(request, context);
  return opened.ok ? consentPage(opened, context) : opened.answer;
}

function consentPage(
  { login, scopes, transaction }: Extract<OpenedConsent, { readonly ok: true }>,
  { state }: IssuerContext,
  problem?: string,
): IssuerAnswer {
  state.transactions.show(transaction, scopes);
  const { authorization, user } = login;
  const { api, client } = authorization;
  const descriptions = new Map([...OIDC_DESCRIPTIONS, ...Object.entries(api?.scopeDescriptions ?? {})]);
  const items = scopes.map((scope) => {
    const description = descriptions.get(scope);
    return html`<li><code>${scope}</code>${description !== undefined && html`<br><small>${description}</small>`}</li>`;
  });
  const body = html`<h1>Authorize ${client.name}</h1>
${problem !== undefined && html`<p class="error">${problem}</p>`}
<p>${client.name} wants access${api && html` to ${api.name} (${api.identifier})`} as ${user.name}.</p>
${items.length > 0 && html`<ul>${items}</ul>`}
<form method="post" action="/u/consent"><input type="hidden" name="state" value="${transaction.id}">
<button name="action" value="accept" class="first">Accept</button><button name="action" value="decline">Decline</button></form>`;
  return pageAnswer(200, { title: "Authorize", body });
}

/** POST /u/consent */
export async function answerConsentForm(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const opened = await openConsent(request, context);
  if (!opened.ok) return opened.answer;
  const { form, login, scopes, transaction } = opened;
  const action = form.get("action");
  if (action !== "accept" && action !== "decline") {
    return refuseOnPage(request, context, parametersMalformed("The form must accept or decline."));
  }
  const { state } = context;
  // The tenant may have changed since the page was shown: a yes is to what was read. Fewer scopes need no other yes.
  const shown = transaction.shownScopes;
  if (action === "accept" && !(shown && scopes.every((scope) => shown.includes(scope)))) {
    return consentPage(opened, context, "What the application would get has changed since this page was shown.");
  }
  if (!state.transactions.end(transaction)) return refuseOnPage(request, context, TRANSACTION_UNKNOWN);
  if (action === "decline") {
    const { target } = login.authorization;
    return refuseByResponse(request, context, target, CONSENT_DENIED, claimedBy(login.parameters));
  }
  await rememberConsent(state.documents(), consentSubject(login, context), scopes);
  return settle(request, context, { ...login, hasConsent: true });
}

type OpenedConsent =
  | {
      readonly ok: true;
      readonly transaction: Extract<Transaction, { readonly page: "consent" }>;
      readonly form: ReadonlyMap<string, string>;
      readonly login: LoggedIn;
      readonly scopes: readonly string[];
    }
  | { readonly ok: false; readonly answer: IssuerAnswer };

async function openConsent(request: IssuerRequest, context: IssuerContext): Promise<OpenedConsent> {
  const opened = openTransaction(request, context, "consent");
  if (!opened.ok) return opened;
  const { form, transaction } = opened;
  const { parameters } = transaction;
  const verdict = judgeAuthorization(parameters, context);
  if (!verdict.ok) return { ok: false, answer: refuseAuthorization(request, context, parameters, verdict) };
  // Whoever consents must still be logged in: a page left open in another tab is not enough.
  const current = await currentLogin(request, context);
  if (current?.session.sessionId !== transaction.session.sessionId) {
    return { ok: false, answer: refuseOnPage(request, context, TRANSACTION_UNKNOWN) };
  }
  const { authorization } = verdict;
  const { api, client, requestedScopes: requested } = authorization;
  const { user } = current;
  const decided = decideUserScopes(context.tenant, { client, api, user, requested });
  const login = { parameters, request: transaction.request, authorization, ...current };
  return { ok: true, transaction, form, login, scopes: decided.ok ? decided.scopes : [] };
}
