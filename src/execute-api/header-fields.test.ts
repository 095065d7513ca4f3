import { expect, test } from "vitest";
import { HeaderFields, HeaderNames } from "./header-fields.ts";

const fields = new HeaderFields(["Accept", "a/b", "X-Pet", "dog", "x-PET", "cat", "Host", "h"]);

test("fields are found in any casing, the last value first of all", () => {
  expect(fields.last("x-pet")).toBe("cat");
  expect(fields.all("x-pet")).toEqual(["dog", "cat"]);
  expect(fields.has("accept")).toBe(true);
  expect(fields.has("accepts")).toBe(false);
  expect(fields.last("constructor")).toBeUndefined();
  expect(fields.names()).toEqual(["accept", "x-pet", "host"]);
});

test("maps keep the casing first seen and the order of arrival", () => {
  expect({ ...fields.toSingleValues() }).toEqual({ Accept: "a/b", "X-Pet": "cat", Host: "h" });
  expect({ ...fields.toMultiValues() }).toEqual({ Accept: ["a/b"], "X-Pet": ["dog", "cat"], Host: ["h"] });
  expect(Object.entries(new HeaderFields(["__proto__", "x"]).toSingleValues())).toEqual([["__proto__", "x"]]);
});

test("dropping leaves the rest as it was, and the same object when nothing is dropped", () => {
  expect(fields.without(new HeaderNames(["x-pet"])).raw).toEqual(["Accept", "a/b", "Host", "h"]);
  expect(fields.without(new HeaderNames(["host"])).raw).toEqual(["Accept", "a/b", "X-Pet", "dog", "x-PET", "cat"]);
  expect(fields.without(new HeaderNames(["te"]))).toBe(fields);
});
