import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Listener, type ListenOptions, listen } from "./listen.ts";
import {
  BODY_LIMIT_BYTES,
  HEAD_LIMIT_BYTES,
  HEADER_COUNT_LIMIT,
  HEADER_VALUES_LIMIT_BYTES,
  TARGET_LIMIT_CHARS,
} from "./listener-limits.ts";

const started: Listener[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of started.splice(0)) await listener.stop();
});

let handled = 0;

async function start(options: Partial<ListenOptions> = {}): Promise<number> {
  handled = 0;
  const handler: ListenOptions["handler"] = (request) => {
    handled++;
    return { status: 200, headers: [], body: `body ${request.body.length}` };
  };
  const listener = await listen({ host: "127.0.0.1", port: 0, handler, ...options });
  started.push(listener);
  return listener.port;
}

function open(port: number, ...pieces: (string | Buffer)[]): Socket {
  const socket = connect({ port, host: "127.0.0.1" }, () => {
    for (const piece of pieces) socket.write(piece);
  });
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

function answerOf(port: number, ...pieces: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = open(port, ...pieces);
    socket.setEncoding("latin1");
    socket.on("data", (piece) => (text += piece));
    socket.on("close", () => resolve(text));
  });
}

const closing = "Host: a\r\nConnection: close\r\n";

test("a target may have as many characters as on AWS, and not one more", async () => {
  const port = await start();
  const request = (length: number) => `GET /${"a".repeat(length - 1)} HTTP/1.1\r\n${closing}\r\n`;
  expect(await answerOf(port, request(TARGET_LIMIT_CHARS))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await answerOf(port, request(TARGET_LIMIT_CHARS + 1))).toMatch(/^HTTP\/1\.1 414 /);
});

test("header values may have as many bytes together as on AWS, and not one more", async () => {
  const port = await start();
  const left = HEADER_VALUES_LIMIT_BYTES - "a".length - "close".length;
  const request = (length: number) => `GET / HTTP/1.1\r\n${closing}X: ${"x".repeat(length)}\r\n\r\n`;
  expect(await answerOf(port, request(left))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await answerOf(port, request(left + 1))).toMatch(
    /^HTTP\/1\.1 431 [\s\S]*\r\n\r\nHTTP header is larger than 10240 bytes\.$/,
  );
});

test("a head that does not end is cut at the parser's limit", async () => {
  const port = await start();
  expect(await answerOf(port, `GET / HTTP/1.1\r\nX: ${"x".repeat(HEAD_LIMIT_BYTES + 1)}`)).toMatch(/^HTTP\/1\.1 431 /);
});

test("no header is dropped for being one of many: too many are refused", async () => {
  const port = await start();
  const request = (count: number) => `GET / HTTP/1.1\r\n${closing}${"X:\r\n".repeat(count - 2)}\r\n`;
  expect(await answerOf(port, request(HEADER_COUNT_LIMIT))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await answerOf(port, request(HEADER_COUNT_LIMIT + 1))).toMatch(/^HTTP\/1\.1 431 /);
});

const tooLong =
  /^HTTP\/1\.1 413 [^\r]+\r\nContent-Type: text; charset=utf-8\r\nContent-Length: 44\r\nConnection: close\r\nDate: [^\r]+\r\n\r\nHTTP content length exceeded 10485760 bytes\.$/;

test("a declared body of more than 10 MB is refused as on AWS before it is sent", async () => {
  const port = await start();
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_LIMIT_BYTES + 1}\r\n\r\n`;
  expect(await answerOf(port, head)).toMatch(tooLong);
  expect(await answerOf(port, head, Buffer.alloc(300_000))).toMatch(tooLong);
  expect(handled).toBe(0);
});

test("a chunked body is refused as soon as it is over 10 MB, and its sender can read why", async () => {
  const port = await start();
  const piece = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(0x100000), Buffer.from("\r\n")]);
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const ten = Array<Buffer>(10).fill(piece);
  expect(await answerOf(port, head, ...ten, "1\r\na\r\n0\r\n\r\n")).toMatch(tooLong);
  expect(handled).toBe(0);
  const closingHead = `POST / HTTP/1.1\r\n${closing}Transfer-Encoding: chunked\r\n\r\n`;
  expect(await answerOf(port, closingHead, ...ten, "0\r\n\r\n")).toMatch(/body 10485760$/);
});

test("a refused client that goes on sending meets no reset", async () => {
  const port = await start({ limits: { bodyBytes: 3 } });
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
  let errors = 0;
  socket.on("error", () => errors++);
  await new Promise((resolve) => socket.resume().once("end", resolve));
  for (let count = 0; count < 10; count++) await new Promise((resolve) => socket.write(Buffer.alloc(10_000), resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.end();
  await closed;
  expect(errors).toBe(0);
});

test("what follows a refused body on the same connection is not read", async () => {
  const port = await start({ limits: { bodyBytes: 3 } });
  const text = await answerOf(
    port,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcdGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413"]);
  expect(handled).toBe(0);
});

test("some requests may have another body limit", async () => {
  const port = await start({
    limits: { bodyBytes: 3 },
    bodyLimitFor: (_, target) => (target === "/big" ? 5 : undefined),
  });
  const post = (target: string) => `POST ${target} HTTP/1.1\r\n${closing}Content-Length: 5\r\n\r\nabcde`;
  expect(await answerOf(port, post("/big"))).toMatch(/body 5$/);
  expect(await answerOf(port, post("/"))).toMatch(/^HTTP\/1\.1 413 /);
});

test("a head that trickles in is 408, however steadily it comes", async () => {
  const port = await start({ limits: { headTimeoutMs: 100, requestTimeoutMs: 1_000 } });
  const socket = open(port, "GET / HTTP/1.1\r\n");
  const drip = setInterval(() => socket.write("X: y\r\n"), 20);
  let text = "";
  socket.on("data", (piece) => (text += piece));
  await new Promise((resolve) => socket.once("end", resolve));
  clearInterval(drip);
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
});

test("a body that does not end is 408", async () => {
  const port = await start({ limits: { requestTimeoutMs: 100 } });
  const head = `POST / HTTP/1.1\r\n${closing}Content-Length: 10\r\n\r\n`;
  expect(await answerOf(port, `${head}abc`)).toMatch(/^HTTP\/1\.1 408 /);
});

test("a connection that says nothing is closed", async () => {
  const port = await start({ limits: { headTimeoutMs: 50, requestTimeoutMs: 100 } });
  expect(await answerOf(port)).toMatch(/^HTTP\/1\.1 408 /);
});

test("an idle connection is closed after its time", async () => {
  const port = await start({ limits: { keepAliveIdleMs: 50 } });
  expect(await answerOf(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/body 0$/);
});

test("a client that does not read its answer is cut off", async () => {
  const body = Buffer.alloc(32 * 1024 * 1024);
  let asked = (): void => {};
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const handler = () => {
    asked();
    return { status: 200, headers: [], body };
  };
  const port = await start({ limits: { writeStallMs: 100, stopGraceMs: 3_600_000 }, handler });
  const socket = open(port, `GET / HTTP/1.1\r\n${closing}\r\n`);
  let received = 0;
  socket.on("data", (piece: Buffer) => (received += piece.length));
  const isClosed = new Promise((resolve) => socket.once("close", resolve));
  socket.pause();
  await isAsked;
  // Stopping waits for whoever is owed the rest of an answer, which here nobody else would end.
  await started.at(-1)?.stop();
  // Reading again after the cut finds an end before all of the body.
  socket.resume();
  await isClosed;
  expect(received).toBeLessThan(body.length);
});

test("connections beyond the limit are not served", async () => {
  const port = await start({ limits: { connections: 1 } });
  const first = open(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await new Promise((resolve) => first.once("data", resolve));
  expect(await answerOf(port, `GET / HTTP/1.1\r\n${closing}\r\n`)).toBe("");
});
