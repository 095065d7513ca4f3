import { lookup as resolveName } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";
import { discovered, discoveryUrl } from "../../token/discover-jwks-uri.ts";
import { type HttpGet, httpGet } from "../../token/http-get.ts";
import { isLoopback } from "../../token/loopback.ts";
import { parseOnce } from "../../token/parse-once.ts";
import { describeTokenVerdict } from "../../token/reasons.ts";
import { createRemoteKeySet, type RemoteKeySet } from "../../token/remote-key-set.ts";

/** The key sets of the issuers that JWT authorizers trust: one each, shared by all deployments. */
export interface IssuerKeys {
  of(issuer: string): RemoteKeySet;
  /** Fetches discovery document and keys now, as AWS does when an authorizer is created (R). */
  contact(issuer: string): Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>;
}

export interface IssuerKeysOptions {
  /** Development: issuers of this machine may speak plain http. */
  readonly allowLoopbackHttp: boolean;
  /** Production: an issuer may lead to no private, loopback or link-local address, by whatever name. */
  readonly refusePrivateAddresses: boolean;
  /** Issuers that the local issuer speaks for, with its key set as JSON text; may change between calls. */
  readonly localIssuers: ReadonlyMap<string, () => string>;
  readonly get?: HttpGet;
  readonly nowMs?: () => number;
}

/** After this long keys are fetched again; AWS caches them up to two hours (D). */
export const KEYS_CACHE_MS = 3_600_000;
/** Keys of the local issuer cost no request; AWS promises nobody that a revoked key is taken for as long as above. */
export const LOCAL_KEYS_CACHE_MS = 1_000;
/** How long they serve on when that fails: with the above, two hours. */
export const KEYS_MAX_STALE_MS = 3_600_000;
/** Least time between fetches for kids that nobody knows (?). */
export const UNKNOWN_KID_COOLDOWN_MS = 60_000;
/** Failures are not cached (C), but a dead issuer is not asked for every request. */
export const RETRY_PAUSE_MS = 1_000;
/** For discovery and keys each (D). */
export const FETCH_TIMEOUT_MS = 1_500;

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { allowLoopbackHttp, refusePrivateAddresses, localIssuers, nowMs = Date.now } = options;
  const base = options.get ?? httpGet;
  const get: HttpGet = refusePrivateAddresses ? publicOnly(base) : base;
  const remote = new Map<string, RemoteKeySet>();
  const local = new Map<string, RemoteKeySet>();

  const create = (issuer: string): RemoteKeySet =>
    createRemoteKeySet({
      jwksUri: discovered(issuer),
      cacheMs: KEYS_CACHE_MS,
      maxStaleMs: KEYS_MAX_STALE_MS,
      cooldownMs: UNKNOWN_KID_COOLDOWN_MS,
      retryPauseMs: RETRY_PAUSE_MS,
      timeoutMs: FETCH_TIMEOUT_MS,
      ...(allowLoopbackHttp && { allowHttp: isLoopback }),
      parseKeys: parseOnce(),
      get,
      nowMs,
    });
  /** Of this process: asked for again at once, since its keys may be made anew, or revoked, any time. */
  const createLocal = (issuer: string): RemoteKeySet =>
    createRemoteKeySet({
      jwksUri: discoveryUrl(issuer),
      cacheMs: LOCAL_KEYS_CACHE_MS,
      cooldownMs: RETRY_PAUSE_MS,
      retryPauseMs: 0,
      allowHttp: () => true,
      parseKeys: parseOnce(),
      get: async () => ({ ok: true, body: localIssuers.get(issuer)?.() ?? "" }),
      nowMs,
    });
  const of = (issuer: string): RemoteKeySet => {
    const isLocal = localIssuers.has(issuer);
    const known = isLocal ? local : remote;
    let keys = known.get(issuer);
    if (keys === undefined) {
      keys = isLocal ? createLocal(issuer) : create(issuer);
      known.set(issuer, keys);
    }
    return keys;
  };
  return {
    of,
    contact: async (issuer) => {
      const verdict = await of(issuer).get();
      const failure = verdict.ok ? verdict.failure : verdict;
      return failure === undefined ? { ok: true } : { ok: false, message: `${describeTokenVerdict(failure)}.` };
    },
  };
}

/** Names are looked at when they are resolved; an address as host is not resolved, so it is looked at here. */
function publicOnly(get: HttpGet): HttpGet {
  return async (url, limits) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0 && isPrivateAddress(host))
      return { ok: false, problem: "connection", detail: PRIVATE_ADDRESS };
    return get(url, { ...limits, lookup: lookupPublic });
  };
}

const PRIVATE_ADDRESS = "EPRIVATEADDRESS";

const PRIVATE = new BlockList();
for (const [network, bits, family] of [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 127, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
] as const) {
  PRIVATE.addSubnet(network, bits, family);
}

/** Addresses that only this machine or its network reach (RFC 6890), IPv4 in IPv6 form undone. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped === undefined ? PRIVATE.check(address, isIPv6(address) ? "ipv6" : "ipv4") : PRIVATE.check(mapped);
}

/** Resolves a name for the connection that follows, so that no second answer of the name can lead elsewhere. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, "", 0);
      return;
    }
    const found = addresses.find(({ address }) => isPrivateAddress(address));
    if (found !== undefined) {
      const refused = new Error(`${hostname} leads to the private address ${found.address}`);
      callback(Object.assign(refused, { code: PRIVATE_ADDRESS }), "", 0);
      return;
    }
    if (options.all) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? "", addresses[0]?.family);
  });
};
