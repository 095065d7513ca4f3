import { describe, expect, test } from "vitest";
import { PythonKeys } from "./python-keys.ts";

/* Orders that Py27Dict of aws-sam-translator 1.110.0 gives. */
describe("keys come in the order of Python 2.7's dictionaries", () => {
  const KEYS = [
    "/orders",
    "/cart",
    "/items",
    "/search",
    "/café",
    "/pets/{petId}",
    "/stock",
    "/users",
    "/",
    "/orders/{orderId}",
  ];
  const ORDER = [
    "/items",
    "/orders/{orderId}",
    "/cart",
    "/stock",
    "/orders",
    "/",
    "/café",
    "/users",
    "/search",
    "/pets/{petId}",
  ];
  const COPIED = [
    "/orders",
    "/orders/{orderId}",
    "/cart",
    "/stock",
    "/items",
    "/",
    "/café",
    "/pets/{petId}",
    "/search",
    "/users",
  ];
  const GONE = "/orders";
  const WITHOUT_GONE = [
    "/items",
    "/orders/{orderId}",
    "/cart",
    "/stock",
    "/",
    "/new",
    "/café",
    "/users",
    "/search",
    "/pets/{petId}",
  ];

  test("after they were put in one after another", () => {
    expect(PythonKeys.of(KEYS).keys()).toEqual(ORDER);
  });

  test("and in another one after a copy", () => {
    expect(PythonKeys.of(KEYS).copy().keys()).toEqual(COPIED);
  });

  test("where a removed key leaves its slot taken", () => {
    const keys = PythonKeys.of(KEYS);
    keys.remove(GONE);
    keys.remove("/never-there");
    keys.add("/new");
    expect(keys.keys()).toEqual(WITHOUT_GONE);
    const neverThere = PythonKeys.of([...KEYS.filter((key) => key !== GONE), "/new"]);
    expect(neverThere.keys()).not.toEqual(WITHOUT_GONE);
  });
});
