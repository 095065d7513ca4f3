import { describe, expect, it } from "vitest";
import { parseProxyResponse } from "./proxy-response.ts";

function answerOf(output: unknown) {
  const verdict = parseProxyResponse(JSON.stringify(output));
  if (!verdict.ok) throw new Error(`${verdict.what}: ${verdict.found}`);
  return verdict.response;
}
function faultOf(output: unknown) {
  const verdict = parseProxyResponse(JSON.stringify(output));
  return verdict.ok ? undefined : verdict.what;
}

describe("what a Lambda proxy function may answer", () => {
  it("a status alone, an empty body", () => {
    expect(answerOf({ statusCode: 200 })).toEqual({ status: 200, headers: [], body: "", isBase64Encoded: false });
  });
  it("headers alone are a 200", () => {
    expect(answerOf({ headers: { "X-A": "1" } })).toEqual({
      status: 200,
      headers: ["X-A", "1"],
      body: "",
      isBase64Encoded: false,
    });
  });
  it("a status as text", () => {
    expect(answerOf({ statusCode: "201" }).status).toBe(201);
  });
  it("null headers, null body", () => {
    expect(
      answerOf({ statusCode: 200, headers: null, multiValueHeaders: null, body: null, isBase64Encoded: null }).status,
    ).toBe(200);
  });
  it("booleans and numbers as header values", () => {
    expect(answerOf({ headers: { a: true, b: 42, c: null } }).headers).toEqual(["a", "true", "b", "42"]);
  });
  it("several values of one header", () => {
    expect(answerOf({ multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] } }).headers).toEqual([
      "Set-Cookie",
      "a=1",
      "Set-Cookie",
      "b=2",
    ]);
  });
  it("multi values come first, then the single one, in the casing of multiValueHeaders", () => {
    expect(
      answerOf({ headers: { "test-multi": "value-solo" }, multiValueHeaders: { "tesT-Multi": ["value-multi"] } })
        .headers,
    ).toEqual(["tesT-Multi", "value-multi", "tesT-Multi", "value-solo"]);
  });
  it("an identical name and value in both maps is sent once", () => {
    expect(answerOf({ headers: { x: "1" }, multiValueHeaders: { X: ["1", "2"] } }).headers).toEqual([
      "X",
      "1",
      "X",
      "2",
    ]);
  });
  it("base64", () => {
    expect(answerOf({ body: "aGk=", isBase64Encoded: true })).toMatchObject({ body: "aGk=", isBase64Encoded: true });
  });
});

describe("what is a malformed Lambda proxy response", () => {
  it.each([
    ["a status that is no number", { statusCode: "test" }, "statusCode"],
    ["a status of 0", { statusCode: 0 }, "statusCode"],
    ["a status beyond 599", { statusCode: 600 }, "statusCode"],
    ["a status with a fraction", { statusCode: 200.5 }, "statusCode"],
    ["another key", { statusCode: 200, wrongValue: "x" }, "answer"],
    ["cookies, which are HTTP APIs' only", { statusCode: 200, cookies: [] }, "answer"],
    ["text", "text", "answer"],
    ["a list", [], "answer"],
    ["null", null, "answer"],
    ["a header value that is an object", { headers: { a: {} } }, "headers.a"],
    ["a header value that is a list", { headers: { a: ["b"] } }, "headers.a"],
    ["headers as a list", { headers: ["a"] }, "headers"],
    ["multiValueHeaders without a list", { multiValueHeaders: { a: "b" } }, "multiValueHeaders.a"],
    ["a multi value that is an object", { multiValueHeaders: { a: [{}] } }, "multiValueHeaders.a"],
    ["a body that is an object", { body: { a: 1 } }, "body"],
    ["a body that is a number", { body: 1 }, "body"],
    ["isBase64Encoded as text", { isBase64Encoded: "true" }, "isBase64Encoded"],
    ["a header that splits the answer", { headers: { a: "b\r\nSet-Cookie: x=y" } }, "headers.a"],
    ["a header name that splits the answer", { headers: { "a\r\nb": "c" } }, "headers.a\r\nb"],
  ])("%s", (_title, output, what) => {
    expect(faultOf(output)).toBe(what);
  });

  it("text that is no JSON", () => {
    expect(parseProxyResponse("<html>")).toEqual({
      ok: false,
      what: "answer",
      found: "text that is not JSON",
      wanted: "a JSON object",
    });
  });

  it("is described without the value that was found", () => {
    expect(JSON.stringify(parseProxyResponse('{"body":{"secret":"s3cr3t"}}'))).not.toContain("s3cr3t");
  });
});
