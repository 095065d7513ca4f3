import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { IDLE_SWEEP_INTERVAL_MS } from "./client-limits.ts";
import { createHttpClient, type HttpClient, type HttpClientOptions } from "./http-client.ts";
import type { HttpRequest, HttpResult } from "./http-exchange.ts";

const clients: HttpClient[] = [];
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) client.close();
  for (const stop of stops.splice(0)) await stop();
});

function makeClient(options?: HttpClientOptions): HttpClient {
  const client = createHttpClient(options);
  clients.push(client);
  return client;
}

interface Backend {
  readonly port: number;
  /** Every connection so far, in order. */
  readonly sockets: Socket[];
  /** Every piece received, over all connections. */
  readonly received: string[];
}

/** A backend that does what it is told with every piece it receives. */
async function backend(onData: (socket: Socket, text: string, connection: number) => void): Promise<Backend> {
  const sockets: Socket[] = [];
  const received: string[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received.push(bytes.toString("latin1"));
      onData(socket, bytes.toString("latin1"), connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sockets, received };
}

/** Nobody listens here: one that was free a moment ago may be another program's. */
const NOBODYS_PORT = 1;

const hello = "HTTP/1.1 200 OK\r\nX-Case: y\r\nContent-Length: 5\r\n\r\nhello";
const get = (port: number, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url: { scheme: "http", hostname: "127.0.0.1", port },
  path: "/",
  headers: [],
  timeoutMs: 30_000,
  ...more,
});

function until(isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => (isTrue() ? resolve() : void setImmediate(look));
    look();
  });
}

/** The client's time stands still and is moved by hand, so that no busy machine is taken for a slow backend. */
function stopClock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  return (ms) => void vi.advanceTimersByTime(ms);
}

/** Each turn of the loop reads what has come: over loopback, all that was written. */
async function readAll(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
}

function bodyOf(result: HttpResult): string {
  return result.outcome === "response" ? result.body.toString() : `${result.outcome}: ${JSON.stringify(result)}`;
}

test("a response comes back as it was on the wire, with timings", async () => {
  const { port, received } = await backend((socket) => socket.write(hello));
  const result = await makeClient().request(get(port, { path: "/a?b", headers: ["x-One", "1"] }));
  expect(result).toMatchObject({
    outcome: "response",
    status: 200,
    reason: "OK",
    headers: ["X-Case", "y", "Content-Length", "5"],
    body: Buffer.from("hello"),
    timings: { isReused: false },
  });
  if (result.outcome === "response") {
    const { connectMs, firstByteMs, totalMs } = result.timings;
    expect([0, connectMs, firstByteMs, totalMs]).toEqual([0, connectMs, firstByteMs, totalMs].sort((a, b) => a - b));
  }
  expect(received).toEqual([`GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nx-One: 1\r\n\r\n`]);
});

test("requests one after another share one connection", async () => {
  const { port, sockets } = await backend((socket) => socket.write(hello));
  const client = makeClient();
  for (let count = 0; count < 20; count++) expect(bodyOf(await client.request(get(port)))).toBe("hello");
  expect(sockets).toHaveLength(1);
  expect(client.stats()).toEqual({ open: 1, idle: 1, waiting: 0 });
});

test("a head and a small body go out in one piece; a large body arrives whole", async () => {
  let total = 0;
  const { port, received } = await backend((socket, text) => {
    total += text.length;
    if (text.endsWith("!")) socket.write(hello);
  });
  const client = makeClient();
  await client.request(get(port, { method: "POST", body: Buffer.from("small!") }));
  expect(received).toHaveLength(1);
  total = 0;
  const body = Buffer.alloc(3_000_000, "x");
  body.write("!", body.length - 1);
  expect(bodyOf(await client.request(get(port, { method: "POST", body })))).toBe("hello");
  expect(total).toBeGreaterThan(body.length);
});

test("connections to an origin are bounded; those who wait are served in order, over the same ones", async () => {
  const pending: Socket[] = [];
  const { port, sockets, received } = await backend((socket) => pending.push(socket));
  const client = makeClient({ limits: { connectionsPerOrigin: 2 } });
  const results = Array.from({ length: 6 }, (_, index) => client.request(get(port, { path: `/${index}` })));
  await until(() => pending.length === 2);
  expect(client.stats()).toEqual({ open: 2, idle: 0, waiting: 4 });
  for (let count = 0; count < 6; count++) {
    await until(() => pending.length > 0);
    pending.shift()?.write(hello);
  }
  expect((await Promise.all(results)).map(bodyOf)).toEqual(Array(6).fill("hello"));
  expect(sockets).toHaveLength(2);
  expect(received.slice(2).map((text) => text.split(" ")[1])).toEqual(["/2", "/3", "/4", "/5"]);
});

test("a full queue is told at once", async () => {
  const { port, received } = await backend(() => {});
  const client = makeClient({ limits: { connectionsPerOrigin: 1, waiting: 1 } });
  const first = client.request(get(port));
  const second = client.request(get(port));
  expect(await client.request(get(port))).toMatchObject({ outcome: "queue_full" });
  await until(() => received.length === 1);
  client.close();
  expect((await Promise.all([first, second])).map((each) => each.outcome)).toEqual(["aborted", "aborted"]);
});

test("connections altogether are bounded: an idle one elsewhere makes room, a busy one makes others wait", async () => {
  const one = await backend((socket) => socket.write(hello));
  const pending: Socket[] = [];
  const other = await backend((socket) => pending.push(socket));
  const client = makeClient({ limits: { connections: 1 } });
  await client.request(get(one.port));
  const slow = client.request(get(other.port));
  await until(() => pending.length === 1);
  expect(client.stats()).toEqual({ open: 1, idle: 0, waiting: 0 });
  const waits = client.request(get(one.port));
  expect(client.stats()).toEqual({ open: 1, idle: 0, waiting: 1 });
  pending[0]?.write(hello);
  expect([await slow, await waits].map(bodyOf)).toEqual(["hello", "hello"]);
  expect(one.sockets).toHaveLength(2);
});

test("a verifying request never shares a connection with one that does not verify", async () => {
  const { port, sockets } = await backend((socket) => socket.write(hello));
  const client = makeClient();
  await client.request(get(port, { insecureSkipVerification: true }));
  await client.request(get(port));
  expect(sockets).toHaveLength(2);
});

test("an idle connection is closed after its time, and the origin is reached anew", async () => {
  const { port, sockets } = await backend((socket) => socket.write(hello));
  const pass = stopClock();
  const client = makeClient({ limits: { idleMs: 20 } });
  await client.request(get(port));
  expect(client.stats().idle).toBe(1);
  pass(20 + IDLE_SWEEP_INTERVAL_MS);
  expect(client.stats().open).toBe(0);
  for (let count = 0; count < 3; count++) await client.request(get(port));
  expect(sockets).toHaveLength(2);
  expect(client.stats().idle).toBe(1);
});

test("an expired connection that was not swept yet is not used, and the one after it is", async () => {
  const { port, sockets } = await backend((socket) =>
    socket.write(hello.replace("X-Case: y", "Keep-Alive: timeout=1")),
  );
  const client = makeClient(); // timeout=1 less the margin is over at once
  for (let count = 0; count < 3; count++) await client.request(get(port));
  expect(sockets).toHaveLength(3);
  expect(client.stats().open).toBe(1);
});

test("a connection that died while idle costs an idempotent request one retry, another request nothing", async () => {
  // Every first connection answers once and is dead, by surprise, for the second request.
  const { port, sockets, received } = await backend((socket, text, connection) => {
    if (connection % 2 === 1 && received.filter((each) => each === text).length > 1) socket.destroy();
    else socket.write(hello);
  });
  const client = makeClient();
  await client.request(get(port));
  expect(bodyOf(await client.request(get(port)))).toBe("hello");
  expect(sockets).toHaveLength(2);
});

test("a request that is not idempotent is never sent twice", async () => {
  let count = 0;
  const { port, received } = await backend((socket) => (++count === 1 ? socket.write(hello) : socket.destroy()));
  const client = makeClient();
  await client.request(get(port, { method: "POST" }));
  expect(await client.request(get(port, { method: "POST" }))).toMatchObject({ outcome: "connection_lost" });
  expect(received).toHaveLength(2);
});

test("a retry happens once, and not on a fresh connection or after a first byte", async () => {
  let count = 0;
  const dying = await backend((socket) => (++count === 1 ? socket.write(hello) : socket.destroy()));
  const client = makeClient();
  await client.request(get(dying.port));
  expect(await client.request(get(dying.port))).toMatchObject({ outcome: "connection_lost" });
  expect(dying.received).toHaveLength(3);
  expect(await client.request(get(dying.port))).toMatchObject({ outcome: "connection_lost" });
  expect(dying.received).toHaveLength(4);
  let calls = 0;
  const halting = await backend((socket) => (++calls === 1 ? socket.write(hello) : socket.end("HTTP/1.1 2")));
  await client.request(get(halting.port));
  expect(await client.request(get(halting.port))).toMatchObject({ outcome: "connection_lost" });
  expect(halting.received).toHaveLength(2);
});

test("a retry that gets a reused connection again, because others waited, is still the only one", async () => {
  const { port, received } = await backend((socket, text) =>
    text.includes("/dies") ? socket.destroy() : socket.write(hello),
  );
  const client = makeClient({ limits: { connectionsPerOrigin: 1 } });
  await client.request(get(port));
  const dies = client.request(get(port, { path: "/dies" }));
  const waits = client.request(get(port, { path: "/waits" }));
  expect(bodyOf(await waits)).toBe("hello");
  expect(await dies).toMatchObject({ outcome: "connection_lost" });
  expect(received.map((text) => text.split(" ")[1])).toEqual(["/", "/dies", "/waits", "/dies"]);
});

test("a connection that is reset after a first byte is lost", async () => {
  let calls = 0;
  const { port, received } = await backend((socket) => {
    if (++calls === 1) socket.write(hello);
    else socket.write("HTTP/1.1 2", () => void readAll().then(() => socket.resetAndDestroy()));
  });
  const client = makeClient();
  await client.request(get(port));
  expect(await client.request(get(port))).toMatchObject({ outcome: "connection_lost" });
  expect(received).toHaveLength(2);
});

test("an idle connection that the backend closed in an orderly way is not used even by a POST", async () => {
  const { port, sockets } = await backend((socket) => socket.end(hello));
  const client = makeClient();
  await client.request(get(port));
  await until(() => client.stats().open === 0);
  expect(bodyOf(await client.request(get(port, { method: "POST" })))).toBe("hello");
  expect(sockets).toHaveLength(2);
});

test("bytes behind a response are never the next response", async () => {
  const poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
  const { port, sockets } = await backend((socket) => socket.write(hello + poison));
  const client = makeClient();
  for (let count = 0; count < 3; count++) expect(bodyOf(await client.request(get(port)))).toBe("hello");
  expect(sockets).toHaveLength(3);
});

test("bytes on an idle connection close it", async () => {
  const { port, sockets } = await backend((socket) => socket.write(hello));
  const client = makeClient();
  await client.request(get(port));
  sockets[0]?.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  await until(() => client.stats().open === 0);
  expect(bodyOf(await client.request(get(port)))).toBe("hello");
});

test("a response before the request is out is taken, and the connection not used again", async () => {
  const { port, sockets } = await backend((socket) => {
    socket.pause();
    socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  });
  const client = makeClient();
  const result = await client.request(get(port, { method: "POST", body: Buffer.alloc(30_000_000) }));
  expect(result).toMatchObject({ outcome: "response", status: 413 });
  expect(client.stats().open).toBe(0);
  expect(sockets).toHaveLength(1);
});

test("either side's Connection: close ends the connection after the response", async () => {
  const closing = await backend((socket) => socket.write(hello.replace("X-Case: y", "Connection: close")));
  const client = makeClient();
  expect(bodyOf(await client.request(get(closing.port)))).toBe("hello");
  const open = await backend((socket) => socket.write(hello));
  expect(bodyOf(await client.request(get(open.port, { headers: ["Connection", "close"] })))).toBe("hello");
  expect(client.stats().open).toBe(0);
});

test("a redirect is a response like any other", async () => {
  const { port, received } = await backend((socket) =>
    socket.write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
  );
  expect(await makeClient().request(get(port))).toMatchObject({ outcome: "response", status: 302 });
  expect(received).toHaveLength(1);
});

const hostile: Record<string, [what: (socket: Socket) => void, outcome: HttpResult["outcome"]]> = {
  "closes at once": [(socket) => socket.destroy(), "connection_lost"],
  "resets at once": [(socket) => socket.resetAndDestroy(), "connection_lost"],
  "closes within the head": [(socket) => socket.end("HTTP/1.1 200 OK\r\nX"), "connection_lost"],
  "closes within a body with length": [(socket) => socket.end(hello.slice(0, -1)), "connection_lost"],
  "closes within a chunked body": [
    (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    "connection_lost",
  ],
  "talks something else": [(socket) => socket.write("SSH-2.0-OpenSSH_9.9\r\n"), "malformed_response"],
  "sends two lengths": [
    (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\na"),
    "malformed_response",
  ],
  "declares a huge body": [
    (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"),
    "response_too_large",
  ],
  "sends headers without end": [
    (socket) => {
      const pump = () => {
        while (!socket.destroyed && socket.write(`X: ${"y".repeat(1_000)}\r\n`));
      };
      socket.write("HTTP/1.1 200 OK\r\n");
      socket.on("drain", pump);
      pump();
    },
    "response_too_large",
  ],
  "sends a body without end": [
    (socket) => {
      const pump = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(100_000)));
      };
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.on("drain", pump);
      pump();
    },
    "response_too_large",
  ],
};

for (const [what, [act, outcome]] of Object.entries(hostile)) {
  test(`a backend that ${what} is ${outcome}, and its connection is gone`, async () => {
    const { port } = await backend(act);
    const client = makeClient();
    expect(await client.request(get(port))).toMatchObject({ outcome });
    expect(client.stats()).toEqual({ open: 0, idle: 0, waiting: 0 });
  });
}

test("a timeout says what was being waited for, ends the connection, and covers everything", async () => {
  const silent = await backend(() => {});
  let isHalfWritten = false;
  const half = await backend((socket) => socket.write(hello.slice(0, -1), () => void (isHalfWritten = true)));
  const pass = stopClock();
  const client = makeClient({ limits: { connectionsPerOrigin: 1 } });
  const within = (port: number, timeoutMs: number) => client.request(get(port, { timeoutMs }));
  const [head, queue, body] = [within(silent.port, 60), within(silent.port, 30), within(half.port, 40)];
  await until(() => silent.received.length === 1 && isHalfWritten);
  await readAll();
  pass(30);
  expect(await queue).toMatchObject({ outcome: "timeout", phase: "queue" });
  pass(10);
  expect(await body).toMatchObject({ outcome: "timeout", phase: "response_body" });
  expect(client.stats()).toEqual({ open: 1, idle: 0, waiting: 0 });
  pass(20);
  expect(await head).toMatchObject({ outcome: "timeout", phase: "response_head" });
  expect(client.stats()).toEqual({ open: 0, idle: 0, waiting: 0 });
});

test("each of many requests with the same timeout has its own", async () => {
  const { port } = await backend(() => {});
  const pass = stopClock();
  const client = makeClient();
  const ended: string[] = [];
  const request = (name: string) =>
    client.request(get(port, { timeoutMs: 100 })).then(({ outcome }) => ended.push(`${name} ${outcome}`));
  const first = request("first");
  pass(60);
  const second = request("second");
  pass(39);
  await readAll();
  expect(ended).toEqual([]);
  pass(1);
  await first;
  pass(59);
  await readAll();
  expect(ended).toEqual(["first timeout"]);
  pass(1);
  await second;
  expect(ended).toEqual(["first timeout", "second timeout"]);
});

test("a backend that drips bytes does not escape the timeout", async () => {
  const { port, sockets } = await backend((socket) => socket.write("HTTP/1.1 200 OK\r\n"));
  const pass = stopClock();
  const result = makeClient().request(get(port, { timeoutMs: 100 }));
  await until(() => (sockets[0]?.bytesWritten ?? 0) > 0);
  for (let drip = 0; drip < 10; drip++) {
    sockets[0]?.write("X: y\r\n");
    await readAll();
    pass(10);
  }
  expect(await result).toMatchObject({ outcome: "timeout", phase: "response_head" });
});

test("no connection is connect_failed with the reason's code", async () => {
  const client = makeClient();
  expect(await client.request(get(NOBODYS_PORT))).toMatchObject({ outcome: "connect_failed", code: "ECONNREFUSED" });
  const url = { scheme: "http", hostname: "no-such-host.invalid", port: 80 } as const;
  expect((await client.request({ ...get(80), url })).outcome).toBe("connect_failed");
  expect(client.stats().open).toBe(0);
});

test("a request that cannot be written safely is not sent", async () => {
  const { port, sockets } = await backend((socket) => socket.write(hello));
  const client = makeClient();
  const bad: Partial<HttpRequest>[] = [
    { headers: ["X", "a\r\nY: b"] },
    { path: "/ b" },
    { timeoutMs: 0 },
    { timeoutMs: Number.NaN },
  ];
  for (const each of bad) expect((await client.request(get(port, each))).outcome).toBe("invalid_request");
  expect(sockets).toHaveLength(0);
});

test("a caller's signal ends a request at any point", async () => {
  const { port, received } = await backend(() => {});
  const client = makeClient();
  const controller = new AbortController();
  const result = client.request(get(port, { signal: controller.signal }));
  await until(() => received.length === 1);
  controller.abort();
  expect((await result).outcome).toBe("aborted");
  expect((await client.request(get(port, { signal: controller.signal }))).outcome).toBe("aborted");
  expect(client.stats().open).toBe(0);
});

test("closing ends everything, once and for all", async () => {
  const { port, received, sockets } = await backend(
    (socket, text) => void (text.includes("/slow") || socket.write(hello)),
  );
  const client = makeClient();
  const slow = client.request(get(port, { path: "/slow" }));
  await client.request(get(port));
  await until(() => received.length === 2);
  client.close();
  expect((await slow).outcome).toBe("aborted");
  expect((await client.request(get(port))).outcome).toBe("aborted");
  expect(client.stats()).toEqual({ open: 0, idle: 0, waiting: 0 });
  await until(() => sockets.every((socket) => socket.destroyed));
});
