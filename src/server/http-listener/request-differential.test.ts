import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultListenerLimits } from "./listener-limits.ts";
import { RequestParser } from "./request-parser.ts";

/*
 * node:http's strict parser as oracle: bytes that our parser takes for requests must be the same requests to it. Ours
 * may refuse more, which is the point of it. Left out is Upgrade: ours ignores it, node:http drops what was sent behind
 * such a request.
 */

interface Seen {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly keepsAlive: boolean;
}

const seenBy = new WeakMap<Duplex, Seen[]>();
const oracle = createServer(
  { insecureHTTPParser: false, requireHostHeader: false, maxHeaderSize: 65_536, keepAliveTimeout: 0 },
  take,
);
oracle.on("checkContinue", take);
// Not at once: what was read before the error is still on its way to "end".
oracle.on("clientError", (_error, stream) => setImmediate(() => stream.destroy()));

function take(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    seenBy.get(request.socket)?.push({
      line: `${request.method} ${request.url} ${request.httpVersion}`,
      headers: request.rawHeaders,
      body: Buffer.concat(pieces).toString("latin1"),
      keepsAlive: response.shouldKeepAlive,
    });
    response.end();
  });
}

function readByNode(bytes: Buffer): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const stream = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done(), emitClose: true });
  seenBy.set(stream, seen);
  return new Promise((resolve) => {
    stream.on("error", () => {});
    stream.on("close", () => resolve(seen));
    oracle.emit("connection", stream);
    stream.push(bytes);
    stream.push(null);
  });
}

function readByUs(pieces: readonly Buffer[]): readonly Seen[] {
  const parser = new RequestParser({ limits: defaultListenerLimits });
  const seen: Seen[] = [];
  for (const piece of pieces) {
    let progress = parser.push(piece);
    while (progress === "complete" || progress === "continue") {
      if (progress === "complete") {
        const { method, target, httpVersion, rawHeaders, body, keepsAlive } = parser;
        const line = `${method} ${target} ${httpVersion}`;
        seen.push({ line, headers: rawHeaders, body: body.toString("latin1"), keepsAlive });
        if (!keepsAlive) return seen;
      }
      progress = parser.next();
    }
    if (progress === "refused") return seen;
  }
  return seen;
}

const often = <Value>(usual: Value, ...others: Value[]) =>
  fc.oneof({ weight: 60, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...others) });

const method = fc.constantFrom(
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "M-SEARCH",
  "SOURCE",
  "QUERY",
);
const target = fc.oneof(
  fc.constantFrom("/", "/a%2Fb?c=d&e", "//x", '/"<>[]{}|\\^`', "/?", "/a/../b", "/;,@:$'()*!~"),
  fc
    .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 20 })
    .map((text) => `/${text}`),
  often("/", "*", "http://a/", "a:80", "/a b", "/\xe9", "/\t", ""),
);
const end = often("\r\n", "\n", "\r", "\r\r\n", "\n\r\n", "");
const headerName = fc.oneof(
  fc.constantFrom("X", "x-y", "Accept", "Cookie", "!#$%&'*+-.^_`|~"),
  often("Accept", "X Y", "", "X\xe9", "X:Y"),
);
const headerValue = fc.oneof(
  fc.constantFrom("", "a", " a\t", "\ta ", "a b", "caf\xe9", "a:b", "\xa0"),
  often("a", "\x7f", "\x01", "\0", "\x0b", "a\rb", "\x0ca", "\x85"),
);
const header = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(headerName, often(": ", ":", " :", ":\t"), headerValue).map((parts) => parts.join("")),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom("keep-alive", "close", "Keep-Alive, x", "upgrade", "x,close", ",", "Close ")
      .map((value) => `Connection: ${value}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "Expect: 100-continue",
      "TE: trailers",
      "Trailer: X",
      " folded",
      "Transfer-Encoding: gzip",
      "Content-Length: 1",
      "Content-Length: 0",
      "Host: b",
    ),
  },
);
const chunk = fc
  .tuple(
    fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 20 }),
    often("", "0", "00", "+", " ", "0x"),
    often("", ";a", ";a=b", ';a="b c"', ";a=b;c", ";", ";=", "; a", ' ;a="\\""', ";a\x7f", ";a=", ';a="'),
    end,
    end,
    fc.boolean(),
  )
  .map(([data, before, extension, afterSize, afterData, isUpper]) => {
    const size = data.length.toString(16);
    return `${before}${isUpper ? size.toUpperCase() : size}${extension}${afterSize}${data}${afterData}`;
  });
const trailers = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("X: y\r\n", "X:\r\nY: z \r\n", " X: y\r\n", "X\r\n", "Content-Length: 1\r\n", "X: y\n"),
  },
);
/** Framing headers and the body that goes with them, most of the time. */
const framing = fc.oneof(
  fc.constant(["", ""] as const),
  fc
    .tuple(
      fc.string({ unit: "binary-ascii", maxLength: 30 }),
      often(0, 1, -1),
      often("", " ", "+", "0", "\t"),
      often("", " ", "\t", ","),
    )
    .map(([body, off, sign, blank]) => [`Content-Length: ${sign}${body.length + off}${blank}\r\n`, body] as const),
  fc
    .tuple(
      fc.array(chunk, { maxLength: 4 }),
      often("0", "00", "0;x", ""),
      end,
      trailers,
      end,
      often("chunked", "Chunked", "chunked ", "chunked\t", "\tchunked", "xchunked", "chunked,"),
    )
    .map(
      ([chunks, last, one, trail, two, coding]) =>
        [`Transfer-Encoding: ${coding}\r\n`, `${chunks.join("")}${last}${one}${trail}${two}`] as const,
    ),
);
const request = fc
  .tuple(
    fc.tuple(
      often("", "\r\n", "\n", " "),
      method,
      often(" ", "  ", "\t"),
      target,
      often(" ", "  "),
      often("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1", "HTTP/1.1 "),
      end,
    ),
    fc.array(fc.tuple(header, end), { maxLength: 4 }),
    framing,
    fc.boolean(),
    end,
  )
  .map(([line, headers, [lengths, body], isFramingFirst, empty]) => {
    const others = headers.map((parts) => parts.join("")).join("");
    const fields = isFramingFirst ? lengths + others : others + lengths;
    return `${line.join("")}Host: a\r\n${fields}${empty}${body}`;
  });
const mutation = fc.tuple(
  fc.nat(),
  fc.nat({ max: 3 }),
  fc.constantFrom("", "\r", "\n", "\r\n", " ", "\t", ":", ",", "\0", "\xff", "0", "1", "a", "G"),
);
const stream = fc
  .tuple(
    fc.array(request, { minLength: 1, maxLength: 3 }),
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(mutation, { maxLength: 3 }) }),
  )
  .map(([requests, mutations]) => {
    let text = requests.join("");
    for (const [at, removed, put] of mutations) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + put + text.slice(place + removed);
    }
    return Buffer.from(text, "latin1");
  });

test("what is taken for requests here is the same requests to node:http, however it was cut", async () => {
  let compared = 0;
  let withBody = 0;
  await fc.assert(
    fc.asyncProperty(stream, fc.array(fc.nat(), { maxLength: 8 }), async (bytes, cuts) => {
      const points = [0, ...cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const pieces = points.slice(1).map((point, index) => bytes.subarray(points[index], point));
      const ours = readByUs(pieces.filter((piece) => piece.length > 0));
      const theirs = await readByNode(bytes);
      // HTTP/1.0 with both close and keep-alive is closed here and kept there.
      const expected = ours.map((each) => (each.keepsAlive ? each : { ...each, keepsAlive: expect.any(Boolean) }));
      expect(theirs.slice(0, ours.length)).toEqual(expected);
      compared += ours.length;
      withBody += ours.filter((each) => each.body !== "").length;
    }),
    { numRuns: 4_000 },
  );
  expect(compared).toBeGreaterThan(1_000);
  expect(withBody).toBeGreaterThan(300);
});
