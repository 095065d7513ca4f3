import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine, gatewarden, type Serving, serve } from "./support/command-line.ts";
import { ask, inParallel, type Reply, until } from "./support/http.ts";
import { makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { hasRedis, type RedisServer, startRedis, stopRedis } from "./support/redis-server.ts";

/*
 * Two gateways behind a load balancer, one Redis: what a key may use is used up at both at once. Then Redis dies.
 */

const PARTNER = "partner-key-of-twenty-characters-and-more";
const SPARE = "a-spare-key-of-twenty-characters-and-more";
const QUOTA = 40;
const BURST = 25;

describe.skipIf(!hasRedis())("two gateways that share a Redis", () => {
  let project: Project;
  let redis: RedisServer;
  const gateways: { readonly serving: Serving; readonly url: string; readonly dataDir: string }[] = [];

  beforeAll(async () => {
    const keyNeeded = { security: [{ key: [] }] };
    project = makeProject({
      "shop.json": openApi(
        {
          "/counted": { get: mockMethod("counted", keyNeeded) },
          "/paced": { get: mockMethod("paced") },
          "/free": { get: mockMethod("free") },
        },
        { key: { type: "apiKey", name: "x-api-key", in: "header" } },
      ),
      "gatewarden.yaml": {
        files: ["shop.json"],
        // So slow that nothing comes back while the tests run.
        stages: { shop: { name: "prod", throttle: { "GET /paced": { rateLimit: 0.000_1, burstLimit: BURST } } } },
        apiKeys: { partner: { value: PARTNER }, spare: { value: SPARE } },
        usagePlans: {
          gold: {
            stages: [{ api: "shop", stage: "prod" }],
            quota: { limit: QUOTA, period: "MONTH" },
            keys: ["partner", "spare"],
          },
        },
      },
    });
    redis = await startRedis();
    for (const dataDir of ["one", "two"]) {
      const args = ["dev", "--no-issuer", "--port", "0", "--data-dir", dataDir, "--redis", redis.url];
      const serving = await serve(args, { cwd: project.folder });
      const { apis } = serving.json as { apis: { stages: { url: string }[] }[] };
      gateways.push({ serving, dataDir, url: apis[0]?.stages[0]?.url ?? "" });
    }
  });
  afterAll(async () => {
    for (const { serving } of gateways) await serving.stop();
    if (redis !== undefined) await stopRedis(redis);
    project?.remove();
  });

  const get = (gateway: number, path: string, key?: string): Promise<Reply> =>
    ask(`${gateways[gateway]?.url}${path}`, { headers: key === undefined ? [] : ["x-api-key", key] });

  /** How often each status was answered, with the gateways taking turns and eight clients at once. */
  async function statuses(count: number, path: string, key?: string): Promise<Record<number, number>> {
    const seen: Record<number, number> = {};
    await inParallel(count, 8, async (index) => {
      const { status } = await get(index % 2, path, key);
      seen[status] = (seen[status] ?? 0) + 1;
    });
    return seen;
  }

  test("have one quota: no more is let in than it allows, and no less", async () => {
    expect(await statuses(QUOTA * 2, "/counted", PARTNER)).toEqual({ 200: QUOTA, 429: QUOTA });
    for (const gateway of [0, 1]) {
      expect(await get(gateway, "/counted", PARTNER)).toMatchObject({
        status: 429,
        body: '{"message":"Limit Exceeded"}',
      });
    }
  });

  test("tell the same of who used what, whichever is asked", async () => {
    for (const { dataDir } of gateways) {
      await until(`the usage of both, asked of ${dataDir}`, async () => {
        const { stdout } = await commandLine(["usage", "--data-dir", dataDir], { cwd: project.folder });
        return new RegExp(`^gold +partner +\\S+ +${QUOTA} +${QUOTA} +0 `, "m").test(stdout);
      });
    }
  });

  test("have one bucket for a throttle", async () => {
    expect(await statuses(BURST * 2, "/paced")).toEqual({ 200: BURST, 429: BURST });
  });

  test("are not held to each other by what has no limit", async () => {
    expect(await statuses(40, "/free")).toEqual({ 200: 40 });
  });

  describe("when Redis is gone", () => {
    beforeAll(() => stopRedis(redis));

    test("what a quota guards is closed, and says why", async () => {
      for (const gateway of [0, 1]) {
        const reply = await until("the quota to be closed", async () => {
          const each = await get(gateway, "/counted", SPARE);
          return each.status !== 200 && each;
        });
        expect(reply.status).toBe(500);
        const args = ["explain", reply.requestId, "--data-dir", gateways[gateway]?.dataDir ?? ""];
        const { stdout } = await commandLine(args, { cwd: project.folder });
        expect(stdout).toContain("quota_not_countable");
        expect(stdout).not.toContain(SPARE);
      }
      expect((await get(0, "/counted", SPARE)).status).toBe(500);
    });

    test("throttles go on, each gateway by itself, and what has no limit is answered", async () => {
      for (const gateway of [0, 1]) {
        await until("the throttle's own count", async () => (await get(gateway, "/paced")).status === 200);
        let answered = 1;
        while ((await get(gateway, "/paced")).status === 200) answered++;
        expect(answered).toBeLessThanOrEqual(BURST);
        expect((await get(gateway, "/free")).status).toBe(200);
      }
    });

    test("whoever runs it is told in words", async () => {
      for (const { serving } of gateways) {
        await until("a line about the store", () => serving.stderr().includes("quotas are closed"));
        expect(serving.stderr()).not.toContain(SPARE);
      }
    });

    test("and when it is back the quota is counted again", async () => {
      redis = await startRedis(Number(new URL(redis.url).port));
      for (const gateway of [0, 1]) {
        await until("the quota to be open again", async () => (await get(gateway, "/counted", SPARE)).status === 200);
      }
    });
  });

  test("a gateway does not start beside a Redis that is not there", async () => {
    const args = ["dev", "--no-issuer", "--port", "0", "--data-dir", "three", "--redis", "redis://127.0.0.1:1"];
    const { code, stderr } = await gatewarden(args, { cwd: project.folder });
    expect(code).not.toBe(0);
    expect(stderr).toContain("--redis");
  });
});
