import { BlockList, isIP } from "node:net";
import { isLoopback } from "../token/loopback.ts";

/** Addresses at which a machine reaches itself, IPv4 in IPv6 form included. */
const OWN_ADDRESSES = new BlockList();
OWN_ADDRESSES.addSubnet("127.0.0.0", 8, "ipv4");
OWN_ADDRESSES.addSubnet("0.0.0.0", 8, "ipv4");
OWN_ADDRESSES.addAddress("::1", "ipv6");
OWN_ADDRESSES.addAddress("::", "ipv6");

/**
 * Whether connecting to a name leads to this machine. Wider than `isLoopback`, for refusing: whatever ends in
 * `.localhost`, `localhost.` with its dot, the unspecified addresses, which connect like loopback ones, and
 * `[::ffff:127.0.0.1]`.
 */
export function leadsToThisMachine(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "");
  const family = isIP(name);
  if (family !== 0) return OWN_ADDRESSES.check(name, family === 6 ? "ipv6" : "ipv4");
  return isLoopback(name) || name.endsWith(".localhost");
}
