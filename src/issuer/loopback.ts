import { isIPv4 } from "node:net";

/**
 * Whether a host name (no port) always means this machine: `localhost`, `*.localhost` (RFC 6761 §6.3), 127.0.0.0/8,
 * `[::1]`. A name that only resolves to it does not count: that is how DNS rebinding reaches local servers.
 */
export function isLoopbackName(hostName: string): boolean {
  const name = hostName.toLowerCase();
  return (
    name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || (isIPv4(name) && name.startsWith("127."))
  );
}
