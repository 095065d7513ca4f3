import type { Documents } from "../../store/documents.ts";
import type { AuthorizationGrant } from "../login/authorization-grant.ts";
import type { RefreshTokenSettings } from "../tenant/tenant.ts";

/** Refresh tokens, kept as SHA-256 over restarts; all that descend from one login are a family and end together. */
export interface RefreshTokens {
  issue(
    grant: AuthorizationGrant,
    settings: RefreshTokenSettings,
  ): Promise<{ readonly token: string; readonly familyId: string }>;
  /** Checks one and, where tokens rotate, replaces it. A second use outside the leeway ends the family. */
  use(token: string, clientId: string, settings: RefreshTokenSettings): Promise<RefreshVerdict>;
  revoke(token: string, clientId: string): Promise<boolean>;
  endFamily(familyId: string): Promise<void>;
}

export type RefreshVerdict =
  | { readonly ok: true; readonly grant: AuthorizationGrant; readonly newToken: string | undefined }
  | { readonly ok: false; readonly reason: "unknown" | "expired" | "reused" | "other_client" };

export function openRefreshTokens(_ports: {
  readonly documents: () => Documents;
  readonly clock: () => number;
}): RefreshTokens {
  return {} as never; // to be built
}
