const SMALLEST_TABLE = 8;
const PERTURB_BITS = 5n;
const WORD = 64;

/** A slot whose key was removed: it is taken, by nothing. */
const REMOVED = null;

/**
 * The keys of a mapping in the order in which Python 2.7 goes through them: by the slots of its hash table. SAM keeps that
 * order for what becomes part of a REST API (C: py27hash_fix of aws-sam-translator), and it shows in lists.
 */
export class PythonKeys {
  #slots: (string | typeof REMOVED | undefined)[] = new Array(SMALLEST_TABLE).fill(undefined);
  #size = 0;
  #filled = 0;

  /** The order of a mapping into which these keys were put one after another. */
  static of(keys: Iterable<string>): PythonKeys {
    const made = new PythonKeys();
    for (const key of keys) made.add(key);
    return made;
  }

  /** The order of a deep copy, which puts the keys into a new mapping one after another. */
  copy(): PythonKeys {
    return PythonKeys.of(this.keys());
  }

  keys(): string[] {
    return this.#slots.filter((slot) => typeof slot === "string");
  }

  add(key: string): void {
    const slot = this.#slotOf(key);
    const before = this.#slots[slot];
    this.#slots[slot] = key;
    if (before === undefined) this.#filled += 1;
    if (typeof before === "string") return;
    this.#size += 1;
    if (this.#filled * 3 >= this.#slots.length * 2) this.#grow(this.#size * 4);
  }

  remove(key: string): void {
    const slot = this.#slotOf(key);
    if (typeof this.#slots[slot] !== "string") return;
    this.#slots[slot] = REMOVED;
    this.#size -= 1;
  }

  /** Where a key is, or belongs. A table is never full, and the walk comes to every slot of it. */
  #slotOf(key: string): number {
    const { hash, low } = pythonHash(key);
    const mask = this.#slots.length - 1;
    const first = low & mask;
    const found = this.#slots[first];
    if (found === undefined || found === key) return first;
    let free = found === REMOVED ? first : undefined;
    let walker = BigInt(first);
    for (let perturb = hash; ; perturb >>= PERTURB_BITS) {
      walker = BigInt.asUintN(WORD, walker * 5n + perturb + 1n);
      const slot = Number(walker & BigInt(mask));
      const taken = this.#slots[slot];
      if (taken === undefined) return free ?? slot;
      if (taken === key) return slot;
      if (taken === REMOVED) free ??= slot;
    }
  }

  #grow(wanted: number): void {
    const keys = this.keys();
    let length = SMALLEST_TABLE;
    while (length <= wanted) length *= 2;
    this.#slots = new Array(length).fill(undefined);
    this.#size = 0;
    this.#filled = 0;
    for (const key of keys) this.add(key);
  }
}

interface PythonHash {
  readonly hash: bigint;
  /** Its lowest bits, more than the largest table has. */
  readonly low: number;
}

const LOW_BITS = 30;
/** The same keys are hashed again with every copy. */
const hashes = new Map<string, PythonHash>();
const MAX_HASHES = 20_000;

/** Python 2.7's hash of text on a 64-bit machine (C: CPython 2.7 stringobject.c). */
function pythonHash(text: string): PythonHash {
  const known = hashes.get(text);
  if (known) return known;
  const points = Array.from(text, (each) => BigInt(each.codePointAt(0) ?? 0));
  let hash = (points[0] ?? 0n) << 7n;
  for (const point of points) hash = BigInt.asUintN(WORD, (1000003n * hash) ^ point);
  hash ^= BigInt(points.length);
  if (hash === 0xffffffffffffffffn) hash = 0xfffffffffffffffen;
  const made = { hash, low: Number(BigInt.asUintN(LOW_BITS, hash)) };
  if (hashes.size >= MAX_HASHES) hashes.clear();
  hashes.set(text, made);
  return made;
}
