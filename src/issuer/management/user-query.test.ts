import { expect, test } from "vitest";
import { sampleUser } from "../fixtures/sample-issuer.ts";
import { MAX_QUERY_TERMS, readUserQuery } from "./user-query.ts";
import { userJson } from "./users.ts";

const alice = userJson(
  sampleUser({ name: "Alice Adams", appMetadata: { plan: "gold", tags: ["a", "b"], deep: { x: 1 } } }),
);

test.each([
  "",
  "*",
  "email:alice@pets.example",
  'email:"ALICE@pets.example"',
  'name:"alice adams"',
  "name:ali*",
  'user_id:"auth0|alice"',
  "email_verified:true",
  "app_metadata.plan:gold",
  "app_metadata.tags:b",
  "app_metadata.deep.x:1",
  "identities.connection:Username-Password-Authentication",
  "_exists_:app_metadata.plan",
  'name:"Alice Adams" AND email_verified:true',
])("finds by %s", (query) => expect(readUserQuery(query)(alice)).toBe(true));

test.each([
  "email:alice",
  'email:"alice@pets.example" AND email_verified:false',
  "app_metadata.none:gold",
  "_exists_:picture",
  "app_metadata:gold",
  "constructor:x",
])("does not find by %s", (query) => expect(readUserQuery(query)(alice)).toBe(false));

test.each([
  "alice",
  "email:a OR email:b",
  "NOT email:a",
  "logins_count:[1 TO 5]",
  "name:*ice",
  "name:/a/",
  "email:",
  ":x",
  'name:"a',
])("says that it cannot read %s", (query) => expect(() => readUserQuery(query)).toThrow(/cannot read/));

test("reads no more terms than its bound", () => {
  const terms = (count: number) => Array.from({ length: count }, () => "email_verified:true").join(" AND ");
  expect(readUserQuery(terms(MAX_QUERY_TERMS))(alice)).toBe(true);
  expect(() => readUserQuery(terms(MAX_QUERY_TERMS + 1))).toThrow(/more than 16 terms/);
});
