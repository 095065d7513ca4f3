import { CHARS_PER_STEP, MAX_COLLECTION_ITEMS, MAX_STRING_CHARS, MAX_VTL_STEPS } from "./limits.ts";
import { TemplateError, type TemplateErrorReason, type TemplatePosition } from "./template-error.ts";

const START: TemplatePosition = { line: 1, column: 1 };

/** What a rendering has used so far, and where in the template it is: everything that costs something is given one. */
export class Budget {
  /** The reference or directive being executed; errors name it. */
  at: TemplatePosition = START;
  #steps = 0;
  readonly #maxSteps: number;

  constructor(maxSteps: number = MAX_VTL_STEPS) {
    this.#maxSteps = maxSteps;
  }

  /** Counts work done and throws once there was too much of it. */
  charge(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > this.#maxSteps) this.fail("limit", `the template takes more than ${this.#maxSteps} steps`);
  }

  /** Counts the handling of a string of this length. */
  chargeChars(length: number): void {
    this.charge(1 + Math.floor(length / CHARS_PER_STEP));
  }

  /** Counts a string that is about to exist and refuses one that is too long. */
  allowString(length: number): void {
    if (length > MAX_STRING_CHARS) this.fail("limit", `a string would be longer than ${MAX_STRING_CHARS} characters`);
    this.chargeChars(length);
  }

  /** Refuses a list or map that grows too large. */
  allowItems(count: number): void {
    if (count > MAX_COLLECTION_ITEMS) this.fail("limit", `a collection would have over ${MAX_COLLECTION_ITEMS} items`);
  }

  fail(reason: TemplateErrorReason, message: string, cause?: unknown): never {
    throw new TemplateError(reason, message, this.at, cause);
  }
}
