import type { CodeGrant } from "../login/authorization-grant.ts";

/** Codes: in memory, for 60 s, each good for one exchange. */
export interface AuthorizationCodes {
  issue(grant: CodeGrant): string;
  /** `reused` names what the first exchange issued, which ends with the second (RFC 6749 §4.1.2). */
  redeem(code: string): CodeRedemption;
  /** What a code was exchanged for, told after the exchange. */
  exchangedFor(code: string, refreshFamilyId: string): void;
}

export type CodeRedemption =
  | { readonly ok: true; readonly grant: CodeGrant }
  | { readonly ok: false; readonly reason: "unknown" | "expired" }
  | { readonly ok: false; readonly reason: "reused"; readonly refreshFamilyId: string | undefined };

export function createAuthorizationCodes(_ports: { readonly clock: () => number }): AuthorizationCodes {
  return {} as never; // to be built
}
