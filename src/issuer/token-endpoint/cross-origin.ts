import type { IssuerContext } from "../issuer-context.ts";
import { eventText } from "../issuer-event.ts";
import { headerValues, type IssuerAnswer, type IssuerRequest, methodAndPath } from "../issuer-request.ts";
import { allowedOrigins } from "../login/origins.ts";
import type { Client } from "../tenant/tenant.ts";

/** What a page may send besides the simple headers: Auth0's own SDK sends `auth0-client` (P). */
const ALLOWED_HEADERS = "authorization, content-type, auth0-client, dpop";
/** So that a page's second request asks no more. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** The answer to a browser's question whether a page may call an endpoint: for the origins of any client. */
export function answerPreflight(request: IssuerRequest, methods: string, context: IssuerContext): IssuerAnswer {
  const allow = [
    ...["access-control-allow-methods", methods],
    ...["access-control-allow-headers", ALLOWED_HEADERS],
    ...["access-control-max-age", String(PREFLIGHT_MAX_AGE_SECONDS)],
  ];
  const cors = corsHeaders(request, context.tenant.clients, context);
  const isAllowed = cors.includes("access-control-allow-origin");
  return { status: 204, headers: [...cors, ...(isAllowed ? allow : [])], body: "" };
}

/**
 * Lets the page read the answer if its origin is one of these clients'. Nothing is refused here: the browser does that,
 * and its developer sees no more than "CORS error", so an unknown origin is warned of.
 */
export function corsHeaders(
  request: IssuerRequest,
  clients: readonly Client[],
  { issuerUrl, state }: IssuerContext,
): readonly string[] {
  const vary = ["vary", "Origin"];
  const [origin, ...more] = headerValues(request, "origin");
  if (origin === undefined || more.length > 0 || origin === new URL(issuerUrl).origin) return vary;
  if (clients.some((client) => allowedOrigins(client).includes(origin))) {
    return [...vary, "access-control-allow-origin", origin];
  }
  const whose = clients.length === 1 ? `the application "${clients[0]!.name}"` : "any application";
  const message = `${methodAndPath(request)}: a page of ${eventText(origin)} cannot read the answer, since that is no origin of ${whose}.`;
  state.emit({ kind: "warned", reason: "origin_not_allowed", message });
  return vary;
}
