import { afterEach, expect, test } from "vitest";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";

let management: SampleManagement;
afterEach(() => management.close());

const connection = "Username-Password-Authentication";
const person = {
  given_name: "Firstname",
  family_name: "Lastname",
  username: "first.last",
  phone_number: "+14155550100",
  phone_verified: true,
};
const carol = { connection, email: "carol@toys.example", password: "correct horse battery", ...person };

test.each(["memory", "file"] as const)("names, username and phone are kept and taken back, in %s", async (kind) => {
  management = await sampleManagement(kind);
  const made = await management.call("POST", "users", { body: carol });
  expect({ status: made.status, ...made.json() }).toMatchObject({ status: 201, ...person });
  const path = `users/${encodeURIComponent(made.json().user_id)}`;
  const changed = await management.call("PATCH", path, { body: { given_name: "Carol", family_name: null } });
  expect(changed.json()).toMatchObject({ given_name: "Carol", username: "first.last" });
  expect(changed.json()).not.toHaveProperty("family_name");
});

test("a username is one user's", async () => {
  management = await sampleManagement("file");
  await management.call("POST", "users", { body: carol });
  const body = { ...carol, email: "dave@toys.example", username: "FIRST.last" };
  expect((await management.call("POST", "users", { body })).json()).toMatchObject({
    statusCode: 409,
    message: "The user already exists.",
  });
});

test.each([
  ["username", "with space"],
  ["username", "carol@toys.example"],
  ["phone_number", "0228 1234"],
  ["given_name", "x".repeat(151)],
])("%s %s is refused", async (name, value) => {
  management = await sampleManagement("file");
  expect((await management.call("POST", "users", { body: { ...carol, [name]: value } })).status).toBe(400);
});
