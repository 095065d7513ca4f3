/**
 * Whether a host, without port, is this machine's by its own form: `localhost` and `*.localhost` (RFC 6761 §6.3),
 * 127.0.0.0/8, `::1` and `[::1]`. A name that only resolves to it does not count: so DNS rebinding reaches local servers.
 *
 *     isLoopback(new URL(issuer).hostname)
 */
export const isLoopback = (host: string): boolean =>
  /^(([\w-]+\.)*localhost|127(\.(25[0-5]|(2[0-4]|1\d|[1-9]?)\d)){3}|::1|\[::1])$/i.test(host);
