/*
 * What one template may cost. AWS documents the first two (Developer Guide, "Amazon API Gateway quotas"); the others are
 * ours, far above what a template needs and far below what would hurt the process that serves it.
 */

/** 300 KB (D). Measured in UTF-8 bytes. */
export const MAX_TEMPLATE_BYTES = 300 * 1024;
/** Iterations of one `#foreach` (D). */
export const MAX_FOREACH_ITERATIONS = 1000;
/** Units of work in one rendering: a statement, a reference, a method call, 256 characters handled, a list item visited. */
export const MAX_VTL_STEPS = 1_000_000;
/** Characters rendered. API Gateway's payload limit is 10 MB (D). */
export const MAX_OUTPUT_CHARS = 10 * 1024 * 1024;
/** Characters in one string value. */
export const MAX_STRING_CHARS = 10 * 1024 * 1024;
/** Items in one list or entries in one map that a template builds. */
export const MAX_COLLECTION_ITEMS = 100_000;
/** Directives, parentheses, list and map literals and interpolated strings inside one another. */
export const MAX_SYNTAX_DEPTH = 100;
/** Macros calling macros: Velocity's own `velocimacro.max.depth`. */
export const MAX_CALL_DEPTH = 20;
/** A `#define` block inside its own printing: Velocity's own `directive.define.max.depth`; deeper ones print their name. */
export const MAX_DEFINE_DEPTH = 2;
/** Maps and lists inside one another, when a value is parsed, printed or compared. */
export const MAX_VALUE_DEPTH = 512;
/** Bits of one integer: Java's BigInteger has no bound, a template needs one. */
export const MAX_INTEGER_BITS = 4096;
/** Characters of one regular expression given to `replaceAll`, `matches` and the like. */
export const MAX_REGEX_CHARS = 2000;

/** How many characters cost one step. */
export const CHARS_PER_STEP = 256;
