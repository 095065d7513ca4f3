import { randomInt } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServedUsagePlan, ValuedApiKey } from "../../execute-api/limits/compile-usage-plans.ts";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import { StartError } from "../start-error.ts";
import { writePrivateFile } from "../write-private-file.ts";

/** Values that were generated for keys without one, and when each plan was first served; by id. */
interface Kept {
  readonly keys: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly plans: Readonly<Record<string, string>>;
}

const FILE = "api-keys.json";
/** The length of a value that API Gateway generates, of letters and digits (?). */
const VALUE_LENGTH = 40;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Gives every key its value and every plan its beginning: what the data folder keeps of them (0600), else new ones, kept
 * from then on. What the project no longer names is kept too: a key that comes back is the same one.
 *
 * @throws StartError when the file cannot be used
 */
export function completeUsagePlans(
  { apiKeys, usagePlans }: { readonly apiKeys: readonly ApiKey[]; readonly usagePlans: readonly UsagePlan[] },
  dataDir: string,
  nowMs: number,
): { readonly keys: readonly ValuedApiKey[]; readonly plans: readonly ServedUsagePlan[] } {
  const file = join(dataDir, FILE);
  const before = read(file);
  const keys = apiKeys.filter(({ id, value }) => value === undefined && !Object.hasOwn(before.keys, id));
  const plans = usagePlans.filter(({ id }) => !Object.hasOwn(before.plans, id));
  let kept = before;
  if (keys.length > 0 || plans.length > 0) {
    const begun = new Date(nowMs).toISOString();
    const next: Kept = {
      keys: { ...before.keys, ...Object.fromEntries(keys.map(({ id }) => [id, newApiKeyValue()])) },
      plans: { ...before.plans, ...Object.fromEntries(plans.map(({ id }) => [id, begun])) },
    };
    write(file, next);
    // Not what was just made: of two servers that start at once both must take what stayed.
    const stayed = read(file);
    kept = { keys: { ...next.keys, ...stayed.keys }, plans: { ...next.plans, ...stayed.plans } };
  }
  return {
    keys: apiKeys.map((key) => ({ ...key, value: key.value ?? (kept.keys[key.id] as string) })), // made above
    plans: usagePlans.map((plan) => ({ ...plan, firstServedMs: Date.parse(kept.plans[plan.id] as string) })),
  };
}

/** 40 letters and digits. */
export function newApiKeyValue(): string {
  return Array.from({ length: VALUE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

function read(file: string): Kept {
  try {
    const status = lstatSync(file);
    // Windows has no such modes: there the folder of the user's profile is what protects.
    const isPrivate = process.platform === "win32" || (status.mode & 0o077) === 0;
    if (!status.isFile() || !isPrivate) {
      throw unusable(file, "is no file that only its owner can read. Run chmod 600 on it if nobody has read it");
    }
    const kept: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isKept(kept)) throw unusable(file, "is not what was written there");
    return kept;
  } catch (error) {
    if (error instanceof StartError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { keys: {}, plans: {} };
    throw unusable(file, `cannot be read (${codeOf(error)})`);
  }
}

function write(file: string, kept: Kept): void {
  try {
    writePrivateFile(file, `${JSON.stringify(kept, null, 2)}\n`);
  } catch (error) {
    throw new StartError(`the API keys cannot be written to ${file} (${codeOf(error)}).`);
  }
}

function unusable(file: string, why: string): StartError {
  return new StartError(`${file} keeps the API keys that were generated, and ${why}, or delete it: new ones are made.`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null || !("keys" in value) || !("plans" in value)) return false;
  return (
    isTexts(value.keys) &&
    isTexts(value.plans) &&
    Object.values(value.plans).every((text) => !Number.isNaN(Date.parse(text)))
  );
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string")
  );
}
