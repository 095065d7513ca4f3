import { createHmac, hash } from "node:crypto";
import type { CredentialScope, SigningCredential } from "./signature-verdict.ts";

/** A key is used for a day, by a handful of callers. */
const MAX_SIGNING_KEYS = 1_000;

const BLOCK_BYTES = 64;
/** A string to sign has about 140 characters. */
const SCRATCH_BYTES = 1_024;

/**
 * A derived key. Its HMAC (RFC 2104) is two one-shot hashes behind pads that are made once: `createHmac` takes half as
 * long again, and it is the dearest part of a verification.
 */
export class SigningKey {
  readonly bytes: Buffer;
  /** The inner pad with room for a text, the outer pad with room for a digest. */
  readonly #inner = Buffer.alloc(BLOCK_BYTES + SCRATCH_BYTES, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);

  /** 32 bytes: what an HMAC-SHA-256 answers. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    for (const [at, byte] of bytes.entries()) {
      this.#inner[at] = byte ^ 0x36;
      this.#outer[at] = byte ^ 0x5c;
    }
  }

  /** Lower-case hex. */
  sign(text: string): string {
    // A character has three bytes of UTF-8 at most.
    if (text.length * 3 > SCRATCH_BYTES) return createHmac("sha256", this.bytes).update(text).digest("hex");
    const end = BLOCK_BYTES + this.#inner.write(text, BLOCK_BYTES);
    this.#outer.write(hash("sha256", this.#inner.subarray(0, end), "hex"), BLOCK_BYTES, "hex");
    return hash("sha256", this.#outer, "hex");
  }
}

/** Derived signing keys: deriving one costs four HMACs, using one costs one. */
export class SigningKeys {
  readonly #keys = new Map<string, SigningKey>();

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
  of({ accessKeyId, secretAccessKey }: SigningCredential, { date, region, service }: CredentialScope): SigningKey {
    // Lengths first, so that no two of them read alike.
    const name = `${accessKeyId.length} ${secretAccessKey.length} ${region.length} ${accessKeyId}${secretAccessKey}${region}${date}${service}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    let bytes: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
    for (const part of [date, region, service, "aws4_request"]) bytes = hmac(bytes, part);
    const key = new SigningKey(bytes);
    if (this.#keys.size >= MAX_SIGNING_KEYS) this.#keys.delete(this.#keys.keys().next().value as string);
    this.#keys.set(name, key);
    return key;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
