import { expect, test } from "vitest";
import { cpuMs } from "../../test/support/cpu-time.ts";
import { MASKED_BEARER, MASKED_JWT, maskTokens } from "./mask-tokens.ts";

const HEADER = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0";
const CLAIMS = "eyJpc3MiOiJodHRwczovL3RlbmFudC8ifQ";
const JWT = `${HEADER}.${CLAIMS}.c2lnbmF0dXJl-_x`;

test.each([
  ["alone", JWT, MASKED_JWT],
  ["inside an event", `{"authorizationToken":"${JWT}","x":1}`, `{"authorizationToken":"${MASKED_JWT}","x":1}`],
  ["twice in one line", `${JWT} and ${JWT}`, `${MASKED_JWT} and ${MASKED_JWT}`],
  ["without its signature", `${HEADER}.${CLAIMS}.`, MASKED_JWT],
  ["cut after the claims", `${HEADER}.${CLAIMS}`, MASKED_JWT],
  ["with the five parts of a JWE", `${HEADER}.a.b.c.d`, MASKED_JWT],
  ["in a query", `/x?access_token=${JWT}&y=1`, `/x?access_token=${MASKED_JWT}&y=1`],
])("a JWT is masked %s", (_where, line, masked) => {
  expect(maskTokens(line)).toBe(masked);
});

test.each([
  ["opaque", "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", `Authorization: Bearer ${MASKED_BEARER}`],
  ["in quotes", "{ auth: 'Bearer abc/def+g==' }", `{ auth: 'Bearer ${MASKED_BEARER}' }`],
  ["in lower case", "bearer   abc", `bearer   ${MASKED_BEARER}`],
  ["as a JWT", `Bearer ${JWT}.`, `Bearer ${MASKED_JWT}`],
  ["percent-encoded", "auth=Bearer%20abcdef", `auth=Bearer%20${MASKED_BEARER}`],
])("a bearer token is masked when it is %s", (_how, line, masked) => {
  expect(maskTokens(line)).toBe(masked);
});

test.each([
  'BEARER is "maybe", wanted: required or optional',
  "a Bearer token is missing",
  "eyJ is how a JWT begins",
  "hello.world.example",
  "the scheme is Bearer",
  "",
])("%j stays as it is", (line) => {
  expect(maskTokens(line)).toBe(line);
});

test("a hostile line is masked in linear time", () => {
  const hostile = ["eyJ".repeat(300_000), "bearer ".repeat(100_000), `${"eyJa.".repeat(200_000)}!`];
  const began = cpuMs();
  for (const line of hostile) maskTokens(line);
  expect(cpuMs() - began).toBeLessThan(2_000);
});
