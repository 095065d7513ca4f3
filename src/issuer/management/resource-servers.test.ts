import { afterEach, expect, test } from "vitest";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";

let management: SampleManagement;
afterEach(() => management.close());

test.each(["memory", "file"] as const)("what was never set is not answered, in %s", async (kind) => {
  management = await sampleManagement(kind);
  const made = (
    await management.call("POST", "resource-servers", { body: { identifier: "https://toys.example" } })
  ).json();
  for (const member of ["name", "scopes", "enforce_policies", "token_dialect"]) expect(made).not.toHaveProperty(member);
  const body = { name: "Toys", scopes: [{ value: "play", description: "" }], enforce_policies: false };
  const changed = (await management.call("PATCH", `resource-servers/${made.id}`, { body })).json();
  expect(changed).toMatchObject(body);
  expect(changed).not.toHaveProperty("token_dialect");
  const emptied = await management.call("PATCH", `resource-servers/${made.id}`, { body: { scopes: [] } });
  expect(emptied.json()).toMatchObject({ name: "Toys", scopes: [] });
});

test("an API of the project's files has every member before and after a change", async () => {
  management = await sampleManagement("file");
  await management.tenants.declare([{ identifier: "https://pets.example", scopes: ["read:pets"] }]);
  const [before] = (await management.call("GET", "resource-servers?identifiers=https://pets.example")).json();
  expect(before).toMatchObject({
    name: "https://pets.example",
    enforce_policies: false,
    token_dialect: "access_token",
  });
  const after = await management.call("PATCH", `resource-servers/${before.id}`, { body: { token_lifetime: 7200 } });
  expect(after.json()).toEqual({ ...before, token_lifetime: 7200 });
});
