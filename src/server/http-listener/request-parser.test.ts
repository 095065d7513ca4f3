import { METHODS } from "node:http";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CHUNK_EXTENSION_LIMIT_BYTES,
  CHUNK_LINE_LIMIT_BYTES,
  defaultListenerLimits,
  type ListenerLimits,
} from "./listener-limits.ts";
import { requestMethods } from "./request-methods.ts";
import { RequestParser } from "./request-parser.ts";

const small: ListenerLimits = { ...defaultListenerLimits, headBytes: 1_000, headerCount: 10, bodyBytes: 100 };

interface Reading {
  readonly requests: readonly {
    readonly line: string;
    readonly headers: readonly string[];
    readonly rawHeaders: readonly string[];
    readonly body: string;
    readonly keepsAlive: boolean;
  }[];
  readonly end: "between" | "within" | number;
  readonly reason: string;
}

/** Reads pieces as one connection would, up to the end of them or of what the client wants to send. */
function read(pieces: readonly Buffer[], limits = small): Reading {
  const parser = new RequestParser({ limits });
  const requests: Reading["requests"][number][] = [];
  for (const piece of pieces) {
    // One buffer for all pieces, as it is when sockets are read: what is kept must have been copied.
    const borrowed = Buffer.from(piece);
    let progress = parser.push(borrowed);
    while (progress === "complete" || progress === "continue") {
      if (progress === "complete") {
        const { method, target, httpVersion, headers, rawHeaders, body, keepsAlive } = parser;
        const line = `${method} ${target} ${httpVersion}`;
        requests.push({ line, headers, rawHeaders, body: body.toString("latin1"), keepsAlive });
        if (!keepsAlive) return { requests, end: "between", reason: "" };
      }
      progress = parser.next();
    }
    borrowed.fill(0);
    if (progress === "refused") {
      return { requests, end: parser.refusal?.status ?? 0, reason: parser.refusal?.body ?? "" };
    }
  }
  return { requests, end: parser.isWithinRequest ? "within" : "between", reason: "" };
}

const readText = (text: string, limits?: ListenerLimits) => read([Buffer.from(text, "latin1")], limits);

const host = "Host: a\r\n";
const chunked = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;

const whole: Record<string, { text: string; expected: Partial<Reading["requests"][number]>; count?: number }> = {
  "no body": {
    text: `GET /a?b=c HTTP/1.1\r\n${host}X-b: 1 \r\nx-B:\t2\t \r\nEmpty:\r\n\r\n`,
    expected: {
      line: "GET /a?b=c 1.1",
      headers: ["Host", "a", "X-b", "1", "x-B", "2", "Empty", ""],
      body: "",
      keepsAlive: true,
    },
  },
  "a length": { text: `PUT / HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`, expected: { body: "abc" } },
  "a length of nothing": { text: `PUT / HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`, expected: { body: "" } },
  chunks: {
    text: `${chunked}3;x=y;z="a b"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n`,
    expected: { body: "abc0123456789", headers: ["Host", "a"], keepsAlive: true },
  },
  "an expectation": {
    text: `POST / HTTP/1.1\r\n${host}Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na`,
    expected: { body: "a", headers: ["Host", "a", "Expect", "100-Continue", "Content-Length", "1"] },
  },
  "an expectation of HTTP/1.0": { text: "GET / HTTP/1.0\r\nExpect: tea\r\n\r\n", expected: { body: "" } },
  "Connection: close": {
    text: `GET / HTTP/1.1\r\n${host}Connection: x, Close\r\nX: 1\r\n\r\n`,
    expected: { keepsAlive: false, headers: ["Host", "a"] },
  },
  "HTTP/1.0": { text: "GET / HTTP/1.0\r\n\r\n", expected: { line: "GET / 1.0", keepsAlive: false } },
  "HTTP/1.0 kept alive": { text: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", expected: { keepsAlive: true } },
  "an empty line before it": { text: `\r\nGET / HTTP/1.1\r\n${host}\r\n`, expected: { line: "GET / 1.1" } },
  "others behind it": {
    text: `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\n\r\na\r\n${chunked}1\r\nb\r\n0\r\n\r\nGET /c HTTP/1.1\r\n${host}\r\n`,
    expected: { body: "a" },
    count: 3,
  },
};

for (const [what, { text, expected, count = 1 }] of Object.entries(whole)) {
  test(`a request with ${what} is read`, () => {
    const reading = readText(text);
    expect(reading).toMatchObject({ end: "between", reason: "" });
    expect(reading.requests).toHaveLength(count);
    expect(reading.requests[0]).toMatchObject(expected);
  });
}

const refused: Record<string, [status: number, text: string]> = {
  garbage: [400, "SSH-2.0-OpenSSH\r\n\r\n"],
  "another protocol's first byte": [400, "\x16"],
  "a blank before the method": [400, ` GET / HTTP/1.1\r\n${host}\r\n`],
  "two empty lines before it": [400, `\r\n\r\nGET / HTTP/1.1\r\n${host}\r\n`],
  "a bare LF before it": [400, `\nGET / HTTP/1.1\r\n${host}\r\n`],
  "two blanks before the target": [400, `GET  / HTTP/1.1\r\n${host}\r\n`],
  "two blanks before the version": [400, `GET /  HTTP/1.1\r\n${host}\r\n`],
  "a tab before the version": [400, `GET /\tHTTP/1.1\r\n${host}\r\n`],
  "a blank after the version": [400, `GET / HTTP/1.1 \r\n${host}\r\n`],
  "no target": [400, `GET HTTP/1.1\r\n${host}\r\n`],
  "an empty target": [400, `GET  HTTP/1.1\r\n${host}\r\n`],
  "no version": [400, "GET /\r\n\r\n"],
  "HTTP/1.2": [400, `GET / HTTP/1.2\r\n${host}\r\n`],
  "HTTP/2.0": [400, `GET / HTTP/2.0\r\n${host}\r\n`],
  "http in lower case": [400, `GET / http/1.1\r\n${host}\r\n`],
  "a method nobody knows": [400, `GETS / HTTP/1.1\r\n${host}\r\n`],
  CONNECT: [400, `CONNECT /a HTTP/1.1\r\n${host}\r\n`],
  "a bare CR in the request line": [400, `GET /a\r HTTP/1.1\r\n${host}\r\n`],
  "a NUL in the target": [400, `GET /a\0 HTTP/1.1\r\n${host}\r\n`],
  "a bare LF after the request line": [400, `GET / HTTP/1.1\n${host}\r\n`],
  "a bare LF after a header": [400, "GET / HTTP/1.1\r\nHost: a\n\r\n"],
  "a bare LF as the empty line": [400, `GET / HTTP/1.1\r\n${host}\n`],
  "a bare CR in a header": [400, `GET / HTTP/1.1\r\n${host}X: a\rContent-Length: 0\r\n\r\n`],
  "a bare CR before the end of a header": [400, `GET / HTTP/1.1\r\n${host}X: a\r\r\n\r\n`],
  "a NUL in a header": [400, `GET / HTTP/1.1\r\n${host}X: a\0\r\n\r\n`],
  "a DEL in a header": [400, `GET / HTTP/1.1\r\n${host}X: a\x7f\r\n\r\n`],
  "a folded header": [400, `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`],
  "a header folded with a colon": [400, `GET / HTTP/1.1\r\n${host}X: a\r\n\tb: c\r\n\r\n`],
  "a blank before the colon": [400, `GET / HTTP/1.1\r\n${host}Content-Length : 0\r\n\r\n`],
  "a header without colon": [400, `GET / HTTP/1.1\r\n${host}abc\r\n\r\n`],
  "a colon only in the next line": [400, `GET / HTTP/1.1\r\n${host}abc\r\nX: y\r\n\r\n`],
  "an empty header name": [400, `GET / HTTP/1.1\r\n${host}: a\r\n\r\n`],
  "a length in hexadecimal": [400, `GET / HTTP/1.1\r\n${host}Content-Length: 0x1\r\n\r\na`],
  "a tab behind chunked": [400, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`],
  "a blank behind a length": [400, `PUT / HTTP/1.1\r\n${host}Content-Length: 1 \r\n\r\na`],
  "another expectation": [417, `GET / HTTP/1.1\r\n${host}Expect: tea\r\n\r\n`],
  "two expectations": [417, `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nExpect: tea\r\n\r\n`],
  "an empty chunk size": [400, `${chunked}\r\n`],
  "a chunk size of nine digits": [400, `${chunked}000000001\r\na\r\n0\r\n\r\n`],
  "a blank before a chunk size": [400, `${chunked} 1\r\na\r\n0\r\n\r\n`],
  "a blank after a chunk size": [400, `${chunked}1 \r\na\r\n0\r\n\r\n`],
  "a bare LF after a chunk size": [400, `${chunked}1\na\r\n0\r\n\r\n`],
  "a bare CR in a chunk extension": [400, `${chunked}1;a\rb\r\na\r\n0\r\n\r\n`],
  "a bare LF after a chunk": [400, `${chunked}1\r\na\n0\r\n\r\n`],
  "a chunk longer than its size": [400, `${chunked}1\r\nab\r\n0\r\n\r\n`],
  "a trailer without colon": [400, `${chunked}0\r\nabc\r\n\r\n`],
  "a folded trailer": [400, `${chunked}0\r\nX: a\r\n b\r\n\r\n`],
  "a bare LF after a trailer": [400, `${chunked}0\r\nX: a\n\r\n`],
  "a bare LF as the end of the trailers": [400, `${chunked}0\r\n\n`],
  "a Content-Length as trailer": [400, `${chunked}0\r\ncontent-length: 1\r\n\r\n`],
  "a Transfer-Encoding as trailer": [400, `${chunked}0\r\nTransfer-Encoding: chunked\r\n\r\n`],
  "a chunk line without end": [400, `${chunked}1;${"x".repeat(CHUNK_LINE_LIMIT_BYTES)}`],
  "too many chunk extensions": [
    400,
    `${chunked}${`1;${"x".repeat(1_000)}\r\na\r\n`.repeat(CHUNK_EXTENSION_LIMIT_BYTES / 1_000 + 1)}`,
  ],
  "trailers without end": [431, `${chunked}0\r\n${"X: y\r\n".repeat(small.headBytes / 6 + 1)}`],
  "one trailer without end": [431, `${chunked}0\r\nX: ${"y".repeat(small.headBytes)}`],
  "a head that is too large": [431, `GET / HTTP/1.1\r\n${host}X: ${"x".repeat(small.headBytes)}\r\n\r\n`],
  "a line that does not end": [431, `GET /${"x".repeat(small.headBytes)}`],
  "too many headers": [431, `GET / HTTP/1.1\r\n${host}${"X: y\r\n".repeat(small.headerCount)}\r\n`],
  "a body that is too large": [413, `PUT / HTTP/1.1\r\n${host}Content-Length: 101\r\n\r\n`],
  "a chunk that is too large": [413, `${chunked}65\r\n`],
  "a chunk that makes the body too large": [413, `${chunked}64\r\n${"a".repeat(100)}\r\n1\r\n`],
};

for (const [what, [status, text]] of Object.entries(refused)) {
  test(`a request with ${what} is refused with ${status}`, () => {
    expect(readText(text)).toMatchObject({ requests: [], end: status });
    const before = `GET /first HTTP/1.1\r\n${host}\r\n`;
    expect(readText(before + text)).toMatchObject({ requests: [{ line: "GET /first 1.1" }], end: status });
  });
}

test("what reaches a limit exactly is let pass", () => {
  const line = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const exact = `${line}${"x".repeat(small.headBytes - line.length - 4)}\r\n\r\n`;
  for (const text of [
    exact,
    `GET / HTTP/1.1\r\n${host}${"X: y\r\n".repeat(small.headerCount - 1)}\r\n`,
    `PUT / HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n${"a".repeat(100)}`,
    `${chunked}64\r\n${"a".repeat(100)}\r\n0\r\n\r\n`,
  ]) {
    expect(readText(text)).toMatchObject({ requests: [{}], end: "between" });
  }
  expect(readText(exact.replace("X", "XX"))).toMatchObject({ requests: [], end: 431 });
});

test("a request that is cut anywhere before its end is not there yet", () => {
  for (const { text, count = 1 } of Object.values(whole)) {
    if (count > 1) continue;
    const begin = text.startsWith("\r\n") ? 3 : 1;
    for (let cut = begin; cut < text.length; cut++) {
      expect(readText(text.slice(0, cut))).toMatchObject({ requests: [], end: "within" });
    }
  }
});

test("the limit of a body may depend on its request", () => {
  const parser = new RequestParser({
    limits: small,
    bodyLimitFor: (method, target, headers) =>
      `${method} ${target} ${headers}` === "PUT / Host,a,content-length,5" ? 5 : 4,
  });
  expect(parser.push(Buffer.from(`PUT / HTTP/1.1\r\n${host}content-length: 5\r\n\r\nabcde`))).toBe("complete");
  expect(parser.next()).toBe("more");
  expect(parser.push(Buffer.from(`POST / HTTP/1.1\r\n${host}content-length: 5\r\n\r\nabcde`))).toBe("refused");
});

test("only methods that node:http knows are let pass, and all of those that matter", () => {
  for (const method of requestMethods.keys()) expect(METHODS).toContain(method);
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PURGE", "PROPFIND"]) {
    expect(readText(`${method} / HTTP/1.1\r\n${host}\r\n`)).toMatchObject({ requests: [{ line: `${method} / 1.1` }] });
  }
});

const texts = [...Object.values(whole).map((each) => each.text), ...Object.values(refused).map((each) => each[1])];

test("a byte at a time is read as well as all at once", () => {
  for (const text of texts) {
    const bytes = Buffer.from(text, "latin1");
    expect(read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(read([bytes]));
  }
});

test("how the bytes were cut into pieces never changes what is read", () => {
  const broken = fc
    .tuple(fc.constantFrom(...texts), fc.nat(), fc.constantFrom("\n", "\r", " ", ":", "\0", "0", "f", "\r\n", ""))
    .map(([text, at, by]) => text.slice(0, at % text.length) + by + text.slice((at % text.length) + 1));
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...texts), broken), fc.constantFrom(...texts), cuts, (text, behind, at) => {
      const bytes = Buffer.from(text + behind, "latin1");
      const points = [0, ...at.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const pieces = points.slice(1).map((point, index) => bytes.subarray(points[index], point));
      expect(read(pieces.filter((piece) => piece.length > 0))).toEqual(read([bytes]));
    }),
    { numRuns: 3_000 },
  );
});
