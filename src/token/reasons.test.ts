import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeTokenVerdict, TOKEN_REASONS } from "./reasons.ts";

const page = readFileSync(new URL("../../docs/reference/reasons/token.md", import.meta.url), "utf8");

test("every reason has a section in the reference, every section a reason, in the same order", () => {
  const sections = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(sections).toEqual(Object.keys(TOKEN_REASONS));
});

test("every section says something and every reason tells what to check", () => {
  for (const section of page.split(/^## .+$/m).slice(1)) expect(section.trim().length).toBeGreaterThan(30);
  for (const { check } of Object.values(TOKEN_REASONS)) expect(check).toMatch(/^[A-Z].{20,}\.$/);
});

test("a mismatch names the value found and the value wanted", () => {
  expect(
    describeTokenVerdict({
      ok: false,
      reason: "audience_mismatch",
      claim: "aud",
      expected: ["https://pets"],
      actual: ["https://other"],
    }),
  ).toBe('token audience is "https://other", authorizer wants "https://pets"');
});

test("who lacks a final slash is pointed out", () => {
  const issuer = (actual: string, expected: string) =>
    describeTokenVerdict({ ok: false, reason: "issuer_mismatch", expected: [expected], actual });
  expect(issuer("https://t.example", "https://t.example/")).toBe(
    'token issuer is "https://t.example", authorizer wants "https://t.example/" (the token\'s lacks the trailing slash)',
  );
  expect(issuer("https://t.example/", "https://t.example")).toMatch(
    /wants "https:\/\/t.example" \(the configured one lacks the trailing slash\)$/,
  );
  expect(issuer("https://u.example", "https://t.example/")).not.toMatch(/slash\)$/);
});

test("values from the token cannot break out of the sentence and are cut", () => {
  const sentence = describeTokenVerdict({
    ok: false,
    reason: "key_not_found",
    kid: `a"\n${"x".repeat(500)}`,
    known: [],
    fetchedAt: new Date(0),
  });
  expect(sentence).not.toContain("\n");
  expect(sentence.length).toBeLessThan(300);
  expect(sentence).toContain("the issuer's keys are none (fetched 1970-01-01T00:00:00.000Z)");
});

test("times are told as instants and spans, absurd ones as they are", () => {
  const late = (reason: "token_expired" | "issued_in_future", actual: number) =>
    describeTokenVerdict({ ok: false, reason, expected: 1_700_000_000, actual, leewaySeconds: 0 });
  expect(late("token_expired", 1_699_999_999)).toBe("token expired 1 second ago, at 2023-11-14T22:13:19.000Z");
  expect(late("token_expired", 1_699_992_800)).toContain("2 hours ago");
  expect(late("issued_in_future", 1e300)).toContain("1e+300");
});

test("scopes held as permissions are pointed out", () => {
  expect(
    describeTokenVerdict({
      ok: false,
      reason: "scope_insufficient",
      rule: "any",
      expected: ["read:pets", "admin"],
      actual: [],
      claim: null,
      permissions: ["read:pets"],
    }),
  ).toBe(
    'token has no scopes, route wants one of "read:pets", "admin" ("read:pets" is in "permissions", which is not read)',
  );
});

test("a good verdict is a sentence too", () => {
  expect(describeTokenVerdict({ ok: true })).toBe("token is valid");
});
