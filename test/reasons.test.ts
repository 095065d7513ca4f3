import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SIGNATURE_REASONS } from "../src/aws/sigv4/reasons.ts";
import { GATEWAY_REASONS } from "../src/execute-api/reasons.ts";
import { ISSUER_REASONS } from "../src/issuer/reasons.ts";
import { TOKEN_REASONS } from "../src/token/reasons.ts";

test("every reason of the gateway has its section on the reference page, and every section its reason", () => {
  const page = readFileSync("docs/reference/reasons/gateway.md", "utf8");
  const sections = [...page.matchAll(/^## (\S+)$/gm)].map((match) => match[1]);
  expect(sections.length).toBeGreaterThan(30);
  expect(sections).toEqual(Object.keys(GATEWAY_REASONS));
});

test("every reason of a signature has its section on the reference page, in AWS's order, and every section its reason", () => {
  const page = readFileSync("docs/reference/reasons/signatures.md", "utf8");
  const sections = [...page.matchAll(/^## (\S+)\n\n(.+)$/gm)];
  expect(sections.length).toBeGreaterThan(15);
  expect(sections.map((match) => match[1])).toEqual(Object.keys(SIGNATURE_REASONS));
});

test("no reason stands in two tables: what to check is looked up by its name", () => {
  const names = [GATEWAY_REASONS, SIGNATURE_REASONS, TOKEN_REASONS].flatMap((table) => Object.keys(table));
  expect(names.length).toBeGreaterThan(100);
  expect(new Set(names).size).toBe(names.length);
});

test("every reason of the issuer has its section with the next move, and every section its reason", () => {
  const page = readFileSync("docs/reference/reasons/issuer.md", "utf8");
  const sections = [...page.matchAll(/^## (\S+)\n\n(.+)$/gm)];
  expect(sections.length).toBeGreaterThan(50);
  expect(sections.map((match) => match[1])).toEqual(Object.keys(ISSUER_REASONS));
  for (const [, reason = "", text = ""] of sections) {
    expect(text.endsWith(ISSUER_REASONS[reason as keyof typeof ISSUER_REASONS]), reason).toBe(true);
  }
});
