import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis, type RedisServer, startRedis, stopRedis } from "../../../test/support/redis-server.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { samplePlan, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import { openProjectLimits, type ProjectLimits } from "./project-limits.ts";

const place = { region: "us-east-1", accountId: "000000000000", partition: "aws" };

describe.skipIf(!hasRedis())("gateways that share a Redis", () => {
  let dataDir: string;
  let redis: RedisServer;
  const troubles: string[] = [];
  const open = () =>
    openProjectLimits({ dataDir, place, redis: redis.url, onTrouble: (message) => troubles.push(message) });

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "gatewarden-shared-"));
    redis = await startRedis();
  });
  afterAll(async () => {
    await stopRedis(redis);
    rmSync(dataDir, { recursive: true });
  });

  async function spend({ limits }: ProjectLimits) {
    const found = limits.findKey(USAGE_KEY.value, "petstore", "test");
    if (!found.ok) throw new Error(found.reason);
    const { allowance, plan } = found.grant;
    return limits.spend(plan === undefined ? [allowance] : [allowance, plan]);
  }

  test("count one quota together, tell each other's usage, and close the quota when Redis is lost", async () => {
    const nodes = [await open(), await open()] as const;
    const quota = { limit: 30, offset: 0, period: "MONTH" } as const;
    for (const node of nodes) node.replace({ apis: [], apiKeys: [USAGE_KEY], usagePlans: [samplePlan({ quota })] });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => spend(nodes[at % 2]!)));
    expect(answers.filter((exceeded) => exceeded === undefined)).toHaveLength(30);
    const today = new Date().toISOString().slice(0, 10);
    await waitFor(async () => {
      // Each tells what it counted before it is asked, or a second later.
      const question = { plan: "gold", startDate: today, endDate: today, includeValues: false };
      const { plans } = await nodes[0].report(question);
      expect(plans[0]?.items).toEqual({ [USAGE_KEY.id]: [[30, 0]] });
    });
    await stopRedis(redis);
    await waitFor(async () => expect(await spend(nodes[0])).toMatchObject({ because: "store_lost" }));
    expect(troubles.length).toBeGreaterThan(0);
    expect(troubles[0]).toContain("quotas are closed");
    for (const node of nodes) await node.close();
  });
});
