/** A PKCS #7 bundle that holds one certificate and signs nothing (RFC 2315 §9.1), in DER. */
export function pkcs7Of(certificate: Buffer): Buffer {
  const noDigests = der(SET);
  const noContent = der(SEQUENCE, Buffer.from("06092a864886f70d010701", "hex")); // pkcs7-data
  const certificates = der(CONTEXT_0, certificate);
  const noSigners = der(SET);
  const signedData = der(SEQUENCE, VERSION_1, noDigests, noContent, certificates, noSigners);
  return der(SEQUENCE, SIGNED_DATA_OID, der(CONTEXT_0, signedData));
}

const SEQUENCE = 0x30;
const SET = 0x31;
const CONTEXT_0 = 0xa0;
const VERSION_1 = Buffer.from("020101", "hex");
const SIGNED_DATA_OID = Buffer.from("06092a864886f70d010702", "hex");

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = length < 0x1_0000 ? [length >> 8, length & 0xff] : [length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length, ...digits]), content]);
}
