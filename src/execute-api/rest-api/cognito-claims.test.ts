import { expect, test } from "vitest";
import { cognitoClaims } from "./cognito-claims.ts";

test("every claim is text, in the manner of published events (C)", () => {
  const claims = {
    sub: "d0e83481-dfb1-4bcb-acbe-b75610e92021",
    "cognito:groups": ["anotherGroup", "admin"],
    email_verified: true,
    phone_number_verified: false,
    auth_time: 1518532281,
    exp: 1518535881,
    iat: 1_700_000_000,
    version: 2,
    "custom:age": "42",
    identities: [{ userId: "3186799091337591", providerName: "Facebook", issuer: null, primary: "true" }],
    address: { formatted: "Main Street" },
    one: ["owner"],
    none: [],
    nothing: null,
  };
  expect(cognitoClaims(claims)).toEqual({
    sub: "d0e83481-dfb1-4bcb-acbe-b75610e92021",
    "cognito:groups": "anotherGroup,admin",
    email_verified: "true",
    phone_number_verified: "false",
    auth_time: "1518532281",
    exp: "Tue Feb 13 15:31:21 UTC 2018",
    iat: "Tue Nov 14 22:13:20 UTC 2023",
    version: "2",
    "custom:age": "42",
    identities: '{"userId":"3186799091337591","providerName":"Facebook","issuer":null,"primary":"true"}',
    address: '{"formatted":"Main Street"}',
    one: "owner",
    none: "",
  });
});

test("days have two digits, and times that are no dates stay numbers", () => {
  expect(cognitoClaims({ exp: 1_546_300_800, iat: 1e300 })).toEqual({
    exp: "Tue Jan 01 00:00:00 UTC 2019",
    iat: "1e+300",
  });
});

test("a claim may be named like a member of every object", () => {
  const texts = cognitoClaims(JSON.parse('{"constructor":"c","__proto__":"p"}'));
  expect(Object.keys(texts)).toEqual(["constructor", "__proto__"]);
  expect(cognitoClaims({}).constructor).toBeUndefined();
});
