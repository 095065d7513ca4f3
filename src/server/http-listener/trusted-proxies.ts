import { BlockList, isIP } from "node:net";
import type { RawHeaders } from "../../execute-api/transport.ts";

/** How many `X-Forwarded-For` entries are looked at, from the right. */
export const FORWARDED_HOPS_LIMIT = 32;

/** Decides whose word about the client's address counts. */
export interface TrustedProxies {
  trusts(address: string): boolean;
}

/**
 * Reads a list of CIDR blocks or single addresses, e.g. `["10.0.0.0/8", "::1"]`.
 * @throws RangeError naming the entry that is neither.
 */
export function parseTrustedProxies(blocks: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = "", prefix, ...rest] = block.split("/");
    const family = isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (family === 0 || rest.length > 0 || length < 0 || length > bits) {
      throw new RangeError(`trusted proxy ${JSON.stringify(block)} is not a CIDR block such as 10.0.0.0/8`);
    }
    list.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
  }
  const isEmpty = blocks.length === 0;
  return {
    trusts(address) {
      if (isEmpty) return false;
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
    },
  };
}

/** `::ffff:127.0.0.1`, which a dual-stack socket reports for an IPv4 client, is `127.0.0.1`. */
export function normalizeAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}

/**
 * The client behind a trusted proxy: the rightmost `X-Forwarded-For` entry that no trusted proxy has. What stands to
 * the left of it is the client's own claim. An entry that is not an address ends the search at the hop before it.
 */
export function forwardedClient(headers: RawHeaders, peerAddress: string, proxies: TrustedProxies): string {
  const hops = headerValues(headers, "x-forwarded-for").join(",").split(",").slice(-FORWARDED_HOPS_LIMIT);
  let client = peerAddress;
  for (const hop of hops.reverse()) {
    const address = normalizeAddress(withoutPort(hop.trim()));
    if (isIP(address) === 0) return client;
    client = address;
    if (!proxies.trusts(address)) return client;
  }
  return client;
}

/** What a trusted proxy says the client spoke to it, or undefined when it does not say so plainly. */
export function forwardedScheme(headers: RawHeaders): "http" | "https" | undefined {
  const said = headerValues(headers, "x-forwarded-proto").join(",").split(",").at(-1)?.trim().toLowerCase();
  return said === "http" || said === "https" ? said : undefined;
}

function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop);
  return match?.[1] ?? match?.[2] ?? hop;
}

function headerValues(headers: RawHeaders, wanted: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string; // even index below the length
    if (name.length === wanted.length && name.toLowerCase() === wanted) values.push(headers[at + 1] as string);
  }
  return values;
}
