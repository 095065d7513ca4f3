import { isJsonObject } from "./decode-jwt.ts";
import type { JwksUriSource } from "./remote-key-set.ts";
import { asEvidence } from "./token-verdict.ts";

/**
 * Finds an issuer's JWKS URL in its discovery document (OpenID Connect Discovery 1.0 §4), never by guessing a path. The
 * document's `issuer` must be the configured one, byte for byte (§4.3).
 *
 *     const remote = createRemoteKeySet({ jwksUri: discovered("https://tenant.eu.auth0.com/") });
 */
export function discovered(issuer: string): JwksUriSource {
  return async (fetchText) => {
    const url = discoveryUrl(issuer);
    if (/[?#]/.test(issuer)) {
      return { ok: false, reason: "url_refused", url, problem: "query_or_fragment", detail: "" };
    }
    const got = await fetchText(url);
    if (!got.ok) return got.reason === "jwks_unreachable" ? { ...got, reason: "discovery_unreachable" } : got;
    const malformed = (detail: string) => ({ ok: false, reason: "discovery_malformed", url, detail }) as const;
    let document: unknown;
    try {
      document = JSON.parse(got.body);
    } catch {
      return malformed("not JSON");
    }
    if (!isJsonObject(document)) return malformed("not a JSON object");
    if (document.issuer !== issuer) {
      const actual = asEvidence(document.issuer);
      return { ok: false, reason: "issuer_mismatch_discovery", url, expected: issuer, actual };
    }
    if (typeof document.jwks_uri !== "string") return malformed('no "jwks_uri"');
    return { ok: true, jwksUri: document.jwks_uri };
  };
}

/** The issuer's discovery document; exactly one slash joins, whether or not the issuer ends in one. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}
