const FIRST_CAPACITY_BYTES = 16_384;

/**
 * Collects body bytes into one buffer that doubles. Keeping the pieces instead would let a peer that sends a byte at a
 * time cost a hundred times what its body weighs; allocating the declared length at once would let it cost memory
 * by mere words.
 */
export class GrowingBody {
  #buffer: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (this.#buffer === undefined || needed > this.#buffer.length) {
      const capacity = Math.max(needed, (this.#buffer?.length ?? FIRST_CAPACITY_BYTES / 2) * 2);
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.#buffer?.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  /** The bytes collected so far, without copying: append nothing afterwards. */
  take(): Buffer {
    return this.#buffer?.subarray(0, this.#length) ?? Buffer.alloc(0);
  }
}
