import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { samplePlan, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import { openProjectLimits, readUsageDates } from "./project-limits.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "gatewarden-limits-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const place = { region: "us-east-1", accountId: "000000000000", partition: "aws" };
const now = () => Date.UTC(2026, 10, 21, 12);
const open = () => openProjectLimits({ dataDir, place, now, onTrouble: () => undefined });
const DAYS = { startDate: "2026-11-21", endDate: "2026-11-21" };

test("a project's keys are found by their values, and what they use is reported by plan", async () => {
  const quota = { limit: 10, offset: 0, period: "DAY" } as const;
  const limits = await open();
  limits.replace({ apis: [], apiKeys: [USAGE_KEY], usagePlans: [samplePlan({ quota })] });
  const verdict = limits.limits.findKey(USAGE_KEY.value, "petstore", "test");
  if (!verdict.ok) throw new Error(verdict.reason);
  limits.limits.spend([verdict.grant.allowance]);
  const plan = {
    usagePlanId: "gold",
    name: "gold",
    keyIds: [USAGE_KEY.id],
    quota,
    ...DAYS,
    items: { [USAGE_KEY.id]: [[1, 9]] },
  };
  const key = { id: USAGE_KEY.id, name: "mobile", enabled: true };
  const question = { plan: undefined, ...DAYS, includeValues: false };
  expect(await limits.report(question)).toEqual({ plans: [plan], apiKeys: [key] });
  expect(await limits.report({ ...question, plan: "gold", includeValues: true })).toEqual({
    plans: [plan],
    apiKeys: [{ ...key, value: USAGE_KEY.value }],
  });
  expect(await limits.report({ ...question, plan: "bronze" })).toEqual({ plans: [], apiKeys: [] });
  await limits.close();
});

test("a key with a value that AWS would not take is unknown", async () => {
  const limits = await open();
  const findings = limits.replace({ apis: [], apiKeys: [{ ...USAGE_KEY, value: "short" }], usagePlans: [] });
  expect(findings).toMatchObject([{ rule: "api-key-value-invalid" }]);
  expect(limits.limits.findKey("short", "petstore", "test")).toMatchObject({ reason: "api_key_unknown" });
  await limits.close();
});

test("what a project no longer has is no longer known", async () => {
  const limits = await open();
  limits.replace({ apis: [], apiKeys: [USAGE_KEY], usagePlans: [samplePlan()] });
  limits.replace({ apis: [], apiKeys: [], usagePlans: [] });
  expect(limits.limits.findKey(USAGE_KEY.value, "petstore", "test")).toMatchObject({ reason: "api_key_unknown" });
  await limits.close();
});

test("a Redis that is not there keeps the gateway from starting, and its password is not told", async () => {
  const opening = openProjectLimits({
    dataDir,
    place,
    redis: "redis://:hidden-password@127.0.0.1:1",
    onTrouble: () => undefined,
  });
  await expect(opening).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining("127.0.0.1:1"),
  });
  await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining("hidden-password") });
});

test("days are read as they are meant, by default the last seven", () => {
  expect(readUsageDates(undefined, undefined, now())).toEqual({ startDate: "2026-11-15", endDate: "2026-11-21" });
  expect(readUsageDates("2026-08-24", "2026-11-21", now())).toMatchObject({ startDate: "2026-08-24" });
  expect(readUsageDates("2026-08-23", "2026-11-21", now())).toMatchObject({ problem: expect.stringContaining("90") });
});
