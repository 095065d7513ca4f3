import { createHash } from "node:crypto";
import { isTruthy } from "./intrinsic.ts";
import { pythonJson } from "./python-json.ts";

const HASH_LENGTH = 10;

/**
 * A logical id that changes with the data it is made for: the prefix and ten characters of the data's SHA-1. An empty
 * value adds nothing (C: aws-sam-translator).
 */
export function hashedLogicalId(prefix: string, data: unknown): string {
  if (!isTruthy(data)) return prefix;
  const text = typeof data === "string" ? data : pythonJson(data);
  return prefix + createHash("sha1").update(text, "utf8").digest("hex").slice(0, HASH_LENGTH);
}

/** Like `hashedLogicalId`, with a hash that the user gives. */
export function suffixedLogicalId(prefix: string, hash: string): string {
  return prefix + hash.slice(0, HASH_LENGTH);
}
