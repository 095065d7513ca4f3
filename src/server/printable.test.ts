import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test("a tab is a space, and nothing drives the terminal", () => {
  expect(printable("Error: x\tat y\u001b[31m\n\u202e")).toBe("Error: x at y\ufffd[31m\ufffd\ufffd");
});
