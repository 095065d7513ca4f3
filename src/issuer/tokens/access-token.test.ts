import { expect, test } from "vitest";
import { sampleApi } from "../fixtures/sample-issuer.ts";
import type { TokenDialect } from "../tenant/tenant.ts";
import { auth0AccessToken, type TokenGrant } from "./access-token.ts";

const grant: TokenGrant = {
  issuer: "https://t.eu.auth0.com/",
  api: sampleApi(),
  clientId: "client",
  subject: { kind: "user", userId: "auth0|alice", name: "Alice" },
  scopes: ["read:pets"],
  entitlements: ["read:pets", "write:pets"],
  issuedAtSeconds: 100,
  expiresAtSeconds: 200,
  newId: () => "id",
};
const claimsOf = (given: Partial<TokenGrant>, tokenDialect: TokenDialect = "access_token") =>
  auth0AccessToken({ ...grant, ...given, api: sampleApi({ tokenDialect }) }).claims;

test("with openid the token is for userinfo too, unless the API signs with a secret", () => {
  const audienceOf = (signingAlg: "RS256" | "PS256" | "HS256", scopes: readonly string[]) =>
    auth0AccessToken({ ...grant, scopes, api: sampleApi({ signingAlg }) }).claims.aud;
  const both = ["https://pets.example", "https://t.eu.auth0.com/userinfo"];
  expect(audienceOf("RS256", ["openid"])).toEqual(both);
  expect(audienceOf("PS256", ["openid"])).toEqual(both);
  expect(audienceOf("HS256", ["openid"])).toBe("https://pets.example");
  expect(audienceOf("RS256", ["read:pets"])).toBe("https://pets.example");
});

test("gty says how a token was got, and is absent after a login and in the RFC 9068 dialect", () => {
  expect(claimsOf({})).not.toHaveProperty("gty");
  expect(claimsOf({ grantType: "password" }).gty).toBe("password");
  expect(claimsOf({ grantType: "refresh_token" }).gty).toBe("refresh_token");
  expect(claimsOf({ subject: { kind: "client" } }).gty).toBe("client-credentials");
  expect(claimsOf({ grantType: "password" }, "rfc9068_profile")).not.toHaveProperty("gty");
});

test.each<TokenDialect>(["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"])(
  "custom claims stand at the top, and none is taken for one of the issuer's, in %s",
  (dialect) => {
    const registered = Object.fromEntries(
      "iss sub aud exp nbf iat jti scope scp gty azp client_id permissions".split(" ").map((name) => [name, "forged"]),
    );
    const claims = claimsOf({ customClaims: { "https://ns/role": ["vet"], plan: "free", ...registered } }, dialect);
    expect(claims).toMatchObject({ "https://ns/role": ["vet"], plan: "free" });
    expect(Object.values(claims)).not.toContain("forged");
    const { "https://ns/role": _, plan, ...rest } = claims;
    expect(rest).toEqual(claimsOf({}, dialect));
  },
);
