import { expect, test } from "vitest";
import { MAX_PARAMETER_CHARS, MAX_PARAMETERS, MAX_PARAMETERS_BYTES, readParameters } from "./read-parameters.ts";

function query(text: string) {
  return readParameters({ method: "GET", target: `/authorize?${text}`, headers: [], body: Buffer.from("a=form") });
}

function form(text: string, type = "application/x-www-form-urlencoded") {
  const headers = ["content-type", type];
  return readParameters({ method: "POST", target: "/authorize?a=query", headers, body: Buffer.from(text) });
}

test("a GET's query is read and a POST's form, never one for the other", () => {
  expect(query("a=1+2&b=%C3%A9&c")).toEqual({
    ok: true,
    parameters: new Map([
      ["a", "1 2"],
      ["b", "é"],
      ["c", ""],
    ]),
  });
  expect(form("a=1", "application/x-www-form-urlencoded; charset=UTF-8")).toEqual({
    ok: true,
    parameters: new Map([["a", "1"]]),
  });
  expect(form('{"a":1}', "application/json")).toMatchObject({ ok: false });
});

test("a parameter that is repeated is refused, also in another spelling of its name", () => {
  const description = 'The parameter "client_id" is repeated';
  expect(query("client_id=a&client_id=a")).toEqual({ ok: false, description });
  expect(query("client_id=a&client%5Fid=b")).toEqual({ ok: false, description });
});

test("parameters are bounded in length, number and altogether", () => {
  expect(query(`nonce=${"n".repeat(MAX_PARAMETER_CHARS)}`).ok).toBe(true);
  expect(query(`nonce=${"n".repeat(MAX_PARAMETER_CHARS + 1)}`).ok).toBe(false);
  expect(query(`state=${"s".repeat(4096)}`).ok).toBe(true);
  expect(query(`state=${"s".repeat(4097)}`)).toEqual({
    ok: false,
    description: 'The parameter "state" has more than 4096 characters',
  });
  const many = (count: number): string => Array.from({ length: count }, (_, index) => `p${index}=`).join("&");
  expect(query(many(MAX_PARAMETERS)).ok).toBe(true);
  expect(query(many(MAX_PARAMETERS + 1)).ok).toBe(false);
  const large = Array.from({ length: 40 }, (_, index) => `p${index}=${"x".repeat(MAX_PARAMETER_CHARS)}`).join("&");
  expect(large.length).toBeGreaterThan(MAX_PARAMETERS_BYTES);
  expect(query(large)).toMatchObject({ ok: false, description: expect.stringContaining("bytes") });
  expect(form(large)).toMatchObject({ ok: false, description: expect.stringContaining("bytes") });
});
