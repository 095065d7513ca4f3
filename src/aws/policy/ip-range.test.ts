import { expect, test } from "vitest";
import { isInIpRange, parseIpRange } from "./ip-range.ts";

test.each([
  ["192.0.2.0/24", "192.0.2.77", true],
  ["192.0.2.0/24", "192.0.3.1", false],
  ["192.0.2.1", "192.0.2.1", true],
  ["0.0.0.0/0", "8.8.8.8", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["2001:db8::/32", "2001:DB8:0:0:1::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["::102:304", "1.2.3.4", false],
  ["::/0", "2001:db8::1", true],
  ["::1", "0:0:0:0:0:0:0:1", true],
  ["192.0.2.0/24", "::ffff:192.0.2.9", true],
  ["10.1.2.3/8", "10.9.9.9", true],
  ["fe80::/10", "fe80::1%eth0", true],
  ["fe80::/10", "fe80::1%", undefined],
  ["10.0.0.0/8", "not an address", undefined],
])("%s holds %s: %s", (range, address, expected) => {
  expect(isInIpRange(address, parseIpRange(range)!)).toBe(expected);
});

test.each([
  "",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "1.2.3.04",
  "1.2.3.4/33",
  "1.2.3.4/",
  "1.2.3.4/08",
  "::/129",
  "1::2::3",
  ":::",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "fe80::1%eth0",
  "12345::",
  "1.2.3.4::",
])("%j is not a range", (text) => {
  expect(parseIpRange(text)).toBeUndefined();
});
