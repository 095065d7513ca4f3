/**
 * What this process has taken of the processors so far, in milliseconds. Between two of these lies what the code between
 * them cost: other work on the machine makes it take longer, but not cost more.
 */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
