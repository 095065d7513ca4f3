import type { ApiMapping, CustomDomain } from "../model/custom-domain.ts";

/** Which mapping of a custom domain a request went through. */
export interface MatchedMapping {
  /** As registered: of a wildcard domain with its asterisk. */
  readonly domainName: string;
  readonly key: string;
  /** The client's whole path, the key in it. */
  readonly path: string;
}

/** A custom domain ready to route. */
export interface RoutedDomain {
  readonly domain: CustomDomain;
  /** The longest key first. */
  readonly mappings: readonly ApiMapping[];
  readonly hasLevels: boolean;
}

/** What a wildcard stands for: one label, so that nothing odd in a Host header passes for a name. */
const ONE_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** All custom domains that are registered, by the names clients call them. Immutable: a reload swaps it whole. */
export class CustomDomains {
  readonly all: readonly CustomDomain[];
  readonly #exact = new Map<string, RoutedDomain>();
  /** By the name behind `*.`. */
  readonly #wildcards = new Map<string, RoutedDomain>();

  constructor(domains: readonly CustomDomain[]) {
    this.all = domains;
    for (const domain of domains) {
      const { domainName, mappings } = domain;
      const routed = {
        domain,
        mappings: [...mappings].sort((one, other) => other.key.length - one.key.length),
        hasLevels: mappings.some(({ key }) => key.includes("/")),
      };
      if (domainName.startsWith("*.")) this.#wildcards.set(domainName.slice(2), routed);
      else this.#exact.set(domainName, routed);
    }
  }

  /** The domain of a host name in lower case, without port; a domain of just that name goes before a wildcard. */
  find(hostname: string): RoutedDomain | undefined {
    const exact = this.#exact.get(hostname);
    if (exact !== undefined || this.#wildcards.size === 0) return exact;
    const dot = hostname.indexOf(".");
    if (dot < 0) return undefined;
    const wildcard = this.#wildcards.get(hostname.slice(dot + 1));
    return wildcard !== undefined && ONE_LABEL.test(hostname.slice(0, dot)) ? wildcard : undefined;
  }
}

/**
 * The mapping with the longest key that begins the path, and the path behind the key. Keys end at a slash, unless a key
 * of the domain has several levels: then `/ordersandmore` goes to `orders` too (D), with the path `/andmore` (?).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html, conformance/rest-api/custom-domain
 */
export function selectMapping(
  { mappings, hasLevels }: RoutedDomain,
  rawPath: string,
): { readonly mapping: ApiMapping; readonly rest: string } | undefined {
  let start = 0;
  while (rawPath.charCodeAt(start) === SLASH) start++;
  for (const mapping of mappings) {
    const { key } = mapping;
    if (key === "") return { mapping, rest: rawPath.startsWith("/") ? rawPath : `/${rawPath}` };
    if (!rawPath.startsWith(key, start)) continue;
    const end = start + key.length;
    const isWhole = end === rawPath.length || rawPath.charCodeAt(end) === SLASH;
    if (isWhole) return { mapping, rest: end === rawPath.length ? "/" : rawPath.slice(end) };
    if (hasLevels) return { mapping, rest: `/${rawPath.slice(end)}` };
  }
  return undefined;
}

const SLASH = 47;

/** `$context.customDomain.basePathMatched` (D); of the empty key `(none)` (C: access logs of REST APIs). */
export function basePathMatched({ key }: MatchedMapping): string {
  return key === "" ? "(none)" : key;
}
