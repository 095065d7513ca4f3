import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { discovered } from "./discover-jwks-uri.ts";
import { httpGet } from "./http-get.ts";
import { isLoopback } from "./loopback.ts";
import { createRemoteKeySet } from "./remote-key-set.ts";

const limits = { timeoutMs: 30_000, bodyLimitBytes: 1000 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<URL> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
}
const serve = (listener: RequestListener) => listening(createServer(listener));
const raw = (answer: (socket: Socket) => void) =>
  listening(createTcpServer((socket) => socket.once("data", () => answer(socket))));

test("a document is fetched with one plain GET", async () => {
  const seen: unknown[] = [];
  const url = await serve((request, response) => {
    seen.push(request.method, request.url, request.headers.accept, request.headers["accept-encoding"]);
    response.end('{"keys":["ä"]}');
  });
  expect(await httpGet(url, limits)).toEqual({ ok: true, body: '{"keys":["ä"]}' });
  expect(seen).toEqual(["GET", "/keys", "application/json", "identity"]);
});

test("a document in many pieces is put together before it is read", async () => {
  const url = await serve((_request, response) => {
    const bytes = Buffer.from('{"a":"€€€"}');
    for (const byte of bytes) response.write(Buffer.from([byte]));
    response.end();
  });
  expect(await httpGet(url, limits)).toEqual({ ok: true, body: '{"a":"€€€"}' });
});

test("a redirect is not followed", async () => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked++;
    response.writeHead(302, { location: "/elsewhere" }).end('{"keys":[]}');
  });
  expect(await httpGet(url, limits)).toEqual({ ok: false, problem: "redirect", detail: "302" });
  expect(asked).toBe(1);
});

test.each([204, 400, 404, 500, 503])("status %i is a problem", async (status) => {
  const url = await serve((_request, response) => response.writeHead(status).end());
  expect(await httpGet(url, limits)).toEqual({ ok: false, problem: "status", detail: String(status) });
});

test("a body of the limit is read, one byte more is not, however it is announced", async () => {
  for (const isChunked of [false, true]) {
    const url = await serve((request, response) => {
      const body = "x".repeat(Number(new URL(request.url ?? "", "http://x").searchParams.get("bytes")));
      if (isChunked) response.write("");
      response.end(body);
    });
    url.search = "?bytes=1000";
    expect(await httpGet(url, limits)).toMatchObject({ ok: true });
    url.search = "?bytes=1001";
    expect(await httpGet(url, limits)).toEqual({ ok: false, problem: "too_large", detail: "more than 1000 bytes" });
  }
});

test("an endless body ends at the limit and the connection with it", async () => {
  let closed: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const url = await serve((_request, response) => {
    const pour = (): void => {
      while (!response.destroyed && response.write("x".repeat(500)));
    };
    response.on("drain", pour).on("close", () => closed());
    pour();
  });
  expect(await httpGet(url, limits)).toMatchObject({ problem: "too_large" });
  await ended;
});

test("a compressed answer is refused", async () => {
  const url = await serve((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
  expect(await httpGet(url, limits)).toEqual({ ok: false, problem: "encoding", detail: "gzip" });
});

test("the timeout is for the whole: connecting, headers and a body that trickles", async () => {
  const short = { ...limits, timeoutMs: 150 };
  const silent = await serve(() => {});
  expect(await httpGet(silent, short)).toEqual({ ok: false, problem: "timeout", detail: "150 ms" });
  const trickling = await serve((_request, response) => {
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  });
  expect(await httpGet(trickling, short)).toMatchObject({ problem: "timeout" });
});

test("nobody listening, a broken connection and nonsense are connection problems", async () => {
  const nobodys = new URL("http://127.0.0.1:1/");
  expect(await httpGet(nobodys, limits)).toEqual({ ok: false, problem: "connection", detail: "ECONNREFUSED" });
  const broken = await raw((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"));
  expect(await httpGet(broken, limits)).toMatchObject({ problem: "connection" });
  const cut = await raw((socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"));
  expect(await httpGet(cut, limits)).toMatchObject({ problem: "connection" });
  const nonsense = await raw((socket) => socket.end("SSH-2.0-x\r\n"));
  expect(await httpGet(nonsense, limits)).toMatchObject({ problem: "connection" });
  const reset = await raw((socket) => socket.resetAndDestroy());
  expect(await httpGet(reset, limits)).toMatchObject({ problem: "connection" });
});

test("an https address is spoken to in TLS", async () => {
  const url = await serve((_request, response) => response.end("{}"));
  url.protocol = "https:";
  expect(await httpGet(url, limits)).toMatchObject({ ok: false, problem: "connection" });
});

test("keys come by discovery from a real issuer on loopback", async () => {
  const url = await serve((request, response) => {
    const issuer = `http://${request.headers.host}/`;
    const body = { "/.well-known/openid-configuration": { issuer, jwks_uri: `${issuer}k` }, "/k": { keys: [] } };
    response.end(JSON.stringify(body[request.url as keyof typeof body]));
  });
  const remote = createRemoteKeySet({ jwksUri: discovered(`${url.origin}/`), allowHttp: isLoopback });
  expect(await remote.get()).toMatchObject({ ok: true, keys: { keys: [] } });
});
