import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { samplePlan, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import { completeUsagePlans, newApiKeyValue } from "./api-key-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { value: _, ...withoutValue } = USAGE_KEY;
const { firstServedMs: __, ...plan } = samplePlan();
const file = () => join(folder, "api-keys.json");

test("a generated value has 40 letters and digits, and no two are alike", () => {
  const values = Array.from({ length: 50 }, newApiKeyValue);
  for (const value of values) expect(value).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(new Set(values).size).toBe(50);
});

test("a key without a value gets one, readable by its owner only, the same from then on; a declared value stays", () => {
  const project = { apiKeys: [withoutValue, { ...USAGE_KEY, id: "declared00" }], usagePlans: [plan] };
  const first = completeUsagePlans(project, folder, 1000);
  expect(first.keys[0]?.value).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(first.keys[1]?.value).toBe(USAGE_KEY.value);
  expect(first.plans[0]?.firstServedMs).toBe(1000);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(file(), "utf8")).not.toContain(USAGE_KEY.value);
  const again = completeUsagePlans({ apiKeys: [], usagePlans: [] }, folder, 2000);
  expect(again).toEqual({ keys: [], plans: [] });
  expect(completeUsagePlans(project, folder, 3000)).toEqual(first);
});

test("nothing is written where nothing has to be kept", () => {
  completeUsagePlans({ apiKeys: [USAGE_KEY], usagePlans: [] }, folder, 0);
  expect(() => statSync(file())).toThrow("ENOENT");
});

test.each([
  ["others can read", () => chmodSync(file(), 0o644), /chmod 600/],
  ["is no JSON", () => writeFileSync(file(), "{"), /cannot be read/],
  ["is something else", () => writeFileSync(file(), '{"keys":[],"plans":{}}'), /not what was written/],
  [
    "has a moment that is none",
    () => writeFileSync(file(), '{"keys":{},"plans":{"a":"soon"}}'),
    /not what was written/,
  ],
  [
    "is a link",
    () => {
      rmSync(file());
      symlinkSync("/etc/passwd", file());
    },
    /chmod 600/,
  ],
])("a file that %s is refused with what to do", (_name, spoil, message) => {
  completeUsagePlans({ apiKeys: [withoutValue], usagePlans: [] }, folder, 0);
  spoil();
  expect(() => completeUsagePlans({ apiKeys: [withoutValue], usagePlans: [] }, folder, 0)).toThrow(message);
});
