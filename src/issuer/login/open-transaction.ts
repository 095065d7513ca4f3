import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";
import { readCookie, TRANSACTION_COOKIE } from "./cookies.ts";
import { isOwnForm } from "./own-origin.ts";
import { readParameters } from "./read-parameters.ts";
import { ORIGIN_FOREIGN, parametersMalformed, refuseOnPage, TRANSACTION_UNKNOWN } from "./refusals.ts";
import type { Transaction } from "./transactions.ts";

export type OpenedTransaction<PageName extends Transaction["page"]> =
  | {
      readonly ok: true;
      readonly transaction: Extract<Transaction, { readonly page: PageName }>;
      readonly form: ReadonlyMap<string, string>;
    }
  | { readonly ok: false; readonly answer: IssuerAnswer };

/**
 * The login that a request to one of our pages belongs to: named by the page's hidden field (or, to show the page, by
 * its address), begun by this very browser, and for a form sent by our own page.
 */
export function openTransaction<PageName extends Transaction["page"]>(
  request: IssuerRequest,
  context: IssuerContext,
  page: PageName,
): OpenedTransaction<PageName> {
  if (request.method === "POST" && !isOwnForm(request, context)) {
    return { ok: false, answer: refuseOnPage(request, context, ORIGIN_FOREIGN) };
  }
  const read = readParameters(request);
  if (!read.ok) return { ok: false, answer: refuseOnPage(request, context, parametersMalformed(read.description)) };
  const cookie = readCookie(request, TRANSACTION_COOKIE);
  const browserSecret = cookie.ok ? cookie.value : undefined;
  const transaction = context.state.transactions.find(read.parameters.get("state") ?? "", browserSecret);
  if (!isOf(transaction, page)) {
    return { ok: false, answer: refuseOnPage(request, context, TRANSACTION_UNKNOWN) };
  }
  const clientId = transaction.parameters.get("client_id") ?? "";
  const incarnation = context.state.tenants.incarnationOf("applications", clientId);
  // One that is gone is told so when the request is judged again.
  if (incarnation !== undefined && incarnation !== transaction.incarnation) {
    context.state.transactions.end(transaction);
    return { ok: false, answer: refuseOnPage(request, context, TRANSACTION_UNKNOWN) };
  }
  return { ok: true, transaction, form: read.parameters };
}

function isOf<PageName extends Transaction["page"]>(
  transaction: Transaction | undefined,
  page: PageName,
): transaction is Extract<Transaction, { readonly page: PageName }> {
  return transaction?.page === page;
}
