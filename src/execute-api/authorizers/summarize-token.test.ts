import { expect, test } from "vitest";
import { summarizeToken } from "./summarize-token.ts";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown, header: unknown = { alg: "RS256", kid: "k1" }): string =>
  `${encode(header)}.${encode(claims)}.c2ln`;

test("of a JWT stay its kid, alg, allow-listed claims and a digest, never the token", () => {
  const token = jwt({ iss: "https://i/", sub: "ana", email: "ana@example.com", exp: 5 });
  const summary = summarizeToken(`Bearer ${token}`);
  expect(summary).toEqual({
    digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    kid: "k1",
    alg: "RS256",
    claims: { iss: "https://i/", sub: "ana", exp: 5 },
  });
  expect(JSON.stringify(summary)).not.toContain(token.slice(0, 10));
});

test("anything else is a digest alone", () => {
  for (const value of ["", "open sesame", "a.b", "a.b.c", "a.b.c.d", `${jwt({})}.x`, `x${"y".repeat(20_000)}`]) {
    expect(Object.keys(summarizeToken(value)), value.slice(0, 20)).toEqual(["digest"]);
  }
  expect(summarizeToken("a").digest).not.toBe(summarizeToken("b").digest);
});

test("a claim is kept up to 512 characters of JSON, however they are escaped", () => {
  const kept = (sub: unknown): unknown => summarizeToken(jwt({ sub })).claims?.sub;
  expect(kept("x".repeat(510))).toBe("x".repeat(510));
  expect(kept("x".repeat(511))).toBeUndefined();
  expect(kept("\u0001".repeat(85))).toBe("\u0001".repeat(85));
  expect(kept("\u0001".repeat(86))).toBeUndefined();
  expect(kept(["y".repeat(600)])).toBeUndefined();
});

test("what is decoded already is taken as it is", () => {
  const content = { header: { kid: "k2", alg: "RS512" }, claims: { sub: "ben" } };
  expect(summarizeToken("opaque", content)).toMatchObject({ kid: "k2", alg: "RS512", claims: { sub: "ben" } });
});
