import type { NearMiss } from "../aws/policy/evaluate-policy.ts";

/** A policy may have 64 KB, and every refusal's record would keep them. */
const MAX_LISTED_PATTERNS = 10;

/** The statements that nearly allowed, each with a bounded part of what it wanted: for records. */
export function boundedMisses(misses: readonly NearMiss[]): readonly NearMiss[] {
  return misses.map((miss) => ({
    ...miss,
    failed: miss.failed.map((part) => ({ ...part, expected: listed(part.expected, MAX_LISTED_PATTERNS, String) })),
  }));
}

/** The first of a list as texts, and how many more there are. */
export function listed<Item>(items: readonly Item[], most: number, text: (item: Item) => string): string[] {
  const texts = items.slice(0, most).map(text);
  return items.length > most ? [...texts, `and ${items.length - most} more`] : texts;
}
