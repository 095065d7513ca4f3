import { hash } from "node:crypto";
import type { Policy } from "../../aws/policy/policy.ts";
import type { AuthorizationRecord } from "../decision-record.ts";

/** The whole output of a Lambda authorizer, parsed: what AWS caches (policy, principal, context, usage key), never a decision. */
export interface AuthorizerResult {
  readonly principalId: string;
  readonly policy: Policy;
  /** Context values as strings, null kept as null (C). */
  readonly context: Readonly<Record<string, string | null>>;
  readonly usageIdentifierKey?: string;
  readonly integrationLatencyMs: number;
  /** The route whose request asked, e.g. `GET /pets`. */
  readonly askedFor: string;
  /** What the record of a request that found this in the cache says of it; shared by all of them. */
  readonly recorded: AuthorizationRecord;
}

/** Entries beyond this evict the least recently used. */
export const AUTHORIZER_CACHE_MAX_ENTRIES = 20_000;

/**
 * Authorizer results by identity. Errors are never stored (?; every peer agrees). Bounded, least recently used goes
 * first; a stage's entries can be flushed at once (FlushStageAuthorizersCache, D).
 * conformance/authorizers/cache
 */
export class AuthorizerCache<Result = AuthorizerResult> {
  readonly #entries = new Map<
    string,
    { readonly result: Result; readonly expiresAtMs: number; readonly generation: number }
  >();
  readonly #generations = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<Result>>();
  readonly #maxEntries: number;

  constructor(maxEntries: number = AUTHORIZER_CACHE_MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, stageKey: string, nowMs: number): Result | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs <= nowMs || entry.generation !== this.#generation(stageKey)) {
      this.#entries.delete(key);
      return undefined;
    }
    // Whose turn it is matters only once entries have to go: a cache that is half empty is spared the shuffling.
    if (this.#entries.size > this.#maxEntries / 2) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry.result;
  }

  /**
   * Asks once for many waiters and stores the result for `ttlMs`. A flush while the call is under way keeps its
   * result out of the cache.
   */
  async ask(
    key: string,
    stageKey: string,
    ttlMs: number,
    now: () => number,
    call: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly shared: boolean }> {
    const generation = this.#generation(stageKey);
    const flightKey = `${generation}:${key}`;
    const waiting = this.#inFlight.get(flightKey);
    if (waiting !== undefined) return { result: await waiting, shared: true };
    const calling = call();
    this.#inFlight.set(flightKey, calling);
    try {
      const result = await calling;
      if (this.#generation(stageKey) === generation) {
        this.#entries.delete(key);
        this.#entries.set(key, { result, expiresAtMs: now() + ttlMs, generation });
        if (this.#entries.size > this.#maxEntries) {
          const oldest = this.#entries.keys().next().value;
          if (oldest !== undefined) this.#entries.delete(oldest);
        }
      }
      return { result, shared: false };
    } finally {
      this.#inFlight.delete(flightKey);
    }
  }

  /** Empties one stage's part, including results still being asked for. */
  flushStage(stageKey: string): void {
    this.#generations.set(stageKey, this.#generation(stageKey) + 1);
  }

  #generation(stageKey: string): number {
    return this.#generations.get(stageKey) ?? 0;
  }
}

/**
 * The cache key: SHA-256 over length-prefixed parts, so that no two lists of parts share one text; an absent value is
 * not an empty one. Parts begin with API, stage, authorizer id and revision.
 */
export function authorizerCacheKey(prefix: string, identity: readonly (readonly string[] | undefined)[]): string {
  let text = prefix;
  for (const values of identity) {
    if (values === undefined) {
      text += "-;";
      continue;
    }
    text += `${values.length}:`;
    for (const value of values) text += `${value.length}:${value}`;
    text += ";";
  }
  return hash("sha256", text, "base64url");
}

/** Length-prefixed text of the parts every key of one authorizer shares. */
export function authorizerCachePrefix(
  apiId: string,
  stageName: string,
  authorizerId: string,
  revision: string,
): string {
  return [apiId, stageName, authorizerId, revision].map((part) => `${part.length}:${part}`).join("");
}
