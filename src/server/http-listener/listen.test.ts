import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Answer, IncomingRequest } from "../../execute-api/transport.ts";
import { type Listener, type ListenOptions, listen } from "./listen.ts";
import { ListenError } from "./listen-error.ts";

const started: Listener[] = [];

afterEach(async () => {
  for (const listener of started.splice(0)) await listener.stop();
});

async function start(options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await listen({ host: "127.0.0.1", port: 0, handler: () => ok, ...options });
  started.push(listener);
  return listener;
}

const ok: Answer = { status: 200, headers: ["Content-Type", "text/plain"], body: "hello" };
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const getAndClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

interface Talk {
  readonly socket: Socket;
  /** What has come back so far. */
  readonly text: () => string;
  readonly until: (pattern: RegExp) => Promise<string>;
  readonly closed: Promise<string>;
}

function talk(port: number, bytes: string | Buffer): Talk {
  let text = "";
  const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(bytes));
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  socket.on("data", (piece) => (text += piece));
  const until = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = () => {
        if (pattern.test(text)) resolve(text);
      };
      socket.on("data", look);
      look();
    });
  return { socket, text: () => text, until, closed };
}

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((each) => (resolve = each));
  return { promise, resolve };
}

test("an answer goes out with Date, Content-Length and Connection, and without Keep-Alive", async () => {
  const { port } = await start();
  const talking = talk(port, get);
  const text = await talking.until(/hello$/);
  expect(text).toMatch(
    /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\nDate: [^\r]+ GMT\r\n\r\nhello$/,
  );
  talking.socket.write(getAndClose);
  expect(await talking.closed).toMatch(/\r\nConnection: close\r\n[\s\S]*hello$/);
});

test("a handler sees the request as it was on the wire", async () => {
  let seen: IncomingRequest | undefined;
  const before = Date.now();
  const { port } = await start({
    handler: (request) => {
      seen = request;
      return ok;
    },
  });
  const head = "POST /a%2Fb//c?x=1&x=%20 HTTP/1.1\r\nhOST: a\r\nX-Two: 1\r\nx-two: 2\r\n";
  await talk(port, `${head}Content-Length: 3\r\nConnection: close\r\n\r\nabc`).closed;
  expect(seen).toMatchObject({
    method: "POST",
    target: "/a%2Fb//c?x=1&x=%20",
    httpVersion: "1.1",
    headers: ["hOST", "a", "X-Two", "1", "x-two", "2", "Content-Length", "3"],
    body: Buffer.from("abc"),
    sourceIp: "127.0.0.1",
    scheme: "http",
  });
  expect(seen?.receivedAtMs).toBeGreaterThanOrEqual(before);
});

test("the client's address on a dual-stack socket is plain IPv4", async () => {
  let seen = "";
  const { port } = await start({
    host: "::",
    handler: (request) => {
      seen = request.sourceIp;
      return ok;
    },
  });
  await talk(port, getAndClose).closed;
  expect(seen).toBe("127.0.0.1");
});

test("X-Forwarded-For counts only from a trusted proxy, and Connection cannot hide it", async () => {
  const seen: string[] = [];
  const handler = (request: IncomingRequest) => {
    seen.push(`${request.sourceIp} ${request.scheme}`);
    return ok;
  };
  const untrusting = await start({ handler });
  const trusting = await start({ handler, trustedProxies: ["127.0.0.0/8"] });
  const forwarded = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 8.8.8.8\r\nX-Forwarded-Proto: https\r\n";
  await talk(untrusting.port, `${forwarded}Connection: close\r\n\r\n`).closed;
  await talk(trusting.port, `${forwarded}Connection: close\r\n\r\n`).closed;
  await talk(trusting.port, `${forwarded}Connection: close, X-Forwarded-For, X-Forwarded-Proto\r\n\r\n`).closed;
  expect(seen).toEqual(["127.0.0.1 http", "8.8.8.8 https", "8.8.8.8 https"]);
});

test("a scheme can be presented in place of the socket's, and a trusted proxy's word goes before it", async () => {
  const seen: string[] = [];
  const { port } = await start({
    handler: ({ scheme }) => {
      seen.push(scheme);
      return ok;
    },
    presentedScheme: "https",
    trustedProxies: ["127.0.0.0/8"],
  });
  await talk(port, getAndClose).closed;
  await talk(port, getAndClose.replace("\r\n\r\n", "\r\nX-Forwarded-Proto: http\r\n\r\n")).closed;
  expect(seen).toEqual(["https", "http"]);
});

test("HEAD gets the length of a body and no body", async () => {
  const { port } = await start();
  const text = await talk(port, getAndClose.replace("GET", "HEAD")).closed;
  expect(text).toMatch(/\r\nContent-Length: 5\r\n[\s\S]*\r\n\r\n$/);
});

test("204 and 304 have neither body nor length, whatever the handler says", async () => {
  for (const status of [204, 304]) {
    const { port } = await start({ handler: () => ({ ...ok, status }) });
    const text = await talk(port, getAndClose).closed;
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\r\n\r\n$`));
    expect(text).not.toMatch(/content-length|transfer-encoding/i);
  }
});

test("bodies of every kind arrive byte for byte, beside header bytes beyond ASCII", async () => {
  for (const body of ["", "naïve ✓", Buffer.from([0, 255, 128, 10]), Buffer.alloc(200_000, "ab"), "é".repeat(20_000)]) {
    const { port } = await start({ handler: () => ({ status: 200, headers: ["X", "caf\xe9"], body }) });
    const text = await talk(port, getAndClose).closed;
    expect(text).toContain("\r\nX: caf\xe9\r\n");
    const received = Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
    expect(received.equals(Buffer.from(body))).toBe(true);
  }
});

test("the transport's own headers cannot come from a handler", async () => {
  const own = [
    "Date",
    "x",
    "connection",
    "upgrade",
    "Content-Length",
    "99",
    "Transfer-Encoding",
    "chunked",
    "Keep-Alive",
    "x",
  ];
  const { port } = await start({ handler: () => ({ ...ok, headers: [...own, "X-Kept", "y"] }) });
  const text = await talk(port, getAndClose).closed;
  expect(text).toMatch(
    /^HTTP\/1\.1 200 OK\r\nX-Kept: y\r\nContent-Length: 5\r\nConnection: close\r\nDate: [^x\r]+\r\n\r\nhello$/,
  );
});

test("a handler that throws, rejects or answers nonsense is 500 and reported; the connection lives on", async () => {
  const bad: (() => Answer | Promise<Answer>)[] = [
    () => {
      throw new Error("thrown");
    },
    () => Promise.reject(new Error("rejected")),
    () => ({ ...ok, status: 101 }),
    () => ({ ...ok, headers: ["X", "a\r\nInjected: 1"] }),
    () => ({ ...ok, headers: ["X Y", "a"] }),
    () => ({ ...ok, headers: ["X"] }),
  ];
  const reports: string[] = [];
  let next = 0;
  const { port } = await start({
    handler: () => (bad[next++] ?? (() => ok))(),
    onError: (_error, where) => reports.push(where),
  });
  const talking = talk(port, get);
  for (let count = 1; count <= bad.length; count++) {
    await talking.until(new RegExp(`(?:HTTP/1\\.1 500 [\\s\\S]*?\\{"message": "Internal server error"\\}){${count}}$`));
    talking.socket.write(get);
  }
  const text = await talking.until(/hello$/);
  expect(text).not.toContain("Injected");
  expect(reports).toEqual(["handler", "handler", "answer", "answer", "answer", "answer"]);
});

test("pipelined requests are answered in their order", async () => {
  const slow = later<Answer>();
  const { port } = await start({
    handler: (request) => (request.target === "/slow" ? slow.promise : { ...ok, body: "fast" }),
  });
  const talking = talk(port, get.replace("/", "/slow") + getAndClose);
  slow.resolve({ ...ok, body: "slow" });
  expect(await talking.closed).toMatch(/slow[\s\S]*fast$/);
});

test("an answer still owed is not replaced by the refusal of what follows it", async () => {
  const slow = later<Answer>();
  const called = later<void>();
  const { port } = await start({
    handler: () => {
      called.resolve();
      return slow.promise;
    },
  });
  const talking = talk(port, `${get}GARBAGE\r\n\r\n`);
  await called.promise;
  slow.resolve(ok);
  expect(await talking.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*hello$/);
});

test("100-continue is answered before the body, and not when the body will be refused", async () => {
  const { port } = await start({ limits: { bodyBytes: 10 } });
  const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length:";
  const welcome = talk(port, `${head} 3\r\n\r\n`);
  await welcome.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  welcome.socket.write("abc");
  expect(await welcome.closed).toMatch(/HTTP\/1\.1 200 OK/);
  expect(await talk(port, `${head} 11\r\n\r\n`).closed).toMatch(/^HTTP\/1\.1 413 /);
});

test("any other expectation is 417", async () => {
  const { port } = await start();
  const text = await talk(port, "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n").closed;
  expect(text).toMatch(/^HTTP\/1\.1 417 /);
});

test("a client that goes away does no harm, before or after its body is complete", async () => {
  const slow = later<Answer>();
  const called = later<void>();
  const errors: unknown[] = [];
  const { port } = await start({
    handler: (request) => {
      if (request.method === "GET") return ok;
      called.resolve();
      return slow.promise;
    },
    onError: (error) => errors.push(error),
  });
  const half = talk(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  half.socket.once("connect", () => setImmediate(() => half.socket.resetAndDestroy()));
  await half.closed;
  const whole = talk(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  await called.promise;
  whole.socket.destroy();
  await whole.closed;
  slow.resolve(ok);
  expect(await talk(port, getAndClose).closed).toMatch(/hello$/);
  expect(errors).toEqual([]);
});

test("stopping closes idle connections, lets answers and uploads in flight finish, and refuses new connections", async () => {
  const slow = later<Answer>();
  const called = later<void>();
  const listener = await start({
    handler: (request) => {
      if (request.target !== "/slow") return { ...ok, body: `${ok.body} ${request.body}` };
      called.resolve();
      return slow.promise;
    },
  });
  const silent = talk(listener.port, "");
  const idle = talk(listener.port, get);
  await idle.until(/hello $/);
  const upload = talk(listener.port, `${get}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na`);
  await upload.until(/hello $/);
  const busy = talk(listener.port, get.replace("/", "/slow"));
  await called.promise;
  const stopping = listener.stop();
  await Promise.all([silent.closed, idle.closed]);
  slow.resolve(ok);
  expect(await busy.closed).toMatch(/Connection: close\r\n[\s\S]*hello$/);
  upload.socket.write("bc");
  expect(await upload.closed).toMatch(/Connection: close\r\n[\s\S]*hello abc$/);
  await stopping;
  expect(await talk(listener.port, get).closed).toBe("");
});

test("stopping does not wait longer than it was told", async () => {
  const listener = await start({ handler: () => new Promise(() => {}), limits: { stopGraceMs: 50 } });
  const hanging = talk(listener.port, get);
  await new Promise((resolve) => hanging.socket.once("connect", resolve));
  await listener.stop();
  expect(await hanging.closed).toBe("");
});

test("an occupied port, a bad host, a bad port and a bad proxy list are told apart", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const failure = (options: Partial<ListenOptions>) =>
    start(options).then(
      () => undefined,
      (error: unknown) => error,
    );
  const occupied = await failure({ port });
  expect(occupied).toBeInstanceOf(ListenError);
  expect(occupied).toMatchObject({ code: "EADDRINUSE", address: `127.0.0.1:${port}` });
  expect(await failure({ host: "203.0.113.1" })).toMatchObject({ code: "EADDRNOTAVAIL" });
  expect(await failure({ port: 70_000 })).toMatchObject({ code: "ERR_SOCKET_BAD_PORT" });
  expect(await failure({ trustedProxies: ["x"] })).toBeInstanceOf(ListenError);
  expect(await failure({ tls: { cert: "x", key: "x" } })).toBeInstanceOf(ListenError);
  await new Promise((resolve) => other.close(resolve));
});
