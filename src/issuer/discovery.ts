/** Grant types that /oauth/token answers with a token. */
export const SUPPORTED_GRANT_TYPES: readonly string[] = ["client_credentials"];

/**
 * The issuer's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), in Auth0's order of members. It names only what
 * works here: no authorization endpoint, so no response types, until there is a login.
 *
 * @param issuerUrl with the trailing slash that is part of it
 */
export function discoveryDocument(issuerUrl: string): Readonly<Record<string, unknown>> {
  return {
    issuer: issuerUrl,
    token_endpoint: `${issuerUrl}oauth/token`,
    jwks_uri: `${issuerUrl}.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: SUPPORTED_GRANT_TYPES,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  };
}
