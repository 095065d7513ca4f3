import { isJsonObject, isString, parseJson } from "./json.ts";
import type { JwksUriSource } from "./remote-key-set.ts";
import { asEvidence, mismatch, refuse } from "./token-verdict.ts";

/**
 * Finds an issuer's JWKS URL in its discovery document (OpenID Connect Discovery 1.0 §4), never by guessing a path. The
 * document's `issuer` must be the configured one, byte for byte (§4.3).
 *
 *     const remote = createRemoteKeySet({ jwksUri: discovered("https://tenant.eu.auth0.com/") });
 */
export function discovered(issuer: string): JwksUriSource {
  return async (fetchText) => {
    const url = discoveryUrl(issuer);
    if (/[?#]/.test(issuer)) return refuse("url_refused", { url, problem: "query_or_fragment" });
    const got = await fetchText(url, "discovery_unreachable");
    if (!got.ok) return got;
    const malformed = (detail: string) => refuse("discovery_malformed", { url, detail });
    const document = parseJson(got.body);
    if (!isJsonObject(document)) return malformed("not a JSON object");
    const { issuer: named, jwks_uri: jwksUri } = document;
    if (named !== issuer) return mismatch("issuer_mismatch_discovery", issuer, asEvidence(named), { url });
    return isString(jwksUri) ? jwksUri : malformed('no "jwks_uri"');
  };
}

/** The issuer's discovery document; exactly one slash joins, whether or not the issuer ends in one. */
export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
