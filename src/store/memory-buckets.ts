import type { TakeTokensOptions, TakeTokensVerdict } from "./ephemeral.ts";

/** What floating point may lose of a token on the way to a whole one. */
export const TOKEN_TOLERANCE = 1e-9;

/** The commonest answer, made once. */
const ONE_AND_MORE: TakeTokensVerdict = Object.freeze({ ok: true, granted: 1, nextInMs: 0 });

interface Level {
  level: number;
  atMs: number;
  /** When the bucket holds all it can, unless more is taken. */
  fullAtMs: number;
}

/** Token buckets of one process. @param clock epoch milliseconds; one that is set back adds no tokens and keeps none away */
export function createMemoryBuckets(limit: number, clock: () => number) {
  const levels = new Map<string, Level>();
  let nothingIsFullBeforeMs = Number.POSITIVE_INFINITY;

  /** Sweeps full buckets when there is no room, but only when one can be full: that must not cost a walk per call. */
  function hasRoom(nowMs: number): boolean {
    if (levels.size < limit) return true;
    if (nowMs < nothingIsFullBeforeMs) return false;
    nothingIsFullBeforeMs = Number.POSITIVE_INFINITY;
    for (const [key, { fullAtMs }] of levels) {
      if (nowMs >= fullAtMs) levels.delete(key);
      else nothingIsFullBeforeMs = Math.min(nothingIsFullBeforeMs, fullAtMs);
    }
    return levels.size < limit;
  }

  return {
    take(key: string, { rate, burst, tokens = 1 }: TakeTokensOptions): TakeTokensVerdict {
      const simple = takeWithoutLevel(rate, burst, tokens);
      if (simple !== undefined) return simple;
      const nowMs = clock();
      let bucket = levels.get(key);
      if (bucket === undefined) {
        if (!hasRoom(nowMs)) return { ok: false, reason: "full", limit };
        bucket = { level: burst, atMs: nowMs, fullAtMs: nowMs };
        levels.set(key, bucket);
      } else {
        const elapsedMs = Math.max(0, nowMs - bucket.atMs);
        bucket.level = Math.min(burst, bucket.level + (elapsedMs * rate) / 1000);
        bucket.atMs = nowMs;
      }
      const granted = Math.min(tokens, Math.floor(bucket.level + TOKEN_TOLERANCE));
      bucket.level -= granted;
      bucket.fullAtMs = nowMs + ((burst - bucket.level) / rate) * 1000;
      nothingIsFullBeforeMs = Math.min(nothingIsFullBeforeMs, bucket.fullAtMs);
      if (bucket.level < 1) return { ok: true, granted, nextInMs: Math.ceil(((1 - bucket.level) / rate) * 1000) };
      return granted === 1 ? ONE_AND_MORE : { ok: true, granted, nextInMs: 0 };
    },
    clear: () => levels.clear(),
  };
}

/** Buckets that need no memory: those that never have a token, and those that are always full. */
export function takeWithoutLevel(rate: number, burst: number, tokens: number): TakeTokensVerdict | undefined {
  if (!(rate > 0) || !(burst >= 1)) return { ok: true, granted: 0, nextInMs: Number.POSITIVE_INFINITY };
  if (rate === Number.POSITIVE_INFINITY) return { ok: true, granted: Math.min(tokens, Math.floor(burst)), nextInMs: 0 };
  return undefined;
}
