import { describe, expect, test } from "vitest";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import { parseFunctionAnswer1 } from "./function-answer-1.ts";
import { parseFunctionAnswer2 } from "./function-answer-2.ts";

const TEXT = ["content-type", "text/plain; charset=utf-8"];

describe("format 2.0", () => {
  test.each([
    ["a string", '"Hello from Lambda!"', "Hello from Lambda!"],
    ["an object without statusCode", '{"a":1}', '{"a":1}'],
    ["null", "null", "null"],
    ["an empty string", '""', ""],
    ["a list", "[1]", "[1]"],
  ])("%s is a 200 of JSON (D, C)", (_, payload, body) => {
    expect(parseFunctionAnswer2(payload)).toEqual({
      ok: true,
      answer: { status: 200, headers: ["content-type", "application/json"], body },
    });
  });

  test("with statusCode its headers, cookies and body count, in lower case; text/plain where no type is said (R)", () => {
    const answer = {
      statusCode: 201,
      headers: { "X-A": "1", n: 2, b: true },
      cookies: ["a=1", "b=2"],
      body: "x",
      other: 1,
    };
    expect(parseFunctionAnswer2(JSON.stringify(answer))).toEqual({
      ok: true,
      answer: {
        status: 201,
        headers: [...TEXT, "x-a", "1", "n", "2", "b", "true", "set-cookie", "a=1", "set-cookie", "b=2"],
        body: "x",
      },
    });
    const typed = { statusCode: "404", headers: { "Content-Type": "a/b" } };
    expect(parseFunctionAnswer2(JSON.stringify(typed))).toEqual({
      ok: true,
      answer: { status: 404, headers: ["content-type", "a/b"], body: "" },
    });
  });

  test("Base64 is always decoded (R), multiValueHeaders are not read (D)", () => {
    const answer = { statusCode: 200, body: "aGk=", isBase64Encoded: true, multiValueHeaders: { a: ["1"] } };
    expect(parseFunctionAnswer2(JSON.stringify(answer))).toEqual({
      ok: true,
      answer: { status: 200, headers: TEXT, body: Buffer.from("hi") },
    });
  });

  test.each([
    ["no JSON", "undefined", "answer"],
    ["a status that is none", '{"statusCode":99}', "statusCode"],
    ["a status of another type", '{"statusCode":true}', "statusCode"],
    ["a body that is an object", '{"statusCode":200,"body":{}}', "body"],
    ["headers that are a list", '{"statusCode":200,"headers":[]}', "headers"],
    ["a header that is an object", '{"statusCode":200,"headers":{"a":{}}}', "headers.a"],
    ["a header name that is none", '{"statusCode":200,"headers":{"a b":"1"}}', "headers"],
    ["a header that would end itself", '{"statusCode":200,"headers":{"a":"1\\r\\nb: 2"}}', "headers.a"],
    ["cookies that are text", '{"statusCode":200,"cookies":"a=1"}', "cookies"],
    ["Base64 that is none", '{"statusCode":200,"body":"ä","isBase64Encoded":true}', "body"],
    ["isBase64Encoded that is text", '{"statusCode":200,"isBase64Encoded":"true"}', "isBase64Encoded"],
  ])("%s is not usable", (_, payload, what) => {
    expect(parseFunctionAnswer2(payload)).toMatchObject({ ok: false, what });
  });
});

describe("format 1.0", () => {
  test("multiValueHeaders go before headers of the same name, other keys are skipped (C)", () => {
    const answer = {
      statusCode: 200,
      headers: { "Set-Cookie": "no", "X-A": "1" },
      multiValueHeaders: { "set-cookie": ["a=1", "b=2"] },
      cookies: ["ignored"],
      body: "x",
    };
    expect(parseFunctionAnswer1(JSON.stringify(answer))).toEqual({
      ok: true,
      answer: { status: 200, headers: [...TEXT, "set-cookie", "a=1", "set-cookie", "b=2", "x-a", "1"], body: "x" },
    });
  });

  test.each([
    ["a string", '"hello"', "answer"],
    ["null", "null", "answer"],
    ["an object without statusCode (D)", '{"body":"x"}', "statusCode"],
    ["multiValueHeaders without lists", '{"statusCode":200,"multiValueHeaders":{"a":"1"}}', "multiValueHeaders.a"],
  ])("%s is not usable", (_, payload, what) => {
    expect(parseFunctionAnswer1(payload)).toMatchObject({ ok: false, what });
  });
});

test("Base64 may have blanks in it, and a megabyte of them is looked through in no time", () => {
  const answering = (body: string) =>
    parseFunctionAnswer2(JSON.stringify({ statusCode: 200, isBase64Encoded: true, body }));
  for (const body of ["aGk=", "aG\nk=\n", "aA==", "aA= =", "  "]) expect(answering(body)).toMatchObject({ ok: true });
  const began = cpuMs();
  for (const end of ["!", "=!", "===", "=a"])
    expect(answering(" ".repeat(1024 * 1024) + end)).toMatchObject({ ok: false });
  expect(cpuMs() - began).toBeLessThan(2_000);
});
