import { randomUUID } from "node:crypto";
import { StoreError } from "./documents.ts";
import {
  type Ephemeral,
  type EphemeralRefusal,
  type LeaseVerdict,
  MAX_BUCKETS,
  MAX_CACHED_ENTRIES,
  MAX_CACHED_VALUE_BYTES,
  MAX_COUNTERS,
  MAX_KEY_BYTES,
  MAX_LEASES,
} from "./ephemeral.ts";
import { takeWithoutLevel } from "./memory-buckets.ts";
import {
  ACQUIRE_LEASE,
  DELETE_CACHED,
  GET_CACHED,
  INCREMENT,
  RELEASE_LEASE,
  RENEW_LEASE,
  type RedisScript,
  SET_CACHED,
  TAKE_TOKENS,
} from "./redis-scripts.ts";

/** How long Redis may take to answer; requests wait for it. */
export const ANSWER_TIMEOUT_MS = 500;
export const CONNECT_TIMEOUT_MS = 2000;
/** After a server has let somebody wait in vain, nobody waits for it for this long: one request asks many times. */
export const SILENCE_MS = 1000;
/** A lost connection is tried again after a moment that doubles up to this. */
const RECONNECT_MAX_MS = 2000;
/** Commands that may wait for an answer at once. */
const QUEUE_MAX = 10_000;

export interface RedisEphemeralOptions {
  /** Before every key of this store's own; stores with the same prefix share their state. */
  readonly prefix: string;
  /** Epoch milliseconds; without it the server's clock, which is the same for all who share it. */
  readonly clock?: () => number;
  readonly answerTimeoutMs?: number;
  readonly countersMax?: number;
  readonly bucketsMax?: number;
  readonly leasesMax?: number;
  readonly cachedEntriesMax?: number;
  /** Loads the client package. */
  readonly loadClient?: () => Promise<Pick<typeof import("@redis/client"), "createClient">>;
}

/** Redis, or what answers like it. Its answers are untyped: each use repeats what its script answers. */
interface RedisConnection {
  eval(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  close(): void;
}

/**
 * Counters, buckets, leases and cache in Redis 6.2 or newer, shared by all who name the same server and prefix. Redis Cluster
 * is not supported: the keys of one script would lie on several nodes.
 *
 * @throws StoreError when the client package is missing or the server cannot be reached; later calls throw it while the
 * connection is lost
 */
export async function openRedisEphemeral(url: string, options: RedisEphemeralOptions): Promise<Ephemeral> {
  const redis = await connect(url, options);
  const { prefix, clock } = options;
  const countersMax = options.countersMax ?? MAX_COUNTERS;
  const bucketsMax = options.bucketsMax ?? MAX_BUCKETS;
  const leasesMax = options.leasesMax ?? MAX_LEASES;
  const entriesMax = options.cachedEntriesMax ?? MAX_CACHED_ENTRIES;
  const keysOf = (kind: string, ...more: readonly string[]): readonly string[] =>
    ["", ":ends", ...more].map((part) => `${prefix}:${kind}${part}`);
  const counters = keysOf("counters");
  const buckets = keysOf("buckets");
  const leases = keysOf("leases");
  const cache = keysOf("cache", ":used", ":clock");
  const ask = (script: RedisScript, keys: readonly string[], ...args: readonly (string | number)[]): Promise<unknown> =>
    redis.eval(script, keys, [clock === undefined ? "" : String(clock()), ...args.map(String)]);

  function leaseVerdict(answer: unknown, token: string, otherwise: LeaseVerdict): LeaseVerdict {
    const [what, expiresAtMs = 0] = answer as readonly number[];
    if (what === 1) return { ok: true, token, expiresAtMs };
    return what === 2 ? { ok: false, reason: "held", expiresAtMs } : otherwise;
  }

  return {
    isShared: true,
    async increment(key, { by = 1, windowMs }) {
      const tooLarge = checkBytes(key, MAX_KEY_BYTES);
      if (tooLarge) return tooLarge;
      const [ok, count = 0, resetAtMs = 0] = (await ask(
        INCREMENT,
        counters,
        key,
        by,
        windowMs,
        countersMax,
      )) as readonly number[];
      return ok === 1 ? { ok: true, count, resetAtMs } : { ok: false, reason: "full", limit: countersMax };
    },
    async takeTokens(key, { rate, burst, tokens = 1 }) {
      const simple = checkBytes(key, MAX_KEY_BYTES) ?? takeWithoutLevel(rate, burst, tokens);
      if (simple) return simple;
      const answer = await ask(TAKE_TOKENS, buckets, key, rate, burst, tokens, bucketsMax);
      const [ok, granted = 0, nextInMs = 0] = answer as readonly number[];
      return ok === 1 ? { ok: true, granted, nextInMs } : { ok: false, reason: "full", limit: bucketsMax };
    },
    async acquireLease(key, ttlMs) {
      const tooLarge = checkBytes(key, MAX_KEY_BYTES);
      if (tooLarge) return tooLarge;
      const token = randomUUID();
      const answer = await ask(ACQUIRE_LEASE, leases, key, token, ttlMs, leasesMax);
      return leaseVerdict(answer, token, { ok: false, reason: "full", limit: leasesMax });
    },
    renewLease: async (key, token, ttlMs) =>
      leaseVerdict(await ask(RENEW_LEASE, leases, key, token, ttlMs), token, { ok: false, reason: "lost" }),
    releaseLease: async (key, token) => (await ask(RELEASE_LEASE, leases, key, token)) === 1,
    async getCached(key) {
      const value = await ask(GET_CACHED, cache, key);
      return typeof value === "string" ? value : undefined;
    },
    async setCached(key, value, ttlMs) {
      const tooLarge = checkBytes(key, MAX_KEY_BYTES) ?? checkBytes(value, MAX_CACHED_VALUE_BYTES);
      if (tooLarge) return tooLarge;
      await ask(SET_CACHED, cache, key, value, ttlMs, entriesMax);
      return { ok: true };
    },
    deleteCached: async (key) => (await ask(DELETE_CACHED, cache, key)) === 1,
    close: async () => redis.close(),
  };
}

async function connect(url: string, options: RedisEphemeralOptions): Promise<RedisConnection> {
  const { answerTimeoutMs = ANSWER_TIMEOUT_MS, loadClient = () => import("@redis/client") } = options;
  const place = withoutSecrets(url);
  const { createClient } = await loadClient().catch((error: unknown) => {
    const message =
      'State in Redis needs the package "@redis/client", which is not installed: npm install @redis/client';
    throw new StoreError("engine_missing", place, message, error);
  });
  let wasConnected = false;
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  const lost = (error: unknown): StoreError =>
    new StoreError("unreachable", place, `Redis at ${place} does not answer: ${messageOf(error)}`, error);
  try {
    const client = createClient({
      url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: QUEUE_MAX,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        // A server that was never there is a wrong address, to be said at start; one that was is waited for.
        reconnectStrategy: (retries, cause) => (wasConnected ? Math.min(50 * 2 ** retries, RECONNECT_MAX_MS) : cause),
      },
    });
    client.on("error", () => undefined); // Whoever asks next is told.
    await client.connect();
    wasConnected = true;
    return {
      async eval({ text, sha1 }, keys, args) {
        const parameters = { keys: [...keys], arguments: [...args] };
        try {
          if (performance.now() < silentUntilMs) throw new Silence(answerTimeoutMs);
          return await within(answerTimeoutMs, () =>
            client.evalSha(sha1, parameters).catch((error: unknown) => {
              if (messageOf(error).startsWith("NOSCRIPT")) return client.eval(text, parameters);
              throw error;
            }),
          );
        } catch (error) {
          if (error instanceof Silence && performance.now() >= silentUntilMs) {
            silentUntilMs = performance.now() + SILENCE_MS;
          }
          throw lost(error);
        }
      },
      close: () => {
        if (client.isOpen) client.destroy();
      },
    };
  } catch (error) {
    throw lost(error);
  }
}

class Silence extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

const PARTS = 5;

/**
 * The time is waited for in parts: a process that was kept busy, or was not given a processor, is away for one of them at
 * most, and does not take its own silence for the server's.
 */
async function within<Value>(timeoutMs: number, ask: () => Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (parts: number): void => {
      if (parts === 0) reject(new Silence(timeoutMs));
      else timer = setTimeout(wait, timeoutMs / PARTS, parts - 1);
    };
    wait(PARTS);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A URL holds user and password; a password that is not encoded may begin what looks like a path. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return "(not a URL)";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${/^\/\d+$/.test(pathname) ? pathname : ""}`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function checkBytes(text: string, limitBytes: number): EphemeralRefusal | undefined {
  const actualBytes = Buffer.byteLength(text);
  return actualBytes > limitBytes ? { ok: false, reason: "too_large", actualBytes, limitBytes } : undefined;
}
