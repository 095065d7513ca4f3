import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SigningKey, SigningKeys } from "./signing-keys.ts";

const scope = { date: "20150830", region: "us-east-1", service: "iam" };

test("derives the key of AWS's documentation", () => {
  const credential = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
  expect(new SigningKeys().of(credential, scope).bytes.toString("hex")).toBe(
    "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9",
  );
});

test("remembers by key id, secret, day, region and service: what reads alike when joined is not alike", () => {
  const keys = new SigningKeys();
  const one = keys.of({ accessKeyId: "ab", secretAccessKey: "c" }, scope);
  expect(keys.of({ accessKeyId: "ab", secretAccessKey: "c" }, { ...scope })).toBe(one);
  const others = [
    keys.of({ accessKeyId: "a", secretAccessKey: "bc" }, scope),
    keys.of({ accessKeyId: "ab", secretAccessKey: "cus" }, { ...scope, region: "-east-1" }),
    keys.of({ accessKeyId: "ab", secretAccessKey: "c" }, { ...scope, date: "20150831" }),
    keys.of({ accessKeyId: "ab", secretAccessKey: "c" }, { ...scope, region: "us-east-2" }),
    keys.of({ accessKeyId: "ab", secretAccessKey: "c" }, { ...scope, service: "s3" }),
  ];
  for (const other of others) expect(other.bytes.equals(one.bytes)).toBe(false);
});

test("signs as createHmac does, texts of any length and script", () => {
  const bytes = randomBytes(32);
  const key = new SigningKey(bytes);
  const check = (text: string): void => {
    expect(key.sign(text)).toBe(createHmac("sha256", bytes).update(text).digest("hex"));
  };
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 600 }), check));
  for (const length of [0, 1, 340, 341, 342, 1_024, 5_000]) check("\u1234".repeat(length));
});
