/** `Fn::Cidr` of an IPv4 block: `count` blocks with `bits` host bits each (D); undefined when they do not fit. */
export function cidrBlocks(block: string, count: number, bits: number): string[] | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(block)?.slice(1).map(Number);
  if (parts === undefined || !Number.isInteger(count) || count < 1 || count > 256) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = parts;
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32 || !Number.isInteger(bits)) return undefined;
  if (bits < 1 || bits > 32 - prefix || count > 2 ** (32 - prefix - bits)) return undefined;
  const size = 2 ** bits;
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const base = Math.floor(address / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
  return Array.from({ length: count }, (_, index) => {
    const start = base + index * size;
    const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
    return `${octets.join(".")}/${32 - bits}`;
  });
}
