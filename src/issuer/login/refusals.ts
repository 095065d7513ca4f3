import type { IssuerContext } from "../issuer-context.ts";
import { eventText } from "../issuer-event.ts";
import { type IssuerAnswer, type IssuerRequest, methodAndPath } from "../issuer-request.ts";
import type { IssuerReason } from "../reasons.ts";
import { shownClientId } from "../redact-event.ts";
import { type Html, html, pageAnswer } from "./html.ts";
import type { AuthorizationVerdict } from "./judge-authorization.ts";
import { type ResponseTarget, respond } from "./respond.ts";

/** A refusal that is shown to the person, because nobody may be redirected. */
export interface PageRefusal {
  readonly status: 400 | 403;
  readonly reason: IssuerReason;
  /** Auth0's sentence where it is known. */
  readonly description: string;
  /** The same for events, where what the sentence quotes may be a secret. */
  readonly logged?: string;
  /** Ours, set apart from it. */
  readonly hint?: Html;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

/** A refusal that the application is told, by its response mode. */
export interface RedirectRefusal {
  readonly reason: IssuerReason;
  readonly error: string;
  readonly description: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

type Logged = Pick<PageRefusal, "reason" | "description" | "logged" | "expected" | "actual">;

/** The client and the API, as the request claims. */
export interface Claimed {
  readonly clientId?: string | undefined;
  readonly audience?: string | undefined;
}

export function refuseOnPage(
  request: IssuerRequest,
  context: IssuerContext,
  refusal: PageRefusal,
  claimed: Claimed = {},
  headers: readonly string[] = [],
): IssuerAnswer {
  emitRefusal(request, context, refusal, claimed);
  const { status, description, hint } = refusal;
  const body = html`<h1>This request was refused</h1><p class="error">${description}</p>${hint}`;
  return pageAnswer(status, { title: "Refused", body, headers });
}

export function refuseByResponse(
  request: IssuerRequest,
  context: IssuerContext,
  target: ResponseTarget,
  refusal: RedirectRefusal,
  claimed: Claimed = {},
): IssuerAnswer {
  emitRefusal(request, context, refusal, claimed);
  return respond(target, [
    ["error", refusal.error],
    ["error_description", refusal.description],
  ]);
}

/** Tells whom it concerns: the person where nobody may be redirected, else the application. */
export function refuseAuthorization(
  request: IssuerRequest,
  context: IssuerContext,
  parameters: ReadonlyMap<string, string>,
  verdict: AuthorizationVerdict & { readonly ok: false },
): IssuerAnswer {
  return verdict.shownTo === "person"
    ? refuseOnPage(request, context, verdict.refusal, claimedBy(parameters))
    : refuseByResponse(request, context, verdict.target, verdict.refusal, claimedBy(parameters));
}

export function claimedBy(parameters: ReadonlyMap<string, string>): Claimed {
  return { clientId: parameters.get("client_id"), audience: parameters.get("audience") };
}

function emitRefusal(
  request: IssuerRequest,
  { state, tenant }: IssuerContext,
  { reason, description, logged = description, expected, actual }: Logged,
  { clientId, audience }: Claimed,
): void {
  state.emit({
    kind: "refused",
    endpoint: methodAndPath(request),
    reason,
    description: eventText(logged),
    ...(clientId !== undefined && { clientId: shownClientId(clientId, tenant) }),
    ...(audience !== undefined && { audience: eventText(audience) }),
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual: typeof actual === "string" ? eventText(actual) : actual }),
  });
}

/** What was sent cannot be read. Auth0's answer to each such case is not known: the text is ours. */
export function parametersMalformed(description: string): PageRefusal {
  return { status: 400, reason: "parameters_malformed", description };
}

/** A login that ended, ran out of time or began elsewhere. */
export const TRANSACTION_UNKNOWN: PageRefusal = {
  status: 403,
  reason: "transaction_unknown",
  // (C) community.auth0.com 117674: the text that people search for.
  description:
    "invalid_request: You may have pressed the back button, refreshed during login, opened too many login dialogs, or there is some issue with cookies, since we couldn't find your session. Try logging in again from the application and if the problem persists please contact the administrator.",
};

export const ORIGIN_FOREIGN: PageRefusal = {
  status: 403,
  reason: "origin_foreign",
  description: "This form was sent by another site's page.",
};
