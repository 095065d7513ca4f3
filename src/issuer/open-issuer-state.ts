import type { Documents } from "../store/documents.ts";
import type { Actions } from "./actions/actions.ts";
import { NO_ACTIONS } from "./actions/no-actions.ts";
import type { IssuerState } from "./issuer-context.ts";
import type { IssuerEvent } from "./issuer-event.ts";
import type { KeyRing } from "./keys/keys.ts";
import { openSessions } from "./login/sessions.ts";
import { createTransactions } from "./login/transactions.ts";
import type { EventLog } from "./management/event-log.ts";
import type { StateFolder } from "./state-folder.ts";
import type { TenantStore } from "./tenant/tenant-store.ts";
import { createAuthorizationCodes } from "./token-endpoint/authorization-codes.ts";
import { createUsedAssertions } from "./token-endpoint/client-assertion.ts";
import { openRefreshTokens } from "./token-endpoint/refresh-tokens.ts";
import { openEndedTokens } from "./tokens/ended-tokens.ts";
import { openOpaqueTokens } from "./tokens/opaque-token.ts";
import { openUserinfoClaims } from "./tokens/userinfo-claims.ts";

/** What outlives requests. Loaded and made at the first that needs it: no start waits for it. */
export function openIssuerState(options: {
  readonly tenants: TenantStore;
  readonly keys: KeyRing;
  readonly folder: StateFolder;
  readonly documents: () => Documents;
  readonly actions?: Actions;
  readonly clock: () => number;
  readonly emit: (event: IssuerEvent) => void;
  readonly eventLog: EventLog;
}): IssuerState {
  const { clock, documents, emit, eventLog, folder, keys, tenants, actions = NO_ACTIONS } = options;
  return {
    tenants,
    keys,
    folder,
    documents,
    actions,
    transactions: createTransactions({ clock }),
    sessions: openSessions({ documents, clock }),
    codes: createAuthorizationCodes({ clock }),
    refreshTokens: openRefreshTokens({ documents, clock }),
    opaqueTokens: openOpaqueTokens({ folder, clock }),
    endedTokens: openEndedTokens({ documents, clock }),
    userinfoClaims: openUserinfoClaims({ documents, clock }),
    usedAssertions: createUsedAssertions({ clock }),
    clock,
    emit,
    eventLog,
  };
}
