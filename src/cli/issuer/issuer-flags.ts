import { SERVER_DEFAULTS } from "../../server/server-options.ts";
import type { Flags } from "../arguments.ts";

/** Of all verbs; each verb names those that are its own. */
export const ISSUER_FLAGS = {
  "data-dir": {
    type: "string",
    value: "FOLDER",
    env: true,
    help: `the server's data folder (${SERVER_DEFAULTS.dataDir})`,
  },
  tenant: { type: "string", value: "FILE", env: true, help: "tenant.yaml here, else issuer/tenant.yaml in --data-dir" },
  json: { type: "boolean", env: true, help: "the result as JSON" },
  name: { type: "string", value: "NAME", help: "what it is called (the identifier or email address)" },
  scope: { type: "string", value: "SCOPE", multiple: true, help: "a scope, or several in one text" },
  alg: { type: "string", value: "RS256|PS256|HS256", help: "how the API's tokens are signed (RS256)" },
  dialect: { type: "string", value: "DIALECT", help: "access_token, access_token_authz, rfc9068_profile(_authz)" },
  rbac: { type: "boolean", help: "users get only scopes that are among their permissions" },
  offline: { type: "boolean", help: "the API allows refresh tokens" },
  lifetime: { type: "number", value: "SECONDS", help: "of the API's tokens (86400)" },
  "show-secret": { type: "boolean", help: "print the client secret, too" },
  type: { type: "string", value: "TYPE", help: "spa, native, regular_web, non_interactive" },
  "client-id": { type: "string", value: "ID", help: "instead of a derived one" },
  callback: { type: "string", value: "URL", multiple: true, help: "where logins may come back to" },
  origin: { type: "string", value: "ORIGIN", multiple: true, help: "whose pages may renew and ask for tokens" },
  "logout-url": { type: "string", value: "URL", multiple: true, help: "where logouts may come back to" },
  grant: {
    type: "string",
    value: "AUDIENCE[=SCOPE,…]",
    multiple: true,
    help: "what the application may have of an API (all scopes)",
  },
  description: { type: "string", value: "TEXT", help: "what the role is for" },
  role: { type: "string", value: "NAME", multiple: true, help: "a role of the user" },
  permission: {
    type: "string",
    value: "AUDIENCE=SCOPE,…",
    multiple: true,
    help: "given to the user or role directly",
  },
  "user-id": { type: "string", value: "ID", help: "instead of a derived one, e.g. auth0|carol" },
  "email-verified": { type: "boolean", help: "the email address counts as verified" },
  user: { type: "boolean", help: "the grant is for users by way of the client, not for the client itself" },
  revoke: { type: "string", value: "KID", help: "stop publishing this previous key instead" },
  write: { type: "boolean", help: "write the proposal into the tenant's file" },
  config: {
    type: "string",
    value: "FILE",
    env: true,
    help: "project file (gatewarden.yaml beside the first file or here)",
  },
  parameter: { type: "string", value: "K=V", multiple: true, help: "parameter of CloudFormation and SAM templates" },
  format: { type: "string", value: "cli|terraform|curl", help: "what eject prints (cli)" },
  "issuer-port": {
    type: "number",
    value: "PORT",
    env: true,
    help: `port of the issuer, its TLS twin is on the next (${SERVER_DEFAULTS.issuerPort})`,
  },
  "issuer-scheme": { type: "string", value: "http|https", env: true, help: "the canonical one of its two URLs (http)" },
  quiet: { type: "boolean", env: true, help: "no lines about refusals" },
  "i-know-this-is-not-for-production": {
    type: "boolean",
    env: true,
    help: "starts even where the environment looks like production",
  },
} as const satisfies Flags;

export type IssuerFlag = keyof typeof ISSUER_FLAGS;
