import { expect, test } from "vitest";
import { errorPayload, exited, responseTooLarge, timedOut, UNREADABLE_ERROR } from "./error-shapes.ts";

test("an error becomes its name, message and stack", () => {
  const error = new RangeError("boom");
  expect(errorPayload(error)).toEqual({
    errorType: "RangeError",
    errorMessage: "boom",
    trace: expect.arrayContaining(["RangeError: boom"]),
  });
});

test("what is not an error is named by its type", () => {
  expect(errorPayload("Unauthorized")).toEqual({ errorType: "string", errorMessage: "Unauthorized", trace: [] });
  expect(errorPayload({ a: 1 })).toEqual({ errorType: "object", errorMessage: "[object Object]", trace: [] });
  expect(errorPayload(Object.create(null))).toEqual(UNREADABLE_ERROR);
});

test("frames of the runner itself are left out of the trace", () => {
  const error = new Error("x");
  error.stack = `Error: x\n    at mine (/task/index.js:1:1)\n    at run (${new URL("run-handler.ts", import.meta.url)}:1:1)`;
  expect(errorPayload(error).trace).toEqual(["Error: x", "    at mine (/task/index.js:1:1)"]);
});

test("the texts of the platform name the request", () => {
  expect(timedOut("id", 3000).errorMessage).toBe("RequestId: id Error: Task timed out after 3.00 seconds");
  expect(exited("id", { kind: "code", code: 1 }).errorMessage).toBe(
    "RequestId: id Error: Runtime exited with error: exit status 1",
  );
  expect(exited("id", { kind: "code", code: 0 }).errorMessage).toBe(
    "RequestId: id Error: Runtime exited without providing a reason",
  );
  expect(exited("id", { kind: "signal", signal: "SIGKILL" })).toEqual({
    errorType: "Runtime.ExitError",
    errorMessage: "RequestId: id Error: Runtime exited with error: signal: killed",
  });
  expect(exited("id", { kind: "out_of_memory" }).errorType).toBe("Runtime.OutOfMemory");
  expect(responseTooLarge(1).errorMessage).toContain("(1 bytes)");
});
