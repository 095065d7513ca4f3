import { expect, test } from "vitest";
import { defaultListenerLimits } from "./listener-limits.ts";
import { CHUNKED, readHead } from "./read-head.ts";

const read = (headers: readonly string[], httpVersion = "1.1") =>
  readHead("/", httpVersion, headers, defaultListenerLimits);

test("HTTP/1.0 may leave out Host, and has no chunked bodies", () => {
  expect(read([], "1.0")).toEqual({
    ok: true,
    headers: [],
    bodyLength: 0,
    keepsAlive: false,
    expectsContinue: false,
  });
  expect(read(["Transfer-Encoding", "chunked"], "1.0")).toMatchObject({ ok: false, refusal: { status: 400 } });
});

test("how long the body is follows from the head alone", () => {
  expect(read(["Host", "a"])).toMatchObject({ bodyLength: 0 });
  expect(read(["Host", "a", "content-length", "12"])).toMatchObject({ bodyLength: 12 });
  expect(read(["Host", "a", "transfer-encoding", "chunked"])).toMatchObject({
    bodyLength: CHUNKED,
    headers: ["Host", "a"],
  });
});

test("Connection decides whether there will be another request, and what else it names is dropped", () => {
  const keeps = (value: string, httpVersion: string) => {
    const verdict = read(["Host", "a", "Connection", value], httpVersion);
    return verdict.ok && verdict.keepsAlive;
  };
  expect(["", "x", "Keep-Alive", "close", "x, CLOSE", "close, keep-alive"].map((value) => keeps(value, "1.1"))).toEqual(
    [true, true, true, false, false, false],
  );
  expect(["", "x", "Keep-Alive", "x,keep-alive", "close, keep-alive"].map((value) => keeps(value, "1.0"))).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  const named = ["Host", "a", "Connection", "close, X", "x", "1", "Y", "2", "Expect", "100-continue"];
  expect(read(named)).toMatchObject({ headers: ["Host", "a", "Y", "2", "Expect", "100-continue"] });
});

test("what an engine might let pass is refused here all the same", () => {
  const alike = [
    ["Content-Length", "1", "Content-Length", "1"],
    ["Content-Length", "1", "Transfer-Encoding", "chunked"],
    ["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"],
    ["Transfer-Encoding", ""],
    ["Content-Length", ""],
    ["Content-Length", "0x1"],
    ["Host", "b"],
  ];
  for (const headers of alike)
    expect(read(["Host", "a", ...headers])).toMatchObject({ ok: false, refusal: { status: 400 } });
});

test("hosts of every kind are let pass", () => {
  for (const host of ["a", "a_b.example:80", "127.0.0.1:1", "[::1]:4566", "abc.execute-api.localhost"]) {
    expect(read(["Host", host]).ok).toBe(true);
  }
});

test("without a header of the connection the list is passed on as it is", () => {
  const headers = ["Host", "a", "X", "y"];
  const verdict = read(headers);
  expect(verdict.ok && verdict.headers).toBe(headers);
});
