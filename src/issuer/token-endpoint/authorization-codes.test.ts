import { beforeEach, describe, expect, test } from "vitest";
import type { CodeGrant } from "../login/authorization-grant.ts";
import { endableToken } from "../tokens/ended-tokens.ts";
import {
  type AuthorizationCodes,
  CODE_LIFETIME_SECONDS,
  createAuthorizationCodes,
  MAX_CODES,
  USED_CODE_MEMORY_SECONDS,
} from "./authorization-codes.ts";

const grant: CodeGrant = {
  clientId: "client",
  userId: "auth0|alice",
  holders: "1 1",
  scopes: ["openid"],
  authTimeSeconds: 1,
  accessTokenClaims: {},
  idTokenClaims: {},
  redirectUri: "http://localhost:3000",
  hasMaxAge: false,
};
const issued = { accessToken: endableToken("token", 1_800_000_100), refreshFamilyId: "family" };
let nowMs: number;
let codes: AuthorizationCodes;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  codes = createAuthorizationCodes({ clock: () => nowMs });
});

describe("a code", () => {
  test("has 256 bits and is another each time", () => {
    expect(codes.issue(grant)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(codes.issue(grant)).not.toBe(codes.issue(grant));
  });

  test("gives its grant once, and at the second use names what the first one got", () => {
    const code = codes.issue(grant);
    expect(codes.redeem(code)).toEqual({ ok: true, grant });
    expect(codes.exchangedFor(code, issued)).toBe(true);
    expect(codes.redeem(code)).toEqual({ ok: false, reason: "reused", exchangedFor: issued });
  });

  test("used again before its exchange is done tells that exchange", () => {
    const code = codes.issue(grant);
    codes.redeem(code);
    expect(codes.redeem(code)).toEqual({ ok: false, reason: "reused", exchangedFor: undefined });
    expect(codes.exchangedFor(code, issued)).toBe(false);
  });

  test("is good until its lifetime ends, and not at its end", () => {
    const [early, late] = [codes.issue(grant), codes.issue(grant)];
    nowMs += CODE_LIFETIME_SECONDS * 1000 - 1;
    expect(codes.redeem(early).ok).toBe(true);
    nowMs += 1;
    expect(codes.redeem(late)).toEqual({ ok: false, reason: "expired" });
    expect(codes.redeem(late)).toEqual({ ok: false, reason: "expired" });
  });

  test("does not live longer because the clock was set back", () => {
    const [early, late] = [codes.issue(grant), codes.issue(grant)];
    nowMs -= 1000;
    expect(codes.redeem(early).ok).toBe(true);
    nowMs -= 3_600_000;
    expect(codes.redeem(late)).toEqual({ ok: false, reason: "expired" });
  });

  test("that was used is still known as used when its lifetime is over", () => {
    const code = codes.issue(grant);
    codes.redeem(code);
    nowMs += (USED_CODE_MEMORY_SECONDS - 1) * 1000;
    codes.issue(grant);
    expect(codes.redeem(code)).toMatchObject({ reason: "reused" });
    nowMs += 1000;
    codes.issue(grant);
    expect(codes.redeem(code)).toEqual({ ok: false, reason: "unknown" });
  });

  test("nobody issued is unknown", () => {
    for (const code of ["", "x", codes.issue(grant).toLowerCase()]) {
      expect(codes.redeem(code)).toEqual({ ok: false, reason: "unknown" });
    }
  });
});

test("of too many codes the oldest makes room", () => {
  const [first, second] = [codes.issue(grant), codes.issue(grant)];
  for (let count = 2; count <= MAX_CODES; count++) codes.issue(grant);
  expect(codes.redeem(first)).toEqual({ ok: false, reason: "unknown" });
  expect(codes.redeem(second)).toEqual({ ok: true, grant });
});
