/** Grant types that /oauth/token answers with a token. */
export const SUPPORTED_GRANT_TYPES: readonly string[] = [
  "authorization_code",
  "refresh_token",
  "client_credentials",
  "password",
  "http://auth0.com/oauth/grant-type/password-realm",
];

/**
 * The issuer's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), in Auth0's order of members (C: public copies of
 * real ones) and with what works here: Auth0 lists seven response types, for one.
 *
 * @param issuerUrl with the trailing slash that is part of it
 */
export function discoveryDocument(issuerUrl: string): Readonly<Record<string, unknown>> {
  return {
    issuer: issuerUrl,
    authorization_endpoint: `${issuerUrl}authorize`,
    token_endpoint: `${issuerUrl}oauth/token`,
    userinfo_endpoint: `${issuerUrl}userinfo`,
    jwks_uri: `${issuerUrl}.well-known/jwks.json`,
    revocation_endpoint: `${issuerUrl}oauth/revoke`,
    end_session_endpoint: `${issuerUrl}oidc/logout`,
    scopes_supported: ["openid", "profile", "offline_access", "email"],
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256", "plain"],
    // web_message works too and is not listed, as on Auth0 (D).
    response_modes_supported: ["query", "fragment", "form_post"],
    grant_types_supported: SUPPORTED_GRANT_TYPES,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    // Public clients use "none", which Auth0 does not list (D).
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    token_endpoint_auth_signing_alg_values_supported: ["RS256", "RS384", "PS256"],
    claims_supported: [
      "aud",
      "auth_time",
      "email",
      "email_verified",
      "exp",
      "family_name",
      "given_name",
      "iat",
      "iss",
      "name",
      "nickname",
      "picture",
      "sub",
    ],
    request_uri_parameter_supported: false,
    request_parameter_supported: false,
  };
}
