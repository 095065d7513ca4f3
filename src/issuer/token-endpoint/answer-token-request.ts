import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { SUPPORTED_GRANT_TYPES } from "../discovery.ts";
import type { IssuerRequest } from "../issuer-request.ts";
import { type Client, findApi, findClient, findClientGrant } from "../tenant/tenant.ts";
import { auth0AccessToken } from "../tokens/access-token.ts";
import type { Minter } from "../tokens/mint-token.ts";
import { signToken } from "../tokens/sign-token.ts";
import { readTokenRequest, type TokenRequest } from "./read-token-request.ts";
import {
  audienceMissing,
  audienceUnknown,
  clientGrantMissing,
  clientUnauthorized,
  grantTypeMissing,
  grantTypeOff,
  grantTypeUnsupported,
  scopeNotGranted,
  type TokenRefusal,
} from "./token-refusals.ts";

/** The body of a granted request (R); `scope` is absent when none was granted. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly scope?: string;
  readonly expires_in: number;
  readonly token_type: "Bearer";
}

export interface TokenDecision {
  /** As claimed by the request; proven only when a token was granted. */
  readonly clientId: string | undefined;
  readonly audience: string | undefined;
  readonly outcome:
    | { readonly ok: true; readonly answer: TokenAnswer }
    | { readonly ok: false; readonly refusal: TokenRefusal };
}

/**
 * POST /oauth/token. The order of the checks is ours (?): Auth0 documents none, and each refusal says one thing only.
 */
export function answerTokenRequest(request: IssuerRequest, issuer: Minter): TokenDecision {
  const read = readTokenRequest(request);
  if ("reason" in read) return { clientId: undefined, audience: undefined, outcome: { ok: false, refusal: read } };
  const clientId = read.credentials?.clientId ?? read.parameters.get("client_id");
  const audience = read.parameters.get("audience") ?? issuer.tenant.defaultAudience;
  const granted = grantClientCredentials(read, audience, issuer);
  const outcome =
    "reason" in granted ? { ok: false as const, refusal: granted } : { ok: true as const, answer: granted };
  return { clientId, audience, outcome };
}

function grantClientCredentials(
  { credentials, parameters }: TokenRequest,
  audience: string | undefined,
  issuer: Minter,
): TokenAnswer | TokenRefusal {
  const grantType = parameters.get("grant_type") ?? "";
  if (grantType === "") return grantTypeMissing();
  if (!SUPPORTED_GRANT_TYPES.includes(grantType)) return grantTypeUnsupported(grantType, SUPPORTED_GRANT_TYPES);

  const { clock, issuerUrl, keys, tenant } = issuer;
  const client = credentials && findClient(tenant, credentials.clientId);
  if (!isSecretOf(client, credentials?.clientSecret ?? "")) return clientUnauthorized();
  const { clientId } = client;
  if (!client.grantTypes.includes(grantType)) return grantTypeOff(grantType);

  if (audience === undefined || audience === "") return audienceMissing();
  const api = findApi(tenant, audience);
  if (!api) return audienceUnknown(audience);
  const clientGrant = findClientGrant(tenant, clientId, audience);
  if (!clientGrant) return clientGrantMissing(clientId, audience);
  const requested = (parameters.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
  const missing = requested.filter((scope) => !clientGrant.scopes.includes(scope));
  if (missing.length > 0) return scopeNotGranted(missing);

  // The grant is the ceiling, and what a request without scope gets (D).
  const scopes = requested.length === 0 ? clientGrant.scopes : [...new Set(requested)];
  const issuedAtSeconds = Math.floor(clock() / 1000);
  const unsigned = auth0AccessToken({
    issuer: api.issuer ?? issuerUrl,
    api,
    clientId,
    subject: { kind: "client" },
    scopes,
    entitlements: clientGrant.scopes,
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + api.tokenLifetimeSeconds,
    newId: randomUUID,
  });
  return {
    access_token: signToken(unsigned, api, keys),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    expires_in: api.tokenLifetimeSeconds,
    token_type: "Bearer",
  };
}

/** Takes as long for an unknown client as for a wrong secret. */
function isSecretOf(client: Client | undefined, secret: string): client is Client {
  const isEqual = timingSafeEqual(digest(client?.clientSecret ?? ""), digest(secret));
  return isEqual && client !== undefined && client.clientSecret !== "";
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
