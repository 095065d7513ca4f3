import { expect, test } from "vitest";
import { SIGNATURE_REASONS } from "./reasons.ts";

test("every reason says in a sentence or two what to check", () => {
  for (const [reason, check] of Object.entries(SIGNATURE_REASONS)) {
    expect(check, reason).toMatch(/^[A-Z].{20,260}\.$/);
  }
});
