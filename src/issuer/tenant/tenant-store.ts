import type { Tenant } from "./tenant.ts";

/** The tenant as it is now, and the one way to change it. The Management API and the command line both go through here. */
export interface TenantStore {
  /** Immutable. Another process may have changed the tenant's file: that is seen here within a moment. */
  current(): Tenant;
  /**
   * Replaces what the project's files imply (APIs with their scopes, each with a test application). The tenant's own
   * file goes first where both name an API.
   */
  declare(apis: readonly ApiDeclaration[]): Promise<void>;
  /** Adds an entry and answers its id. @throws TenantError `invalid`, `conflict` */
  create(section: TenantSection, entry: TenantEntry): Promise<string>;
  /** Replaces the fields that are named; `null` removes one. @throws TenantError `invalid`, `unknown`, `conflict` */
  patch(section: TenantSection, id: string, fields: TenantEntry): Promise<void>;
  /** With what depends on it, e.g. a client's grants. @throws TenantError `unknown`, `derived` */
  remove(section: TenantSection, id: string): Promise<void>;
  /**
   * Sets the tenant's own settings, e.g. `default_audience`; `null` removes one. Absent where there is no place for them.
   *
   * @throws TenantError `invalid`
   */
  patchSettings?(fields: TenantEntry): Promise<void>;
  /**
   * Another for whoever comes later under the same id: what a login has left to one is not the next one's. Undefined
   * when nobody has the id.
   */
  incarnationOf(section: Incarnated, id: string): string | undefined;
  /** @throws TenantError `unknown` */
  rotateClientSecret(clientId: string): Promise<string>;
  /** @throws TenantError `unknown` */
  setPassword(userId: string, password: string): Promise<void>;
}

/** As the sections of `tenant.yaml` are called. Ids are: API id, client_id, grant id, user_id, role id. */
export type TenantSection = "apis" | "applications" | "client_grants" | "users" | "roles";

/** Whom something outlasting a request is given to: a session, a code, a refresh token, a consent. */
export type Incarnated = "applications" | "users";

/** One entry as `tenant.yaml` writes it: Auth0's field names. */
export type TenantEntry = Readonly<Record<string, unknown>>;

/** An API as the server finds it in the user's files. */
export interface ApiDeclaration {
  readonly identifier: string;
  readonly scopes: readonly string[];
  /** Default: the identifier. */
  readonly name?: string;
  readonly issuer?: string;
}

export type TenantErrorCode =
  /** An entry that cannot be: a field's value is wrong, or what it names does not exist. */
  | "invalid"
  | "unknown"
  | "conflict"
  /** It comes from the project's files and can be changed there only. */
  | "derived";

/** The message names the thing, the value found, the value wanted and the next move. */
export class TenantError extends Error {
  readonly code: TenantErrorCode;

  constructor(code: TenantErrorCode, message: string) {
    super(message);
    this.name = "TenantError";
    this.code = code;
  }
}
