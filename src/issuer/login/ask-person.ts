import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";
import { readCookie, TRANSACTION_COOKIE, transactionCookie } from "./cookies.ts";
import { redirectAnswer } from "./html.ts";
import { type AskedStep, TRANSACTION_LIFETIME_SECONDS } from "./transactions.ts";

/** Sends the browser to a page of ours, bound to this browser by a cookie. */
export function askPerson(request: IssuerRequest, context: IssuerContext, asked: AskedStep): IssuerAnswer {
  const { tenants, transactions } = context.state;
  const cookie = readCookie(request, TRANSACTION_COOKIE);
  const incarnation = tenants.incarnationOf("applications", asked.parameters.get("client_id") ?? "");
  const step = { ...asked, incarnation };
  const { transaction, browserSecret } = transactions.begin(step, cookie.ok ? cookie.value : undefined);
  // `state` in this address is what Auth0 calls the transaction's id (C); the application's own stays here.
  return redirectAnswer(
    `/u/${step.page}?state=${transaction.id}`,
    transactionCookie(browserSecret, TRANSACTION_LIFETIME_SECONDS, context.issuerUrl),
  );
}
