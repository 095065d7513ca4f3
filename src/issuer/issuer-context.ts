import type { Documents } from "../store/documents.ts";
import type { Actions } from "./actions/actions.ts";
import type { IssuerEvent } from "./issuer-event.ts";
import type { KeyRing } from "./keys/keys.ts";
import type { Sessions } from "./login/sessions.ts";
import type { Transactions } from "./login/transactions.ts";
import type { EventLog } from "./management/event-log.ts";
import type { StateFolder } from "./state-folder.ts";
import type { Tenant } from "./tenant/tenant.ts";
import type { TenantStore } from "./tenant/tenant-store.ts";
import type { AuthorizationCodes } from "./token-endpoint/authorization-codes.ts";
import type { UsedAssertions } from "./token-endpoint/client-assertion.ts";
import type { RefreshTokens } from "./token-endpoint/refresh-tokens.ts";
import type { EndedTokens } from "./tokens/ended-tokens.ts";
import type { OpaqueTokens } from "./tokens/opaque-token.ts";
import type { UserinfoClaims } from "./tokens/userinfo-claims.ts";

/** What lives as long as the issuer. Its http and https listeners share it. */
export interface IssuerState {
  readonly tenants: TenantStore;
  readonly keys: KeyRing;
  readonly folder: StateFolder;
  /** Opened at the first use, so that a start does not wait for it. */
  readonly documents: () => Documents;
  readonly actions: Actions;
  readonly transactions: Transactions;
  readonly sessions: Sessions;
  readonly codes: AuthorizationCodes;
  readonly refreshTokens: RefreshTokens;
  readonly opaqueTokens: OpaqueTokens;
  readonly endedTokens: EndedTokens;
  readonly userinfoClaims: UserinfoClaims;
  readonly usedAssertions: UsedAssertions;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly emit: (event: IssuerEvent) => void;
  /** The last events, for the Management API's /logs. */
  readonly eventLog?: EventLog;
}

/** What one request is answered from. */
export interface IssuerContext {
  /** Of the listener or custom domain that was asked, with its trailing slash: the `iss` of what it signs. */
  readonly issuerUrl: string;
  /** One and the same from the first check to the last. */
  readonly tenant: Tenant;
  readonly state: IssuerState;
}
