import { afterEach, expect, test } from "vitest";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";

let management: SampleManagement | undefined;
afterEach(() => management?.close());

test("the default audience is set and taken back through the tenant's file", async () => {
  management = await sampleManagement("file");
  await management.call("POST", "resource-servers", { body: { identifier: "https://toys.example" } });
  const set = await management.call("PATCH", "tenants/settings", {
    body: { default_audience: "https://toys.example" },
  });
  expect(set.json()).toMatchObject({ default_audience: "https://toys.example" });
  expect(management.tenants.current().defaultAudience).toBe("https://toys.example");
  expect((await management.call("PATCH", "tenants/settings", { body: { default_audience: "" } })).status).toBe(200);
  expect((await management.call("GET", "tenants/settings")).json()).toMatchObject({ default_audience: "" });
});

test("a tenant's own logout URLs are set, and what no tenant has is refused", async () => {
  management = await sampleManagement("file");
  const urls = { allowed_logout_urls: ["http://localhost:3000/bye"] };
  expect((await management.call("PATCH", "tenants/settings", { body: urls })).json()).toMatchObject(urls);
  expect(management.tenants.current().allowedLogoutUrls).toEqual(urls.allowed_logout_urls);
  const unknown = await management.call("PATCH", "tenants/settings", { body: { allow_dynamic_things: true } });
  expect(unknown.json()).toMatchObject({ statusCode: 400, errorCode: "invalid_body" });
});

test("what a development tenant has no place for is refused by name, and nothing is changed", async () => {
  management = await sampleManagement("file");
  const body = { allowed_logout_urls: ["http://localhost:3000"], friendly_name: "Pets" };
  const refusal = await management.call("PATCH", "tenants/settings", { body });
  expect(refusal.status).toBe(400);
  expect(refusal.json().message).toContain("does not support friendly_name");
  expect(management.tenants.current().allowedLogoutUrls).toEqual([]);
});

test("a tenant without a file has no place for any", async () => {
  management = await sampleManagement("memory");
  const answer = await management.call("PATCH", "tenants/settings", {
    body: { default_audience: "https://pets.example" },
  });
  expect(answer.status).toBe(400);
  expect(answer.json().message).toContain("no file");
});
