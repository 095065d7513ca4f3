import type { IssuerContext } from "../issuer-context.ts";
import { headerValues, type IssuerRequest } from "../issuer-request.ts";

/**
 * Whether a form was sent by a page of the issuer's own, as far as the browser says. The issuer's own origin is the one
 * that was asked: the Host is of this machine by now, and 127.0.0.1 is as good as localhost. `Origin: null` is foreign.
 */
export function isOwnForm(request: IssuerRequest, { issuerUrl }: IssuerContext): boolean {
  const origins = headerValues(request, "origin");
  if (origins.length === 0) return true; // an old browser, or no browser; the transaction's cookie is still needed
  const asked = `${new URL(issuerUrl).protocol}//${headerValues(request, "host")[0] ?? ""}`;
  return origins.length === 1 && URL.canParse(asked) && origins[0] === new URL(asked).origin;
}
