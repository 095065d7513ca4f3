import { expect, test } from "vitest";
import { bitString, integer, objectIdentifier, octetString, sequence, time, utf8String } from "./der.ts";

const hex = (bytes: Buffer) => bytes.toString("hex");

test.each([
  ["2.5.4.3", "0603550403"],
  ["1.2.840.113549.1.1.11", "06092a864886f70d01010b"],
  ["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
])("object identifier %s", (dotted, encoded) => {
  expect(hex(objectIdentifier(dotted))).toBe(encoded);
});

test("a number stays positive", () => {
  expect(hex(integer(2))).toBe("020102");
  expect(hex(integer(Buffer.of(0x80)))).toBe("02020080");
  expect(hex(integer(Buffer.of(0x7f, 0xff)))).toBe("02027fff");
});

test("lengths take one, two or three bytes, and more is refused", () => {
  expect(hex(octetString(Buffer.alloc(0x7f))).slice(0, 4)).toBe("047f");
  expect(hex(octetString(Buffer.alloc(0x80))).slice(0, 6)).toBe("048180");
  expect(hex(octetString(Buffer.alloc(0x100))).slice(0, 8)).toBe("04820100");
  expect(() => octetString(Buffer.alloc(0x1_0000))).toThrow(RangeError);
});

test("years through 2049 have two digits, later ones four", () => {
  expect(time(new Date("2049-12-31T23:59:59Z")).toString("latin1")).toBe("\x17\r491231235959Z");
  expect(time(new Date("2050-01-01T00:00:00Z")).toString("latin1")).toBe("\x18\x0f20500101000000Z");
});

test("elements nest", () => {
  expect(hex(sequence(utf8String("é"), bitString(Buffer.of(6), 1)))).toBe("30080c02c3a903020106");
});
