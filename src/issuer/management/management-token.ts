import { parseKeySet } from "../../token/key-set.ts";
import { scopesOf } from "../../token/scopes.ts";
import type { TokenVerdict } from "../../token/token-verdict.ts";
import { verifyJwt } from "../../token/verify-jwt.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { headerValues, type IssuerRequest } from "../issuer-request.ts";
import { managementAudience } from "../tenant/management-api.ts";
import { findApi } from "../tenant/tenant.ts";
import { ManagementError } from "./management-error.ts";

/** What a caller has proven to be. */
export interface ManagementCaller {
  /** `azp` or `client_id` of the token. */
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/**
 * The caller by its bearer token.
 *
 * @throws ManagementError 401 or 400, in Auth0's words: "Missing authentication", "Bad HTTP authentication header format"
 * and those about expiry and signature (C, and of the framework its API is built with), "Invalid token" (D)
 */
export function readManagementToken(
  request: IssuerRequest,
  { issuerUrl, state, tenant }: IssuerContext,
): ManagementCaller {
  const [header, ...others] = headerValues(request, "authorization");
  if (header === undefined) throw unauthorized("Missing authentication");
  const [scheme = "", token = "", ...rest] = header.trim().split(/\s+/);
  if (others.length > 0 || scheme.toLowerCase() !== "bearer" || rest.length > 0 || token.split(".").length !== 3) {
    const message = "Bad HTTP authentication header format";
    throw new ManagementError("management_token_invalid", 400, message, "Bearer", { expected: "Bearer TOKEN" });
  }
  const nowSeconds = state.clock() / 1000;
  const parsed = parseKeySet(state.keys.jwks(["RS256", "PS256"]), { fetchedAtMs: state.clock() });
  if (!parsed.ok) throw new Error(`The issuer's own key set: ${parsed.detail}`);
  const verdict = verifyJwt(token, {
    keys: parsed.keys,
    issuers: [issuerUrl],
    audiences: [managementAudience(issuerUrl)],
    algorithms: ["RS256", "PS256"],
    nowSeconds,
  });
  if (!verdict.ok) throw refused(verdict);
  // The name alone does not make it the Management API: on a custom domain, which has none (D), an ordinary API may be
  // called so, and anybody's token for that one administers nothing. conformance/issuer/management/custom-domain-squatted
  if (findApi(tenant, managementAudience(issuerUrl))?.isSystem !== true) {
    const own = tenant.apis.filter(({ isSystem }) => isSystem).map(({ identifier }) => identifier);
    throw unauthorized("Invalid token", { expected: own, actual: [managementAudience(issuerUrl)] });
  }
  const { azp, client_id } = verdict.claims;
  return { clientId: String(azp ?? client_id ?? ""), scopes: scopesOf(verdict.claims) };
}

/** @throws ManagementError 403 with Auth0's text (C), which lists without spaces */
export function checkScopes(caller: Pick<ManagementCaller, "scopes">, anyOf: readonly string[]): void {
  if (anyOf.some((scope) => caller.scopes.includes(scope))) return;
  const message = `Insufficient scope, expected any of: ${anyOf.join(",")}`;
  throw new ManagementError("management_scope_missing", 403, message, "insufficient_scope", {
    expected: anyOf,
    actual: caller.scopes,
  });
}

function refused(verdict: Extract<TokenVerdict, { readonly ok: false }>): ManagementError {
  const { expected, actual } = verdict as { readonly expected?: unknown; readonly actual?: unknown };
  const evidence = { expected: expected ?? verdict.reason, ...(actual !== undefined && { actual }) };
  switch (verdict.reason) {
    case "token_expired":
      return unauthorized("Expired token received for JSON Web Token validation", evidence);
    case "bad_signature":
      return unauthorized("Invalid signature received for JSON Web Token validation", evidence);
    default:
      return unauthorized("Invalid token", evidence);
  }
}

function unauthorized(message: string, evidence: ManagementError["evidence"] = {}): ManagementError {
  return new ManagementError("management_token_invalid", 401, message, undefined, evidence);
}
