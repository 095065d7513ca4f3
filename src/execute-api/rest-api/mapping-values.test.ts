import { describe, expect, it } from "vitest";
import { compiled, sampleDeployment, sampleMatched, sampleRequest } from "../../../test/rest-api-samples.ts";
import { MappingValues } from "./mapping-values.ts";

function valuesOf(
  headers: readonly string[],
  answered?: ConstructorParameters<typeof MappingValues>[4],
): MappingValues {
  const matched = sampleMatched(compiled({ type: "MOCK" }), { pathParameters: { petId: "a%20b" } });
  const request = sampleRequest({ headers, rawQuery: "a=1&a=2", body: "text" });
  return new MappingValues(request, matched, { authorizer: { principalId: "user" } }, sampleDeployment(), answered);
}

describe("what mappings read", () => {
  it("names headers exactly as they were written", () => {
    const values = valuesOf(["X-Pet", "1", "x-pet", "2", "X-Pet", "3"]);
    expect(values.header("X-Pet")).toEqual(["1", "3"]);
    expect(values.header("x-pet")).toEqual(["2"]);
    expect(values.header("X-PET")).toBeUndefined();
  });

  it("finds Authorization and User-Agent in any casing, as an edge endpoint restores theirs", () => {
    const values = valuesOf(["authorization", "Bearer t", "user-agent", "curl"]);
    expect(values.header("Authorization")).toEqual(["Bearer t"]);
    expect(values.header("User-Agent")).toEqual(["curl"]);
    expect(values.header("AUTHORIZATION")).toBeUndefined();
  });

  it("has the request's parts and its $context", () => {
    const values = valuesOf(["X-Pet", "1", "x-pet", "2"]);
    expect(values.querystring("a")).toEqual(["1", "2"]);
    expect(values.body).toBe("text");
    expect(values.params()).toEqual({ path: { petId: "a%20b" }, querystring: { a: "2" }, header: { "X-Pet": "2" } });
    expect(values.context).toMatchObject({ httpMethod: "GET", authorizer: { principalId: "user" } });
    expect(values.response.header("X-Pet")).toBeUndefined();
  });

  it("has the integration's answer once there is one", () => {
    const values = valuesOf([], { headers: ["X-Backend", "1"], body: "answer" });
    expect(values.response.header("X-Backend")).toEqual(["1"]);
    expect(values.response.body).toBe("answer");
  });
});
