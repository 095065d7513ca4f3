import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SampleIssuer, sampleClient, sampleIssuer, sampleUser } from "../fixtures/sample-issuer.ts";
import { type IdTokenGrant, signIdToken } from "./id-token.ts";

let sample: SampleIssuer;
beforeAll(async () => {
  sample = await sampleIssuer();
});
afterAll(() => sample.close());

const client = sampleClient({ idTokenLifetimeSeconds: 60 });
const claimsOf = (given: Partial<IdTokenGrant>) =>
  decodeJwt(
    signIdToken(
      {
        issuer: "http://localhost:4567/",
        client,
        user: sampleUser({ picture: "https://pets.example/a.png" }),
        scopes: ["openid"],
        customClaims: {},
        issuedAtSeconds: 100,
        ...given,
      },
      sample.keys,
    ),
  );

test("is RS256 by the current key, for the client, for its own lifetime, and says no more than it was asked", () => {
  expect(claimsOf({})).toEqual({
    iss: "http://localhost:4567/",
    aud: client.clientId,
    iat: 100,
    exp: 160,
    sub: "auth0|alice",
  });
  const token = signIdToken(
    { issuer: "x", client, user: sampleUser(), scopes: [], customClaims: {}, issuedAtSeconds: 0 },
    sample.keys,
  );
  expect(decodeProtectedHeader(token)).toEqual({ alg: "RS256", typ: "JWT", kid: sample.keys.current.kid });
});

test("tells given and family name with the profile, the phone by its own scope", () => {
  const user = sampleUser({ givenName: "Alice", familyName: "Liddell", phoneNumber: "+14155550100" });
  expect(claimsOf({ user, scopes: ["openid", "profile"] })).toMatchObject({
    given_name: "Alice",
    family_name: "Liddell",
  });
  expect(claimsOf({ user, scopes: ["openid", "profile"] })).not.toHaveProperty("phone_number");
  expect(claimsOf({ user, scopes: ["openid", "phone"] })).toMatchObject({
    phone_number: "+14155550100",
    phone_number_verified: false,
  });
  expect(claimsOf({ user, scopes: ["openid", "phone"] })).not.toHaveProperty("given_name");
});

test("tells the profile and the email by their scopes; what a user has not is left out", () => {
  expect(claimsOf({ scopes: ["openid", "profile"] })).toMatchObject({
    nickname: "alice",
    name: "Alice",
    picture: "https://pets.example/a.png",
    updated_at: "2026-01-01T00:00:00.000Z",
  });
  const { email, picture, ...bare } = sampleUser();
  const claims = claimsOf({ scopes: ["openid", "profile", "email"], user: bare });
  for (const name of ["email", "email_verified", "picture"]) expect(claims).not.toHaveProperty(name);
});

test("has nonce, session and time of login when they are given", () => {
  expect(claimsOf({ nonce: "n", sessionId: "s", authTimeSeconds: 50 })).toMatchObject({
    nonce: "n",
    sid: "s",
    auth_time: 50,
  });
});

test("a custom claim may replace one of the profile and none of the token's own, given or not", () => {
  const forged = { iss: "x", aud: "x", sub: "x", exp: 1, iat: 1, nonce: "x", sid: "x", auth_time: 1, at_hash: "x" };
  const claims = claimsOf({
    scopes: ["openid", "profile"],
    customClaims: { name: "Al", "https://ns/a": 1, ...forged },
  });
  expect(claims).toMatchObject({ name: "Al", "https://ns/a": 1, sub: "auth0|alice", aud: client.clientId, exp: 160 });
  for (const name of ["nonce", "sid", "auth_time", "at_hash"]) expect(claims).not.toHaveProperty(name);
});
