import { describe, expect, test } from "vitest";
import {
  AuthorizerCache,
  type AuthorizerResult,
  authorizerCacheKey,
  authorizerCachePrefix,
} from "./authorizer-cache.ts";

const STAGE = "api/test";

function resultFor(principalId: string): AuthorizerResult {
  return {
    principalId,
    policy: { kind: "authorizer", version: "2012-10-17", statements: [] },
    context: {},
    integrationLatencyMs: 1,
    askedFor: "GET /pets",
    recorded: { type: "CUSTOM" },
  };
}

function clockAt(ms: number) {
  const clock = { ms, now: () => clock.ms };
  return clock;
}

describe("the key", () => {
  const prefix = authorizerCachePrefix("api", "test", "abc", "1");

  test("no two lists of identity values share a key", () => {
    const lists: (readonly (readonly string[] | undefined)[])[] = [
      [],
      [undefined],
      [[]],
      [[""]],
      [["a"]],
      [["a", ""]],
      [["", "a"]],
      [["a"], undefined],
      [undefined, ["a"]],
      [["a"], [""]],
      [["a;1:1:b"]],
      [["a"], ["b"]],
      [["ab"]],
      [["a", "b"]],
      [["1:a"]],
      [["-;"]],
    ];
    const keys = lists.map((list) => authorizerCacheKey(prefix, list));
    expect(new Set(keys).size).toBe(lists.length);
  });

  test("API, stage, authorizer and revision are part of it, and do not run into each other", () => {
    const prefixes = [
      authorizerCachePrefix("api", "test", "abc", "1"),
      authorizerCachePrefix("apit", "est", "abc", "1"),
      authorizerCachePrefix("api", "prod", "abc", "1"),
      authorizerCachePrefix("api", "test", "abd", "1"),
      authorizerCachePrefix("api", "test", "abc", "2"),
      authorizerCachePrefix("api", "test", "abc1", ""),
    ];
    expect(new Set(prefixes.map((each) => authorizerCacheKey(each, [["token"]]))).size).toBe(prefixes.length);
  });

  test("it does not hold the identity itself", () => {
    expect(authorizerCacheKey(prefix, [["Bearer secret"]])).not.toContain("secret");
  });
});

describe("entries", () => {
  test("are kept for the TTL and not a millisecond longer", async () => {
    const cache = new AuthorizerCache();
    const clock = clockAt(1000);
    await cache.ask("key", STAGE, 300, clock.now, async () => resultFor("a"));
    expect(cache.get("key", STAGE, 1299)?.principalId).toBe("a");
    expect(cache.get("key", STAGE, 1300)).toBeUndefined();
  });

  test("are bounded; the least recently used goes first", async () => {
    const cache = new AuthorizerCache(2);
    const clock = clockAt(0);
    await cache.ask("one", STAGE, 1000, clock.now, async () => resultFor("one"));
    await cache.ask("two", STAGE, 1000, clock.now, async () => resultFor("two"));
    cache.get("one", STAGE, 0);
    await cache.ask("three", STAGE, 1000, clock.now, async () => resultFor("three"));
    expect(cache.size).toBe(2);
    expect(cache.get("two", STAGE, 0)).toBeUndefined();
    expect(cache.get("one", STAGE, 0)?.principalId).toBe("one");
  });

  test("of one stage are flushed at once, others stay", async () => {
    const cache = new AuthorizerCache();
    const clock = clockAt(0);
    await cache.ask("a", STAGE, 1000, clock.now, async () => resultFor("a"));
    await cache.ask("b", "api/prod", 1000, clock.now, async () => resultFor("b"));
    cache.flushStage(STAGE);
    expect(cache.get("a", STAGE, 0)).toBeUndefined();
    expect(cache.get("b", "api/prod", 0)?.principalId).toBe("b");
  });

  test("asked for before a flush and answered after it are not kept", async () => {
    const cache = new AuthorizerCache();
    const clock = clockAt(0);
    let answer: (result: AuthorizerResult) => void = () => {};
    const asking = cache.ask("a", STAGE, 1000, clock.now, () => new Promise((resolve) => (answer = resolve)));
    cache.flushStage(STAGE);
    answer(resultFor("stale"));
    expect((await asking).result.principalId).toBe("stale");
    expect(cache.get("a", STAGE, 0)).toBeUndefined();
  });
});

describe("concurrent misses", () => {
  test("share one call", async () => {
    const cache = new AuthorizerCache();
    const clock = clockAt(0);
    let calls = 0;
    const call = async (): Promise<AuthorizerResult> => {
      calls++;
      await Promise.resolve();
      return resultFor("a");
    };
    const answers = await Promise.all([1, 2, 3].map(() => cache.ask("key", STAGE, 1000, clock.now, call)));
    expect(calls).toBe(1);
    expect(answers.map(({ shared }) => shared)).toEqual([false, true, true]);
  });

  test("share a failure too, and the failure is not kept", async () => {
    const cache = new AuthorizerCache();
    const clock = clockAt(0);
    const failing = cache.ask("key", STAGE, 1000, clock.now, async () => Promise.reject(new Error("Unauthorized")));
    await expect(failing).rejects.toThrow("Unauthorized");
    expect(cache.get("key", STAGE, 0)).toBeUndefined();
    expect((await cache.ask("key", STAGE, 1000, clock.now, async () => resultFor("later"))).result.principalId).toBe(
      "later",
    );
  });
});
