import fc from "fast-check";
import { expect, test } from "vitest";
import { CHUNK_EXTENSION_LIMIT_BYTES, CHUNK_LINE_LIMIT_BYTES, defaultHttpClientLimits } from "./client-limits.ts";
import { ResponseParser } from "./response-parser.ts";

const limits = {
  ...defaultHttpClientLimits,
  responseHeadBytes: 2_000,
  responseHeaderCount: 20,
  responseBodyBytes: 100,
};

interface Reading {
  readonly end: "complete" | "malformed" | "too_large" | "lost";
  readonly detail?: string | undefined;
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly keepsAlive?: boolean;
}

/** Reads pieces and then the end of the connection. */
function read(pieces: readonly Buffer[], method = "GET", bounds = limits): Reading {
  const parser = new ResponseParser(method, bounds);
  let progress: "more" | "complete" | "failed" = "more";
  let used = 0;
  for (const piece of pieces) {
    used++;
    progress = parser.push(piece);
    if (progress !== "more") break;
  }
  if (progress === "more") progress = parser.end();
  if (progress !== "complete") return { end: parser.failure?.kind ?? "lost", detail: parser.failure?.detail };
  // Whoever owns the connection closes it over bytes that come after the end; here that is done by hand.
  const keepsAlive = parser.keepsAlive && used === pieces.length;
  const { status, reason, headers } = parser;
  return { end: "complete", status, reason, headers, body: parser.body.toString("latin1"), keepsAlive };
}

const readText = (text: string, method?: string, bounds?: typeof limits) =>
  read([Buffer.from(text, "latin1")], method, bounds);

const whole: Record<string, { text: string; method?: string; expected: Partial<Reading> }> = {
  "a length": {
    text: "HTTP/1.1 200 OK\r\nX-b: 1 \r\nx-B:\t2\r\nContent-Length: 3\r\n\r\nabc",
    expected: {
      status: 200,
      reason: "OK",
      headers: ["X-b", "1", "x-B", "2", "Content-Length", "3"],
      body: "abc",
      keepsAlive: true,
    },
  },
  "no body": { text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", expected: { body: "", keepsAlive: true } },
  chunks: {
    text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    expected: { body: "abc0123456789", keepsAlive: true },
  },
  "the end of the connection": { text: "HTTP/1.1 200 OK\r\n\r\nabc", expected: { body: "abc", keepsAlive: false } },
  "a reason beyond ASCII": {
    text: "HTTP/1.1 404 caf\xe9\r\nContent-Length: 0\r\n\r\n",
    expected: { status: 404, reason: "caf\xe9" },
  },
  "no reason and no blank": {
    text: "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
    expected: { status: 404, reason: "" },
  },
  "interim responses first": {
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    expected: { status: 200, headers: ["Content-Length", "1"], body: "a", keepsAlive: true },
  },
  "a length that answers HEAD": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
    method: "HEAD",
    expected: { body: "", keepsAlive: true },
  },
  "204 with a length": {
    text: "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
    expected: { body: "", keepsAlive: true },
  },
  "304 with chunks announced": {
    text: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    expected: { body: "", keepsAlive: true },
  },
  "Connection: close": {
    text: "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n",
    expected: { keepsAlive: false },
  },
  "HTTP/1.0": { text: "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", expected: { keepsAlive: false } },
  "HTTP/1.0 kept alive": {
    text: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
    expected: { keepsAlive: true },
  },
  "bytes behind a length": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n",
    expected: { body: "a", keepsAlive: false },
  },
  "bytes behind an empty body": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx",
    expected: { body: "", keepsAlive: false },
  },
  "bytes behind the last chunk": {
    text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
    expected: { keepsAlive: false },
  },
  "bytes behind 204": { text: "HTTP/1.1 204 No Content\r\n\r\nx", expected: { body: "", keepsAlive: false } },
  "bytes behind HEAD": {
    text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    method: "HEAD",
    expected: { body: "", keepsAlive: false },
  },
};

for (const [what, { text, method, expected }] of Object.entries(whole)) {
  test(`a response with ${what} is read`, () => {
    expect(readText(text, method)).toMatchObject({ end: "complete", ...expected });
  });
}

const start = "HTTP/1.1 200 OK\r\n";
const chunks = `${start}Transfer-Encoding: chunked\r\n\r\n`;
const malformed: Record<string, string> = {
  garbage: "SSH-2.0-OpenSSH\r\n\r\n",
  "an empty first line": `\r\n${start}\r\n`,
  "HTTP/2": "HTTP/2.0 200 OK\r\n\r\n",
  "a two-digit status": "HTTP/1.1 20 OK\r\n\r\n",
  "a status beginning with 0": "HTTP/1.1 099 OK\r\n\r\n",
  "two blanks before the status": "HTTP/1.1  200 OK\r\n\r\n",
  "101": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "a bare LF after the status line": "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
  "a bare LF after a header": `${start}Content-Length: 0\n\r\n`,
  "a bare LF as the empty line": `${start}Content-Length: 0\r\n\n`,
  "a bare CR in a header": `${start}X: a\rContent-Length: 0\r\n\r\n`,
  "a NUL in a header": `${start}X: a\0\r\n\r\n`,
  "a folded header": `${start}X: a\r\n b\r\n\r\n`,
  "a blank before the colon": `${start}Content-Length : 0\r\n\r\n`,
  "a header without colon": `${start}abc\r\n\r\n`,
  "an empty header name": `${start}: a\r\n\r\n`,
  "Content-Length twice": `${start}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
  "a Content-Length list": `${start}Content-Length: 0, 0\r\n\r\n`,
  "a negative Content-Length": `${start}Content-Length: -1\r\n\r\n`,
  "an empty Content-Length": `${start}Content-Length:\r\n\r\n`,
  "both lengths": `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "Transfer-Encoding twice": `${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a coding before chunked": `${start}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "a coding in HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "a chunk size that is no number": `${chunks}zz\r\n`,
  "an empty chunk size": `${chunks}\r\n`,
  "a chunk size with 0x": `${chunks}0x1\r\na\r\n0\r\n\r\n`,
  "a blank after a chunk size": `${chunks}1 \r\na\r\n0\r\n\r\n`,
  "a chunk size of nine digits": `${chunks}000000001\r\na\r\n0\r\n\r\n`,
  "a bare LF after a chunk size": `${chunks}1\na\r\n0\r\n\r\n`,
  "a bare LF after a chunk": `${chunks}1\r\na\n0\r\n\r\n`,
  "a chunk longer than its size": `${chunks}1\r\nab\r\n0\r\n\r\n`,
  "a trailer without colon": `${chunks}0\r\nabc\r\n\r\n`,
  "a folded trailer": `${chunks}0\r\nX: a\r\n b\r\n\r\n`,
  "a chunk line without end": `${chunks}1;${"x".repeat(CHUNK_LINE_LIMIT_BYTES)}`,
  "too many chunk extensions": `${chunks}${`1;${"x".repeat(1_000)}\r\na\r\n`.repeat(CHUNK_EXTENSION_LIMIT_BYTES / 1_000 + 1)}`,
  "trailers without end": `${chunks}0\r\n${"X: y\r\n".repeat(400)}`,
};

for (const [what, text] of Object.entries(malformed)) {
  test(`a response with ${what} is malformed`, () => {
    expect(readText(text).end).toBe("malformed");
  });
}

test("a head, a count of headers and a body over the limits are too large", () => {
  const tooLarge = [
    `${start}X: ${"x".repeat(limits.responseHeadBytes)}\r\n\r\n`,
    `${start}X: ${"x".repeat(limits.responseHeadBytes)}`,
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
    `${start}${"X: y\r\n".repeat(limits.responseHeaderCount + 1)}\r\n`,
    `${start}Content-Length: 101\r\n\r\n`,
    `${chunks}65\r\n`,
    `${chunks}64\r\n${"a".repeat(100)}\r\n1\r\n`,
    `${start}\r\n${"a".repeat(101)}`,
  ];
  for (const text of tooLarge) expect(readText(text).end).toBe("too_large");
  expect(readText(`${start}Content-Length: 100\r\n\r\n${"a".repeat(100)}`).end).toBe("complete");
  expect(readText(`${chunks}64\r\n${"a".repeat(100)}\r\n0\r\n\r\n`).end).toBe("complete");
  expect(readText(`${start}\r\n${"a".repeat(100)}`).end).toBe("complete");
});

test("a response that is cut anywhere before its end is lost, never complete", () => {
  for (const text of [`${start}Content-Length: 3\r\n\r\nabc`, `${chunks}3\r\nabc\r\n0\r\nX: y\r\n\r\n`]) {
    for (let cut = 0; cut < text.length; cut++) expect(readText(text.slice(0, cut)).end).toBe("lost");
  }
});

test("a backend's hint about idle connections is taken", () => {
  const parser = new ResponseParser("GET", limits);
  parser.push(Buffer.from(`${start}Keep-Alive: max=3, timeout=5\r\nContent-Length: 0\r\n\r\n`));
  expect(parser.idleHintMs).toBe(5_000);
});

test("how the bytes were cut into pieces never changes what is read", () => {
  const texts = [...Object.values(whole).map((each) => each.text), ...Object.values(malformed)];
  const broken = fc
    .tuple(fc.constantFrom(...texts), fc.nat(), fc.constantFrom("\n", "\r", " ", ":", "\0", "0", "f", "\r\n", ""))
    .map(([text, at, by]) => text.slice(0, at % text.length) + by + text.slice((at % text.length) + 1));
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...texts), broken),
      cuts,
      fc.constantFrom("GET", "HEAD"),
      (text, at, method) => {
        const bytes = Buffer.from(text, "latin1");
        const points = [0, ...at.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const pieces = points.slice(1).map((point, index) => bytes.subarray(points[index], point));
        const nonEmpty = pieces.filter((piece) => piece.length > 0);
        expect(read(nonEmpty, method)).toEqual(read(bytes.length > 0 ? [bytes] : [], method));
      },
    ),
    { numRuns: 3_000 },
  );
});

test("a byte at a time is read as well as all at once", () => {
  for (const text of [...Object.values(whole).map((each) => each.text), ...Object.values(malformed)]) {
    const bytes = Buffer.from(text, "latin1");
    expect(read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(read([bytes]));
  }
});
