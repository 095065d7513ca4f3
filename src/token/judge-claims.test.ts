import { describe, expect, test } from "vitest";
import { type ClaimsOptions, judgeClaims } from "./judge-claims.ts";

const now = 1_700_000_000;
const options: ClaimsOptions = { issuers: ["https://t.example/"], audiences: ["https://pets"], nowSeconds: now };
const claims = { iss: "https://t.example/", aud: "https://pets", exp: now + 60, iat: now - 60 };

const reasonOf = (changes: Record<string, unknown>, changed: Partial<ClaimsOptions> = {}) => {
  const verdict = judgeClaims(JSON.parse(JSON.stringify({ ...claims, ...changes })), { ...options, ...changed });
  return verdict.ok ? "ok" : verdict.reason;
};

test("good claims pass and are handed back", () => {
  expect(judgeClaims(claims, options)).toEqual({ ok: true, claims });
});

describe("issuer", () => {
  test("is compared byte for byte", () => {
    for (const iss of ["https://t.example", "https://T.example/", "http://t.example/", "https://t.example/ ", ""]) {
      expect(judgeClaims({ ...claims, iss }, options)).toEqual({
        ok: false,
        reason: "issuer_mismatch",
        expected: ["https://t.example/"],
        actual: iss,
      });
    }
  });
  test("is required and a string", () => {
    expect(judgeClaims({ ...claims, iss: undefined }, options)).toMatchObject({
      reason: "claim_missing",
      claim: "iss",
    });
    expect(judgeClaims({ ...claims, iss: ["https://t.example/"] }, options)).toEqual({
      ok: false,
      reason: "claim_malformed",
      claim: "iss",
      expected: "string",
      actual: "array",
    });
  });
  test("may be one of several; an empty list matches nothing", () => {
    expect(reasonOf({}, { issuers: ["https://other/", "https://t.example/"] })).toBe("ok");
    expect(reasonOf({}, { issuers: [] })).toBe("issuer_mismatch");
  });
});

describe("audience", () => {
  test("may be a string or a list with one match", () => {
    expect(reasonOf({ aud: ["https://t.example/userinfo", "https://pets"] })).toBe("ok");
    expect(reasonOf({}, { audiences: ["https://other", "https://pets"] })).toBe("ok");
  });
  test("is compared whole and in case", () => {
    expect(judgeClaims({ ...claims, aud: ["https://pets/", "https://PETS"] }, options)).toEqual({
      ok: false,
      reason: "audience_mismatch",
      claim: "aud",
      expected: ["https://pets"],
      actual: ["https://pets/", "https://PETS"],
    });
    for (const aud of ["https://pets ", "https://pet", "", [], "https://pets https://other"]) {
      expect(reasonOf({ aud })).toBe("audience_mismatch");
    }
  });
  test("an empty list of wanted audiences matches nothing", () => {
    expect(reasonOf({}, { audiences: [] })).toBe("audience_mismatch");
  });
  test("of any other type is malformed", () => {
    for (const aud of [null, 1, {}, [1], ["https://pets", null], [["https://pets"]]]) {
      expect(reasonOf({ aud }), JSON.stringify(aud)).toBe("claim_malformed");
    }
  });
  test("client_id stands in only where aud is absent and only when asked", () => {
    const cognito = { aud: undefined, client_id: "https://pets" };
    expect(reasonOf(cognito)).toBe("audience_missing");
    expect(reasonOf(cognito, { clientIdAsAudience: true })).toBe("ok");
    expect(reasonOf({ ...cognito, client_id: "x" }, { clientIdAsAudience: true })).toBe("audience_mismatch");
    expect(reasonOf({ ...cognito, client_id: ["https://pets"] }, { clientIdAsAudience: true })).toBe("claim_malformed");
    expect(reasonOf({ aud: undefined }, { clientIdAsAudience: true })).toBe("audience_missing");
    for (const aud of ["https://other", [], null]) {
      expect(reasonOf({ aud, client_id: "https://pets" }, { clientIdAsAudience: true })).not.toBe("ok");
    }
  });
});

describe("times", () => {
  test("exp must be after now", () => {
    expect(reasonOf({ exp: now + 1 })).toBe("ok");
    expect(reasonOf({ exp: now + 0.001 })).toBe("ok");
    for (const exp of [now, now - 1, 0, -1, -1e300]) expect(reasonOf({ exp })).toBe("token_expired");
    expect(judgeClaims({ ...claims, exp: now }, options)).toEqual({
      ok: false,
      reason: "token_expired",
      expected: now,
      actual: now,
      leewaySeconds: 0,
    });
  });
  test("nbf and iat may be now, not later", () => {
    expect(reasonOf({ nbf: now, iat: now })).toBe("ok");
    expect(reasonOf({ nbf: now + 0.5 })).toBe("token_not_yet_valid");
    expect(reasonOf({ iat: now + 0.5 })).toBe("issued_in_future");
  });
  test("nbf and iat may be absent, exp may not", () => {
    expect(reasonOf({ iat: undefined, nbf: undefined })).toBe("ok");
    expect(reasonOf({ exp: undefined })).toBe("claim_missing");
  });
  test("leeway widens each side by that much", () => {
    const leeway = { leewaySeconds: 5 };
    expect(reasonOf({ exp: now - 4 }, leeway)).toBe("ok");
    expect(reasonOf({ exp: now - 5 }, leeway)).toBe("token_expired");
    expect(reasonOf({ nbf: now + 5, iat: now + 5 }, leeway)).toBe("ok");
    expect(reasonOf({ nbf: now + 6 }, leeway)).toBe("token_not_yet_valid");
  });
  test("anything but a finite number is malformed", () => {
    for (const claim of ["exp", "nbf", "iat"]) {
      for (const value of [String(now), null, true, [now], {}]) {
        expect(judgeClaims({ ...claims, [claim]: value }, options)).toMatchObject({ reason: "claim_malformed", claim });
      }
      const infinite = JSON.parse(`{"value":1e400}`).value;
      expect(judgeClaims({ ...claims, [claim]: infinite }, options)).toEqual({
        ok: false,
        reason: "claim_malformed",
        claim,
        expected: "finite number",
        actual: "number",
      });
    }
  });
  test("a clock or leeway that is no number refuses", () => {
    expect(reasonOf({}, { nowSeconds: Number.NaN })).toBe("token_expired");
    expect(reasonOf({}, { leewaySeconds: Number.NaN })).toBe("token_expired");
  });
});
