import { describe, expect, test } from "vitest";
import { readAddress } from "./address.ts";

describe("an API's own host takes every path", () => {
  test.each([
    "petstore.execute-api.localhost:4566",
    "petstore.execute-api.localhost",
    "PetStore.execute-api.us-east-1.amazonaws.com",
    "petstore.execute-api.cn-north-1.amazonaws.com.cn",
  ])("%s", (host) => {
    expect(readAddress(host, "/_gatewarden/health")).toEqual({
      plane: "execute-api",
      form: "host",
      apiId: "petstore",
      target: "/_gatewarden/health",
    });
  });

  test.each([
    "petstore.execute-api.localhost.evil.example",
    "a.b.execute-api.localhost",
    "execute-api.localhost",
    "x-execute-api.localhost",
  ])("not %s", (host) => {
    expect(readAddress(host, "/test/pets").plane).toBe("management");
  });
});

describe("the path forms are stripped", () => {
  test.each([
    ["/_aws/execute-api/petstore/test/pets?type=dog", "/test/pets?type=dog"],
    ["/_aws/execute-api/petstore/test", "/test"],
    ["/_aws/execute-api/petstore", "/"],
    ["/_aws/execute-api/petstore?x=1", "/?x=1"],
    ["/restapis/petstore/test/_user_request_/pets//1/", "/test/pets//1/"],
    ["/restapis/petstore/test/_user_request_", "/test/"],
    ["/restapis/petstore/test/_user_request_?x=1", "/test/?x=1"],
  ])("%s", (target, rest) => {
    expect(readAddress("127.0.0.1:4566", target)).toEqual({
      plane: "execute-api",
      form: "path",
      apiId: "petstore",
      target: rest,
    });
  });
});

test("the own interface comes before management, and only under its own first segment", () => {
  expect(readAddress("127.0.0.1", "/_gatewarden/requests/1").plane).toBe("own");
  expect(readAddress("127.0.0.1", "/_gatewardenx").plane).toBe("management");
  expect(readAddress("127.0.0.1", "/restapis").plane).toBe("management");
});
