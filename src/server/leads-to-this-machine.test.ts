import { expect, test } from "vitest";
import { leadsToThisMachine } from "./leads-to-this-machine.ts";

test.each([
  "localhost",
  "LOCALHOST",
  "localhost.",
  "issuer.localhost",
  "a!b.localhost",
  ".localhost",
  "127.9.9.9",
  "0.0.0.0",
  "[::1]",
  "::1",
  "[::]",
  "[::ffff:127.0.0.1]",
])("%s leads to this machine", (hostname) => {
  expect(leadsToThisMachine(hostname)).toBe(true);
});

test.each(["tenant.example", "localhost.example", "128.0.0.1", "[::2]", "[2001:db8::1]"])("%s does not", (hostname) => {
  expect(leadsToThisMachine(hostname)).toBe(false);
});
