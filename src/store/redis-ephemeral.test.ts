import { afterAll, describe, expect, test, vi } from "vitest";
import { hasRedis, type RedisServer, startRedis, stopRedis } from "../../test/support/redis-server.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { describeEphemeral } from "./ephemeral-contract.ts";
import { openRedisEphemeral, SILENCE_MS } from "./redis-ephemeral.ts";

const servers: RedisServer[] = [];

async function start(port?: number): Promise<RedisServer> {
  const server = await startRedis(port);
  servers.push(server);
  return server;
}

const isThere = hasRedis();

afterAll(async () => {
  for (const server of servers) await stopRedis(server);
});

describe.skipIf(!isThere)("with redis-server", () => {
  let shared: Promise<RedisServer> | undefined;
  let stores = 0;
  const open = async (options: Partial<Parameters<typeof openRedisEphemeral>[1]> = {}) => {
    shared ??= start();
    // A busy machine is no lost server.
    return openRedisEphemeral((await shared).url, { prefix: `test${++stores}`, answerTimeoutMs: 10_000, ...options });
  };

  describeEphemeral("Redis", open);

  test("stores of one prefix share their state, those of others do not", async () => {
    const one = await open({ prefix: "same" });
    const two = await open({ prefix: "same" });
    const other = await open({ prefix: "other" });
    await one.increment("plan", { windowMs: 60_000, by: 3 });
    expect(await two.increment("plan", { windowMs: 60_000 })).toMatchObject({ count: 4 });
    expect(await other.increment("plan", { windowMs: 60_000 })).toMatchObject({ count: 1 });
    const taken = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? one : two).takeTokens("plan", { rate: 0.001, burst: 25 })),
    );
    expect(taken.filter((each) => each.ok && each.granted === 1)).toHaveLength(25);
    for (const each of [one, two, other]) await each.close();
  });

  test("without a clock of the caller's, the server's own counts", async () => {
    const store = await open();
    const before = Date.now();
    const verdict = await store.increment("plan", { windowMs: 60_000 });
    if (!verdict.ok) throw new Error(verdict.reason);
    expect(verdict.resetAtMs).toBeGreaterThanOrEqual(before + 60_000 - 1000);
    expect(verdict.resetAtMs).toBeLessThanOrEqual(Date.now() + 60_000 + 1000);
    await store.close();
  });

  test("a lost server throws a StoreError at once, and is used again when it is back", async () => {
    const first = await start();
    const store = await openRedisEphemeral(first.url, { prefix: "lost", answerTimeoutMs: 5000 });
    await store.increment("plan", { windowMs: 1000 });
    await stopRedis(first);
    await waitFor(async () => {
      await expect(store.increment("plan", { windowMs: 1000 })).rejects.toMatchObject({
        name: "StoreError",
        code: "unreachable",
      });
    });
    await expect(store.takeTokens("plan", { rate: 1, burst: 1 })).rejects.toMatchObject({ code: "unreachable" });
    await start(Number(new URL(first.url).port));
    await waitFor(async () => expect(await store.increment("plan", { windowMs: 1000 })).toMatchObject({ count: 1 }));
    await store.close();
  });

  test("a server that hangs is waited for no longer than the bound", async () => {
    const server = await start();
    const patient = await openRedisEphemeral(server.url, { prefix: "slow", answerTimeoutMs: 10_000 });
    const store = await openRedisEphemeral(server.url, { prefix: "slow", answerTimeoutMs: 50 });
    await patient.increment("plan", { windowMs: 1000 });
    server.process.kill("SIGSTOP");
    await expect(store.increment("plan", { windowMs: 1000 })).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("within 50 ms"),
    });
    server.process.kill("SIGCONT");
    for (const each of [patient, store]) await each.close();
  });
});

/** A client package whose server answers nothing, or what is given. */
function silentClient(answer: () => Promise<unknown> = () => new Promise(() => undefined)) {
  const asked = { times: 0 };
  const client = {
    on: () => undefined,
    connect: async () => undefined,
    isOpen: false,
    evalSha: () => {
      asked.times++;
      return answer();
    },
  };
  const loadClient = async () => ({ createClient: () => client }) as never;
  return { asked, loadClient };
}

test("a server that hangs is waited for once, not by each question of a request", async () => {
  const { asked, loadClient } = silentClient();
  const store = await openRedisEphemeral("redis://127.0.0.1:1", { prefix: "hangs", answerTimeoutMs: 20, loadClient });
  const refused = { code: "unreachable", message: expect.stringContaining("within 20 ms") };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    for (const times of [1, 2]) {
      const waiting = expect(store.increment("plan", { windowMs: 1000 })).rejects.toMatchObject(refused);
      await vi.advanceTimersByTimeAsync(20);
      await waiting;
      for (const key of ["a", "b", "c"]) {
        await expect(store.takeTokens(key, { rate: 1, burst: 1 })).rejects.toMatchObject(refused);
      }
      expect(asked.times).toBe(times);
      await vi.advanceTimersByTimeAsync(SILENCE_MS);
    }
  } finally {
    vi.useRealTimers();
    await store.close();
  }
});

test("a process that was kept from listening does not call the server silent", async () => {
  // Two turns of the loop: the timers, which are late by then, come in between.
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const { loadClient } = silentClient(() =>
    turn()
      .then(turn)
      .then(() => [1, 7, 60_000]),
  );
  const store = await openRedisEphemeral("redis://127.0.0.1:1", { prefix: "busy", answerTimeoutMs: 50, loadClient });
  const answered = store.increment("plan", { windowMs: 60_000 });
  const began = performance.now();
  while (performance.now() - began < 200);
  expect(await answered).toMatchObject({ ok: true, count: 7 });
  await store.close();
});

test("what looks like a path, and is the rest of a password, is not told", async () => {
  const { loadClient } = silentClient();
  const url = "redis://someone:12/hidden@127.0.0.1";
  const store = await openRedisEphemeral(url, { prefix: "none", answerTimeoutMs: 1, loadClient });
  await expect(store.increment("plan", { windowMs: 1 })).rejects.not.toMatchObject({
    message: expect.stringContaining("hidden"),
  });
});

test("a server that is not there is said at once, without the password", async () => {
  const url = `redis://someone:hidden-password@127.0.0.1:1/0`;
  const opening = openRedisEphemeral(url, { prefix: "none" });
  await expect(opening).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("ECONNREFUSED"),
  });
  await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining("hidden-password") });
});

test("a missing client package is named with what installs it", async () => {
  const loadClient = () => Promise.reject(new Error("Cannot find package"));
  await expect(openRedisEphemeral("redis://127.0.0.1:1", { prefix: "none", loadClient })).rejects.toMatchObject({
    code: "engine_missing",
    message: expect.stringContaining("npm install @redis/client"),
  });
});
