import { hash, randomBytes } from "node:crypto";
import type { CodeGrant } from "../login/authorization-grant.ts";
import type { EndableToken } from "../tokens/ended-tokens.ts";

/** Codes: in memory, for 60 s, each good for one exchange. */
export interface AuthorizationCodes {
  issue(grant: CodeGrant): string;
  /** `reused` tells what the first exchange issued, which ends with the second (RFC 6749 §4.1.2). */
  redeem(code: string): CodeRedemption;
  /**
   * What a code was exchanged for, told after the exchange.
   *
   * @returns false when the code has been used again meanwhile: the caller ends what it was to get, and refuses
   */
  exchangedFor(code: string, issued: ExchangedTokens): boolean;
}

/** What an exchange has issued, as it can be ended. */
export interface ExchangedTokens {
  readonly accessToken: EndableToken;
  readonly refreshFamilyId: string | undefined;
}

export type CodeRedemption =
  | { readonly ok: true; readonly grant: CodeGrant }
  | { readonly ok: false; readonly reason: "unknown" | "expired" }
  | { readonly ok: false; readonly reason: "reused"; readonly exchangedFor: ExchangedTokens | undefined };

export const CODE_LIFETIME_SECONDS = 60;
/** How long a used code is remembered, so that a second use ends what the first one got. */
export const USED_CODE_MEMORY_SECONDS = 600;
/** The oldest make room: a development issuer has a handful at a time. */
export const MAX_CODES = 10_000;
/** 256 bits. */
const CODE_BYTES = 32;

interface IssuedCode {
  readonly issuedAtMs: number;
  /** Until it is used. */
  grant: CodeGrant | undefined;
  isReused: boolean;
  exchangedFor: ExchangedTokens | undefined;
}

export function createAuthorizationCodes({ clock }: { readonly clock: () => number }): AuthorizationCodes {
  /** By the code's SHA-256, oldest first: a dump of the memory shows no code that works. */
  const codes = new Map<string, IssuedCode>();

  function makeRoom(): void {
    const forgottenMs = clock() - USED_CODE_MEMORY_SECONDS * 1000;
    for (const [id, { issuedAtMs }] of codes) {
      if (issuedAtMs > forgottenMs && codes.size < MAX_CODES) return;
      codes.delete(id);
    }
  }

  return {
    issue(grant) {
      makeRoom();
      const code = randomBytes(CODE_BYTES).toString("base64url");
      codes.set(idOf(code), { issuedAtMs: clock(), grant, isReused: false, exchangedFor: undefined });
      return code;
    },

    redeem(code) {
      const issued = codes.get(idOf(code));
      if (!issued) return { ok: false, reason: "unknown" };
      const { exchangedFor, grant, issuedAtMs } = issued;
      if (!grant) {
        issued.isReused = true;
        return { ok: false, reason: "reused", exchangedFor };
      }
      // A clock that was set back must not make it live longer.
      const ageMs = Math.abs(clock() - issuedAtMs);
      if (ageMs >= CODE_LIFETIME_SECONDS * 1000) return { ok: false, reason: "expired" };
      issued.grant = undefined;
      return { ok: true, grant };
    },

    exchangedFor(code, tokens) {
      const issued = codes.get(idOf(code));
      if (issued) issued.exchangedFor = tokens;
      return issued?.isReused === false;
    },
  };
}

function idOf(code: string): string {
  return hash("sha256", code, "base64url");
}
