import { type HttpGet, type HttpGetFailure, httpGet } from "./http-get.ts";
import { isString } from "./json.ts";
import { type KeySet, MAX_JWKS_BYTES, parseKeySet } from "./key-set.ts";
import { asEvidence, refuse } from "./token-verdict.ts";

/*
 * An issuer's keys, fetched and kept.
 *
 * - Where they come from is configured: a JWKS URL, or an issuer whose discovery document names it. No token has a say.
 * - `current()` answers without waiting, `get()` waits. Many waiters share one fetch.
 * - Keys older than `cacheMs` are fetched again. If that fails they serve on for `maxStaleMs`: an issuer that is down for
 *   a minute must not take every API down. After that nothing verifies.
 * - A kid that the set lacks may be a rotated key: it triggers a fetch, one per `cooldownMs` however many such tokens
 *   come, since anybody can invent kids.
 * - A failure is remembered for `retryPauseMs` only, so that requests do not queue up behind a dead issuer.
 */

export interface RemoteKeySetOptions {
  /** Where the keys are: a JWKS URL, or `discovered(issuer)` of discover-jwks-uri.ts. */
  readonly jwksUri: string | JwksUriSource;
  /** Age at which keys are fetched again. Default 10 minutes (AWS: up to one or two hours (D)). */
  readonly cacheMs?: number;
  /** How long past `cacheMs` keys may serve while the issuer cannot be read. Default 1 hour. */
  readonly maxStaleMs?: number;
  /** Least time between two fetches for unknown kids. Default 1 minute (?). */
  readonly cooldownMs?: number;
  /** How long a failure is the answer before the next attempt. Default 2 seconds. */
  readonly retryPauseMs?: number;
  /** For each request. Default 1500 ms (D, HTTP API quotas). */
  readonly timeoutMs?: number;
  /** Which hosts may be asked by plain http, such as `isLoopback`. Default none. */
  readonly allowHttp?: (hostname: string) => boolean;
  /** Keys known without a fetch, such as those built in; their age counts from their `fetchedAtMs`. */
  readonly initialKeys?: KeySet | undefined;
  readonly get?: HttpGet;
  /** Default parseKeySet; parseOnce() keeps the identity of keys whose document has not changed. */
  readonly parseKeys?: typeof parseKeySet;
  readonly nowMs?: () => number;
}

/** Finds out the JWKS URL before each fetch of keys, with the same GET and limits. */
export type JwksUriSource = (
  fetchText: (url: string, unreachable: "jwks_unreachable" | "discovery_unreachable") => Promise<FetchedText>,
) => Promise<string | KeySetFailure>;

export type FetchedText = { readonly ok: true; readonly body: string } | FetchFailure;

export interface RemoteKeySet {
  /** The keys if they need no fetch, else undefined. */
  current(): KeySet | undefined;
  /** The keys, fetched if there are none, if they are old, or if `kid` is given and not among them. Never rejects. */
  get(kid?: string): Promise<KeySetVerdict>;
}

export type KeySetVerdict =
  /** `failure` says why newer keys could not be had; the keys are still within their bounds. */
  { readonly ok: true; readonly keys: KeySet; readonly failure?: KeySetFailure } | KeySetFailure;

export type KeySetFailure =
  | FetchFailure
  | {
      readonly ok: false;
      readonly reason: "discovery_malformed" | "jwks_malformed";
      readonly url: string;
      readonly detail: string;
    }
  | {
      readonly ok: false;
      readonly reason: "issuer_mismatch_discovery";
      readonly url: string;
      readonly expected: string;
      readonly actual: string;
    };

/** A document that could not be had. `redirect_refused` and `url_refused` will not mend by themselves. */
export interface FetchFailure {
  readonly ok: false;
  readonly reason: "jwks_unreachable" | "discovery_unreachable" | "redirect_refused" | "url_refused";
  readonly url: string;
  readonly problem: HttpGetFailure["problem"] | "credentials" | "not_a_url" | "query_or_fragment" | "scheme";
  /** An error code such as ECONNREFUSED, the status, the limit; absent for a refused URL. */
  readonly detail?: string;
}

export const DEFAULT_CACHE_MS = 600_000;
export const DEFAULT_MAX_STALE_MS = 3_600_000;
export const DEFAULT_COOLDOWN_MS = 60_000;
export const DEFAULT_RETRY_PAUSE_MS = 2_000;
export const DEFAULT_TIMEOUT_MS = 1_500;

/**
 * Makes a key set that fetches itself. Opens no connection until `get()` is called and leaves none open.
 *
 *     const remote = createRemoteKeySet({ jwksUri: "https://tenant.eu.auth0.com/.well-known/jwks.json" });
 *     const verdict = await verifyDecodedWithRemoteKeys(decoded, remote, options);
 */
export function createRemoteKeySet(options: RemoteKeySetOptions): RemoteKeySet {
  const {
    jwksUri,
    cacheMs = DEFAULT_CACHE_MS,
    maxStaleMs = DEFAULT_MAX_STALE_MS,
    cooldownMs = DEFAULT_COOLDOWN_MS,
    retryPauseMs = DEFAULT_RETRY_PAUSE_MS,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    allowHttp,
    initialKeys,
    get = httpGet,
    parseKeys = parseKeySet,
    nowMs = Date.now,
  } = options;

  let keys = initialKeys;
  let failure: KeySetFailure | undefined;
  let failedAtMs: number; // of that failure
  let unknownKidAtMs = -cooldownMs;
  let underWay: Promise<KeySetVerdict> | undefined;

  /** Whether something of that time still counts; a clock set back makes it old. */
  const isWithin = (atMs: number, spanMs: number): boolean => {
    const ageMs = nowMs() - atMs;
    return ageMs >= 0 && ageMs < spanMs;
  };
  const keysWithin = (spanMs: number): KeySet | undefined =>
    keys && isWithin(keys.fetchedAtMs, spanMs) ? keys : undefined;
  const staleOr = (failure: KeySetFailure): KeySetVerdict => {
    const stale = keysWithin(cacheMs + maxStaleMs);
    return stale ? { ok: true, keys: stale, failure } : failure;
  };

  const fetchText: Parameters<JwksUriSource>[0] = async (address, unreachable) => {
    const url = URL.parse(address);
    const problem = url ? urlProblem(url, allowHttp) : "not_a_url";
    if (!url || problem) return refuse("url_refused", { url: asEvidence(address), problem: problem! });
    const got = await get(url, { timeoutMs, bodyLimitBytes: MAX_JWKS_BYTES });
    if (got.ok) return got;
    return { ...got, reason: got.problem === "redirect" ? "redirect_refused" : unreachable, url: address };
  };

  const fetchKeys = async (): Promise<KeySetVerdict> => {
    const url = isString(jwksUri) ? jwksUri : await jwksUri(fetchText);
    if (!isString(url)) return url;
    const got = await fetchText(url, "jwks_unreachable");
    if (!got.ok) return got;
    const parsed = parseKeys(got.body, { fetchedAtMs: nowMs() });
    return parsed.ok ? parsed : { ...parsed, url };
  };

  /** With fresh keys at hand, only an unknown kid can be the reason. */
  const refresh = async (fresh: KeySet | undefined): Promise<KeySetVerdict> => {
    const verdict = await fetchKeys();
    if (!verdict.ok) {
      failure = verdict;
      failedAtMs = nowMs();
      return staleOr(verdict);
    }
    keys = verdict.keys;
    failure = undefined;
    if (fresh) unknownKidAtMs = nowMs();
    return verdict;
  };

  return {
    current: () => keysWithin(cacheMs),
    async get(kid) {
      const fresh = keysWithin(cacheMs);
      const isEnough = kid === undefined || fresh?.byKid.has(kid) || isWithin(unknownKidAtMs, cooldownMs);
      if (fresh && isEnough) return { ok: true, keys: fresh };
      if (!underWay && failure && isWithin(failedAtMs, retryPauseMs)) return staleOr(failure);
      return (underWay ??= refresh(fresh).finally(() => (underWay = undefined)));
    },
  };
}

const urlProblem = (
  { protocol, hostname, username, password }: URL,
  allowHttp: RemoteKeySetOptions["allowHttp"],
): FetchFailure["problem"] | undefined =>
  username || password
    ? "credentials"
    : protocol === "https:" || (protocol === "http:" && allowHttp?.(hostname))
      ? undefined
      : "scheme";
