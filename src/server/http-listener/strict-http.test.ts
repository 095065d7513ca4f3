import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncomingRequest } from "../../execute-api/transport.ts";
import { type Listener, listen } from "./listen.ts";

let listener: Listener;
let seen: IncomingRequest[] = [];

beforeAll(async () => {
  listener = await listen({
    host: "127.0.0.1",
    port: 0,
    handler: (request) => {
      seen.push(request);
      return { status: 200, headers: ["Content-Type", "text/plain"], body: `${request.method} ${request.target}` };
    },
  });
});

afterAll(() => listener.stop());

/** Sends bytes and answers all that comes back until the other side closes. */
function talk(bytes: string): Promise<string> {
  seen = [];
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(listener.port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (piece) => (text += piece));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

const host = "Host: a.example\r\n";
const chunked = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;

const refused: Record<string, string> = {
  "Content-Length before Transfer-Encoding": `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "Transfer-Encoding before Content-Length": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
  "two equal Content-Lengths": `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
  "a Content-Length list": `POST / HTTP/1.1\r\n${host}Content-Length: 3, 3\r\n\r\nabc`,
  "a signed Content-Length": `POST / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\nabc`,
  "an empty Content-Length": `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\nabc`,
  "a Content-Length beyond integers": `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999999\r\n\r\nabc`,
  "a coding before chunked": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "a coding that is not chunked": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`,
  "an almost chunked coding": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  "a vertical tab before chunked": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  "an empty Transfer-Encoding": `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n\r\n0\r\n\r\n`,
  "two Transfer-Encodings": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a blank before the colon": `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  "chunked in HTTP/1.0": `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a folded header": `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\nConnection: close\r\n\r\n`,
  "a folded Transfer-Encoding": `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  "a blank before the first header": `GET / HTTP/1.1\r\n X: a\r\n${host}\r\n`,
  "a bare LF after the request line": `GET / HTTP/1.1\n${host}\r\n`,
  "a bare LF after a header": "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
  "a bare LF as the empty line": `GET / HTTP/1.1\r\n${host}\n`,
  "a bare CR in a header": `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`,
  "a NUL in a header": `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
  "a control character in a header": `GET / HTTP/1.1\r\n${host}X: a\x01b\r\n\r\n`,
  "a blank in a header name": `GET / HTTP/1.1\r\n${host}X Y: a\r\n\r\n`,
  "an empty header name": `GET / HTTP/1.1\r\n${host}: a\r\n\r\n`,
  "a header name beyond ASCII": `GET / HTTP/1.1\r\n${host}X\xe9: a\r\n\r\n`,
  "a header line without colon": `GET / HTTP/1.1\r\n${host}Xabc\r\n\r\n`,
  "a chunk size that is no number": `${chunked}zz\r\nabc\r\n0\r\n\r\n`,
  "a chunk size with 0x": `${chunked}0x3\r\nabc\r\n0\r\n\r\n`,
  "a negative chunk size": `${chunked}-3\r\nabc\r\n0\r\n\r\n`,
  "a chunk size beyond integers": `${chunked}fffffffffffffffff\r\nabc\r\n0\r\n\r\n`,
  "a blank after a chunk size": `${chunked}3 \r\nabc\r\n0\r\n\r\n`,
  "a bare LF after a chunk size": `${chunked}3\nabc\r\n0\r\n\r\n`,
  "a bare LF after a chunk": `${chunked}3\r\nabc\n0\r\n\r\n`,
  "a bare LF in a chunk extension": `${chunked}3;a\nb\r\nabc\r\n0\r\n\r\n`,
  "a chunk longer than its size": `${chunked}3\r\nabcd\r\n0\r\n\r\n`,
  "a Content-Length in the trailers": `${chunked}0\r\nContent-Length: 5\r\n\r\n`,
  "no Host": "GET / HTTP/1.1\r\nX: a\r\n\r\n",
  "two Hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
  "an empty Host": "GET / HTTP/1.1\r\nHost:\r\n\r\n",
  "a Host list": "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
  "a Host with a path": "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
  "a Host with credentials": "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
  "HTTP/0.9": "GET /\r\n\r\n",
  "HTTP/1.2": `GET / HTTP/1.2\r\n${host}\r\n`,
  "HTTP/2.0 in words": `GET / HTTP/2.0\r\n${host}\r\n`,
  "the HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "a method nobody knows": `FOO / HTTP/1.1\r\n${host}\r\n`,
  "a lower-case method": `get / HTTP/1.1\r\n${host}\r\n`,
  "a target in absolute form": `GET http://a.example/ HTTP/1.1\r\n${host}\r\n`,
  "a target in asterisk form": `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
  "a target in authority form": `GET a.example:80 HTTP/1.1\r\n${host}\r\n`,
  "a target without slash": `GET foo HTTP/1.1\r\n${host}\r\n`,
  "a target with fragment": `GET /a#b HTTP/1.1\r\n${host}\r\n`,
  "a control character in the target": `GET /\x01 HTTP/1.1\r\n${host}\r\n`,
  "a tab in the target": `GET /a\tb HTTP/1.1\r\n${host}\r\n`,
  "a blank in the target": `GET /a b HTTP/1.1\r\n${host}\r\n`,
  "a target beyond ASCII": `GET /\xe9 HTTP/1.1\r\n${host}\r\n`,
  "a blank after the version": `GET / HTTP/1.1 \r\n${host}\r\n`,
  CONNECT: `CONNECT a.example:80 HTTP/1.1\r\n${host}\r\n`,
  "Connection naming Host": `GET / HTTP/1.1\r\n${host}Connection: close, Host\r\n\r\n`,
  "Connection naming Authorization": `GET / HTTP/1.1\r\n${host}Connection: authorization\r\nAuthorization: x\r\n\r\n`,
  "Connection naming nonsense": `GET / HTTP/1.1\r\n${host}Connection: a b\r\n\r\n`,
};

for (const [what, bytes] of Object.entries(refused)) {
  test(`${what} is refused with 400, a reason and a closed connection, and reaches no handler`, async () => {
    const text = await talk(`${bytes}GET /smuggled HTTP/1.1\r\n${host}\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(text.split("\r\n\r\n")[1]).not.toBe("");
    expect(seen).toEqual([]);
  });
}

test("headers that belong to the connection, and those that Connection names, stay with the transport", async () => {
  const sent = `${host}X-A: 1\r\nconnection: close, X-Gone\r\nX-Gone: 2\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nProxy-Connection: x\r\n`;
  await talk(`GET / HTTP/1.1\r\n${sent}Content-MD5: m\r\nX-a: 3\r\n\r\n`);
  expect(seen[0]?.headers).toEqual(["Host", "a.example", "X-A", "1", "Content-MD5", "m", "X-a", "3"]);
});

test("chunk extensions and trailers are read over, and the body arrives whole", async () => {
  const body = "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: y\r\n\r\n";
  await talk(`POST / HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n${body}`);
  expect(seen[0]?.body.toString()).toBe("abcde");
  expect(seen[0]?.headers).toEqual(["Host", "a.example"]);
});

test("an attempt to upgrade is answered in plain HTTP", async () => {
  const text = await talk(`GET /ws HTTP/1.1\r\n${host}Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test("garbage behind a request whose answer is out gets its own refusal", async () => {
  const text = await talk(`GET /first HTTP/1.1\r\n${host}\r\nGARBAGE\r\n\r\n`);
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
});

test("header bytes beyond ASCII arrive as latin1", async () => {
  await talk(`GET / HTTP/1.1\r\n${host}X: caf\xe9\r\nConnection: close\r\n\r\n`);
  expect(seen[0]?.headers).toContain("caf\xe9");
});
