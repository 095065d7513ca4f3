import { X509Certificate } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";
import { pkcs7Of } from "./certificate-pkcs7.ts";

let management: SampleManagement;
afterEach(() => management.close());

test("a signing key shows its certificate, its bundle and both digests", async () => {
  management = await sampleManagement();
  const [key] = (await management.call("GET", "keys/signing")).json();
  const certificate = new X509Certificate(key.cert);
  expect(key.fingerprint).toBe(certificate.fingerprint);
  expect(key.thumbprint).toBe(certificate.fingerprint.replaceAll(":", ""));
  expect(key.cert).toMatch(/^-----BEGIN CERTIFICATE-----\r\n/);
  // Offsets of the DER inside: the bundle is the certificate and a fixed frame.
  const bundle = Buffer.from(key.pkcs7.replace(/-----[^-]+-----|\r\n/g, ""), "base64");
  expect(bundle.includes(certificate.raw)).toBe(true);
});

test("a bundle is the signed data of one certificate and no signer", async () => {
  management = await sampleManagement();
  const { certificate } = management.sample.keys.current;
  const [contentInfo] = read(pkcs7Of(certificate));
  const [type, content] = read(contentInfo!.value);
  expect(type!.value.toString("hex")).toBe("2a864886f70d010702"); // signedData, RFC 2315 §14
  const [version, digests, inner, certificates, signers] = read(read(content!.value)[0]!.value);
  expect([version, digests, signers].map((each) => [each!.tag, each!.value.toString("hex")])).toEqual([
    [0x02, "01"],
    [0x31, ""],
    [0x31, ""],
  ]);
  expect(read(inner!.value)[0]!.value.toString("hex")).toBe("2a864886f70d010701"); // data
  expect(certificates!.tag).toBe(0xa0);
  expect(certificates!.value.equals(certificate)).toBe(true);
});

/** The elements of DER that stand side by side. */
function read(der: Buffer): { readonly tag: number; readonly value: Buffer }[] {
  const elements: { tag: number; value: Buffer }[] = [];
  for (let at = 0; at < der.length; ) {
    const first = der[at + 1]!;
    const digits = first < 0x80 ? 0 : first & 0x7f;
    const length = digits === 0 ? first : der.readUIntBE(at + 2, digits);
    const start = at + 2 + digits;
    expect(start + length).toBeLessThanOrEqual(der.length);
    elements.push({ tag: der[at]!, value: der.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

test("a change of the keys is told, and the key's private half never leaves", async () => {
  management = await sampleManagement();
  await management.sample.keys.prepareNext();
  expect((await management.call("POST", "keys/signing/rotate")).status).toBe(201);
  expect(management.sample.events).toContainEqual(expect.objectContaining({ kind: "keys_changed" }));
  const text = (await management.call("GET", "keys/signing")).text;
  expect(text).not.toMatch(/PRIVATE/);
  expect(Object.keys(JSON.parse(text)[0]).sort()).toEqual(
    [
      "kid",
      "cert",
      "pkcs7",
      "current",
      "next",
      "previous",
      "current_since",
      "fingerprint",
      "thumbprint",
      "revoked",
    ].sort(),
  );
});
