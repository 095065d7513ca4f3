import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GATEWAY_REASONS } from "../src/execute-api/reasons.ts";

test("every reason of the gateway has its section on the reference page, and every section its reason", () => {
  const page = readFileSync("docs/reference/reasons/gateway.md", "utf8");
  const sections = [...page.matchAll(/^## (\S+)$/gm)].map((match) => match[1]);
  expect(sections.length).toBeGreaterThan(30);
  expect(sections).toEqual(Object.keys(GATEWAY_REASONS));
});
