import { expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";

test.each([
  "localhost",
  "LOCALHOST",
  "LocalHost",
  "issuer.localhost",
  "a.b-c.LOCALHOST",
  "127.0.0.1",
  "127.255.255.255",
  "127.1.2.3",
  "::1",
  "[::1]",
])("%s is loopback", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  "",
  ".localhost",
  "a..localhost",
  "localhost.",
  "localhost.evil.example",
  "notlocalhost",
  "localhost:80",
  "evil.example/.localhost",
  "user@localhost",
  "localhost\n",
  "evil.example\n.localhost",
  "[localhost]",
  "localho\u017Ft",
  "127.0.0.300",
  "127.0.0.256",
  "127.0.0",
  "127.1",
  "127.0.0.01",
  "127.0.0.1.",
  "127.0.0.1.evil.example",
  "127.0.0.1\0.evil.example",
  "127.0.0.1:80",
  "[127.0.0.1]",
  "0127.0.0.1",
  "128.0.0.1",
  "12.7.0.1",
  "0.0.0.0",
  "::",
  "[::]",
  "::1]",
  "[::1",
  "[::1]:80",
  "::10",
  "::ffff:127.0.0.1",
  "fe80::1",
])("%j is not", (host) => {
  expect(isLoopback(host)).toBe(false);
});
