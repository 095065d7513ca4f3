/** An address block; both addresses of a comparison must be of one family. */
export interface IpRange {
  readonly family: 4 | 6;
  /** The address, shifted right until only the network bits are left. */
  readonly network: bigint;
  readonly hostBits: bigint;
}

/**
 * Reads an address or a CIDR block, IPv4 or IPv6; bits beyond the prefix length are ignored. Undefined for anything else,
 * also for octets with leading zeros, which programs read as different numbers.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.family === 4 ? 32 : 128;
  const prefix = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) return undefined;
  const hostBits = BigInt(bits - Number(prefix));
  return { family: address.family, network: address.value >> hostBits, hostBits };
}

/** Whether an address lies in a block; undefined when it is not an address. A socket adds the zone to a link-local one. */
export function isInIpRange(address: string, range: IpRange): boolean | undefined {
  const parsed = parseIpAddress(address.replace(/%[\w.-]+$/, ""));
  if (parsed === undefined) return undefined;
  const plain = range.family === 4 ? unmap(parsed) : parsed;
  return plain.family === range.family && plain.value >> range.hostBits === range.network;
}

interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A dual-stack socket reports an IPv4 peer as `::ffff:192.0.2.1`; rules about 192.0.2.0/24 mean that peer too. */
function unmap(address: IpAddress): IpAddress {
  if (address.family === 6 && address.value >> 32n === 0xffffn)
    return { family: 4, value: address.value & 0xffffffffn };
  return address;
}

function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > 45) return undefined;
  const value = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { family: text.includes(":") ? 6 : 4, value };
}

function parseIpv4(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  let value = 0;
  for (const octet of octets) {
    if (!/^(0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    value = value * 256 + Number(octet);
  }
  return BigInt(value);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes(".")) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      groups.push(Number(ipv4 >> 16n), Number(ipv4 & 0xffffn));
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
