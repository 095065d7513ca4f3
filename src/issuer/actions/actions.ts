import type { Api, Client, Role, Tenant, User } from "../tenant/tenant.ts";

/** The tenant's Actions: one file of the developer's own, `exports.onExecutePostLogin` and `onExecuteCredentialsExchange`. */
export interface Actions {
  /** After a login and at each refresh, before scopes are settled and tokens made. */
  postLogin(event: PostLogin): Promise<ActionVerdict>;
  /** Before a client gets a token for itself. */
  credentialsExchange(event: CredentialsExchange): Promise<ActionVerdict>;
  /** What there is to run, for the Management API; undefined when there is nothing, or it cannot be loaded. */
  file?(): Promise<ActionFile | undefined>;
}

export interface ActionFile {
  /** A UUID, the same as long as the file has its path. */
  readonly id: string;
  readonly name: string;
  readonly triggers: readonly ("post-login" | "credentials-exchange")[];
  readonly code: string;
  /** ISO 8601. */
  readonly modifiedAt: string;
  readonly secretNames: readonly string[];
}

export interface PostLogin {
  readonly tenant: Tenant;
  readonly user: User;
  readonly roles: readonly Role[];
  readonly client: Client;
  readonly api: Api | undefined;
  /** What the request asked for, and what is granted before the Action speaks. */
  readonly requestedScopes: readonly string[];
  readonly scopes: readonly string[];
  readonly request: ActionRequest;
  /** `oidc-basic-profile` for a login, `oauth2-refresh-token` for a refresh, `oauth2-password` (D). */
  readonly protocol: "oidc-basic-profile" | "oauth2-refresh-token" | "oauth2-password";
}

export interface CredentialsExchange {
  readonly tenant: Tenant;
  readonly client: Client;
  readonly api: Api;
  readonly scopes: readonly string[];
  readonly request: ActionRequest;
}

export interface ActionRequest {
  readonly method: string;
  readonly hostname: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

export type ActionVerdict =
  | {
      readonly ok: true;
      readonly scopes: readonly string[];
      readonly accessTokenClaims: Readonly<Record<string, unknown>>;
      readonly idTokenClaims: Readonly<Record<string, unknown>>;
      /** What Auth0 drops without a word: said aloud in development. */
      readonly warnings: readonly { readonly reason: "action_claim_dropped"; readonly message: string }[];
    }
  | { readonly ok: false; readonly reason: "action_denied"; readonly error: string; readonly description: string }
  /** It threw, took too long, or cannot be loaded. Nobody gets a token then. */
  | { readonly ok: false; readonly reason: "action_failed"; readonly error: string; readonly description: string };
