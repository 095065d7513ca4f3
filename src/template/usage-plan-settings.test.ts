import { expect, test } from "vitest";
import { throttleKeyOf } from "./usage-plan-settings.ts";

test.each([
  ["/pets/GET", "/pets/GET"],
  ["/pets/{petId}/ANY", "/pets/{petId}/ANY"],
  ["/{proxy+}/DELETE", "/{proxy+}/DELETE"],
  ["/GET", "//GET"],
  ["//GET", "//GET"],
  ["/GET/GET", "/GET/GET"],
  ["/pets/get", undefined],
  ["pets/GET", undefined],
  ["/pets", undefined],
  ["/PETS", undefined],
  ["/pets//GET", undefined],
  ["GET /pets", undefined],
  ["", undefined],
])("the throttle key %j is %j", (text, expected) => {
  expect(throttleKeyOf(text)).toBe(expected);
});
