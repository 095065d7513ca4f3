import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAX_TENANT_FILE_BYTES } from "./parse-tenant-yaml.ts";
import { readTenantFile } from "./read-tenant-file.ts";
import { readTenantText, replaceTenantText, stampOf } from "./tenant-file.ts";

const dir = mkdtempSync(join(tmpdir(), "gatewarden-tenant-text-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a text that another has written in between is not replaced, and no draft is left", () => {
  const file = join(dir, "tenant.yaml");
  expect(replaceTenantText(file, "", "one")).toBe(true);
  writeFileSync(file, "by an editor");
  expect(replaceTenantText(file, "one", "two")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("by an editor");
  expect(readdirSync(dir)).toEqual(["tenant.yaml"]);
});

test("every write changes the stamp, even one of the same length", () => {
  const file = join(dir, "stamped.yaml");
  expect(stampOf(file)).toBe("");
  replaceTenantText(file, "", "one");
  const first = stampOf(file);
  replaceTenantText(file, "one", "two");
  expect(new Set(["", first, stampOf(file)]).size).toBe(3);
});

test("of a file that is too large no more is read than shows it", () => {
  const file = join(dir, "large.yaml");
  writeFileSync(file, "a".repeat(3 * MAX_TENANT_FILE_BYTES));
  const text = readTenantText(file);
  expect(text.length).toBe(MAX_TENANT_FILE_BYTES + 1);
  expect(readTenantFile(text, file)).toMatchObject({ ok: false, findings: [{ rule: "tenant-too-large" }] });
  mkdirSync(join(dir, "folder"));
  expect(() => readTenantText(join(dir, "folder"))).toThrow(/tenant-unreadable: .* it is a folder, wanted a YAML file/);
  // A pipe, or a terminal: reading it would wait for ever.
  expect(() => readTenantText("/dev/null")).toThrow(/it is no ordinary file/);
});
