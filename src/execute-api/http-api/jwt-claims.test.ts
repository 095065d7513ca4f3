import { expect, test } from "vitest";
import { claimTexts } from "./jwt-claims.ts";

test("every claim is a string, in the order of names (R)", () => {
  const claims = {
    sub: "google-oauth2|5",
    aud: ["https://some.app.example.com", "https://some-tenant.eu.auth0.com/userinfo"],
    exp: 1604085585,
    "cognito:groups": ["admin", "poweruser"],
    permissions: ["https://some.app.example.com/can-use-app"],
    email_verified: true,
  };
  expect(Object.entries(claimTexts(claims))).toEqual([
    ["aud", "[https://some.app.example.com https://some-tenant.eu.auth0.com/userinfo]"],
    ["cognito:groups", "[admin poweruser]"],
    ["email_verified", "true"],
    ["exp", "1604085585"],
    ["permissions", "[https://some.app.example.com/can-use-app]"],
    ["sub", "google-oauth2|5"],
  ]);
});

test("numbers have no exponents, objects are printed as Go prints maps, null is left out (?)", () => {
  const claims = { big: 1e21, small: 1e-7, half: 0.5, none: null, roles: { b: [1, 2], a: { c: false } }, empty: [] };
  expect({ ...claimTexts(claims) }).toEqual({
    big: "1000000000000000000000",
    small: "0.0000001",
    half: "0.5",
    roles: "map[a:map[c:false] b:[1 2]]",
    empty: "[]",
  });
});

test("a claim may be called anything", () => {
  const texts = claimTexts(JSON.parse('{"__proto__": "x", "constructor": "y"}'));
  expect(Object.entries(texts)).toEqual([
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});
