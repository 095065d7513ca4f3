/** Every environment variable that the authorizer reads, as docs/authorizer.md lists them; read-configuration.ts says what each means. */
export const SETTING_NAMES = [
  "TOKEN_ISSUER",
  "AUDIENCE",
  "JWKS_URI",
  "ALGORITHMS",
  "LEEWAY_SECONDS",
  "CLIENT_ID_AS_AUDIENCE",
  "BEARER",
  "CONTEXT_CLAIMS",
  "POLICY_SCOPE",
  "SIMPLE_RESPONSES",
  "RULES_FILE",
  "KEYS_FILE",
] as const;
