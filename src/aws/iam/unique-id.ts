import { createHash } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CHARACTERS = 17;

/**
 * The unique id of a user (`AIDA…`) or a role (`AROA…`), the same at every start: made of account, kind and name. AWS draws
 * them at random.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
export function stableUniqueId(prefix: "AIDA" | "AROA", accountId: string, name: string): string {
  const digest = createHash("sha256").update(`${prefix}\n${accountId}\n${name}`).digest();
  let id: string = prefix;
  for (const byte of digest.subarray(0, CHARACTERS)) id += ALPHABET[byte % ALPHABET.length];
  return id;
}
