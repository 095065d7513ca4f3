import { createHash, timingSafeEqual } from "node:crypto";
import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";
import { findUser, findUserByLogin, type Tenant, type User } from "../tenant/tenant.ts";
import { USER_BLOCKED } from "./authorize-refusals.ts";
import { readCookie, SESSION_COOKIE, sessionCookie } from "./cookies.ts";
import { settle } from "./grant-code.ts";
import { sessionHolder } from "./holders.ts";
import { type Html, html, pageAnswer } from "./html.ts";
import { type Authorization, judgeAuthorization } from "./judge-authorization.ts";
import { openTransaction } from "./open-transaction.ts";
import { claimedBy, refuseAuthorization, refuseByResponse, refuseOnPage, TRANSACTION_UNKNOWN } from "./refusals.ts";
import { SESSION_ABSOLUTE_SECONDS } from "./sessions.ts";

/** More users than this are not shown; `login_hint` brings any of them to the front. */
export const MAX_SHOWN_USERS = 100;

/** (C) the text of the password grant; the login form's own is not known. */
const WRONG_PASSWORD = "Wrong email or password.";

/** GET /u/login: a button for each user, or a form for email and password. */
export async function answerLoginPage(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const opened = openTransaction(request, context, "login");
  if (!opened.ok) return opened.answer;
  const { parameters, id } = opened.transaction;
  const verdict = judgeAuthorization(parameters, context);
  if (!verdict.ok) return refuseAuthorization(request, context, parameters, verdict);
  return loginPage(context.tenant, verdict.authorization, { id, email: verdict.authorization.loginHint ?? "" });
}

/** POST /u/login: begins the session, and goes on as /authorize would have. */
export async function answerLoginForm(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const opened = openTransaction(request, context, "login");
  if (!opened.ok) return opened.answer;
  const { form, transaction } = opened;
  const { parameters } = transaction;
  const { state, tenant } = context;
  // The tenant may have changed since the page was shown.
  const verdict = judgeAuthorization(parameters, context);
  if (!verdict.ok) {
    state.transactions.end(transaction);
    return refuseAuthorization(request, context, parameters, verdict);
  }
  const { authorization } = verdict;

  // The tenant's mode decides what is read, never the form: a button's field must not get around a password.
  const email = form.get("email") ?? "";
  const user =
    tenant.login === "buttons"
      ? findUser(tenant, form.get("user") ?? "")
      : findByPassword(tenant, email, form.get("password") ?? "");
  if (user === undefined) {
    const clientId = authorization.client.clientId;
    const [reason, description] =
      tenant.login === "buttons"
        ? (["parameters_malformed", "There is no such user."] as const)
        : (["password_wrong", WRONG_PASSWORD] as const);
    state.emit({ kind: "refused", endpoint: "POST /u/login", reason, description, clientId });
    if (!state.transactions.countFailure(transaction)) return refuseOnPage(request, context, TRANSACTION_UNKNOWN);
    return loginPage(tenant, authorization, { id: transaction.id, email, problem: description });
  }
  if (!state.transactions.end(transaction)) return refuseOnPage(request, context, TRANSACTION_UNKNOWN);
  if (user.isBlocked) {
    return refuseByResponse(request, context, authorization.target, USER_BLOCKED, claimedBy(parameters));
  }

  const holder = sessionHolder(state.tenants, user);
  const before = readCookie(request, SESSION_COOKIE);
  if (before.ok) await state.sessions.end(before.value);
  const { secret, session } = await state.sessions.create(holder);
  state.emit({ kind: "logged_in", clientId: authorization.client.clientId, userId: user.userId });
  const answer = await settle(request, context, {
    parameters,
    request: transaction.request,
    authorization,
    session,
    user,
  });
  const cookie = sessionCookie(secret, SESSION_ABSOLUTE_SECONDS, context.issuerUrl);
  return { ...answer, headers: [...answer.headers, ...cookie] };
}

/** Takes as long for an unknown name as for a wrong password. A user without a password cannot log in with one. */
function findByPassword(tenant: Tenant, login: string, password: string): User | undefined {
  const user = findUserByLogin(tenant, login);
  const isEqual = timingSafeEqual(digest(user?.password ?? ""), digest(password));
  return isEqual && user !== undefined && user.password !== "" ? user : undefined;
}

function digest(password: string): Buffer {
  return createHash("sha256").update(password).digest();
}

interface LoginPage {
  readonly id: string;
  readonly email: string;
  readonly problem?: string;
}

function loginPage(tenant: Tenant, authorization: Authorization, { id, email, problem }: LoginPage): IssuerAnswer {
  const { api, client, loginHint } = authorization;
  const fields = tenant.login === "buttons" ? userButtons(tenant, loginHint) : passwordFields(tenant, email);
  const body = html`<h1>Log in to ${client.name}</h1>
${api && html`<p><small>to call ${api.name} (${api.identifier})</small></p>`}
${problem !== undefined && html`<p class="error">${problem}</p>`}
<form method="post" action="/u/login"><input type="hidden" name="state" value="${id}">${fields}</form>`;
  return pageAnswer(problem === undefined ? 200 : 400, { title: "Log in", body });
}

function userButtons(tenant: Tenant, loginHint: string | undefined): Html {
  if (tenant.users.length === 0)
    return html`<p>This tenant has no users. To add one: <code>gatewarden issuer user create EMAIL</code></p>`;
  const isHinted = ({ userId, email }: User): boolean =>
    loginHint !== undefined && (userId === loginHint || email?.toLowerCase() === loginHint.toLowerCase());
  const users = [...tenant.users.filter(isHinted), ...tenant.users.filter((user) => !isHinted(user))];
  const buttons = users.slice(0, MAX_SHOWN_USERS).map(
    (user) =>
      html`<button name="user" value="${user.userId}"${isHinted(user) && html` class="first" autofocus`}>${user.name}
<br><small>${user.email ?? user.userId}${user.isBlocked && " (blocked)"}</small></button>`,
  );
  const rest = users.length - buttons.length;
  return html`${buttons}${rest > 0 && html`<p><small>${rest} more: choose one with login_hint.</small></p>`}`;
}

function passwordFields({ users }: Tenant, email: string): Html {
  const hasUsernames = users.some(({ username }) => username !== undefined);
  const [label, type] = hasUsernames ? ["Username or email", "text"] : ["Email", "email"];
  return html`<label>${label} <input type="${type}" name="email" value="${email}" autocomplete="username" required></label>
<label>Password <input type="password" name="password" autocomplete="current-password" required></label>
<button>Log in</button>`;
}
