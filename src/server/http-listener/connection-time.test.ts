import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Answer } from "../../execute-api/transport.ts";
import type { Connections } from "./connections.ts";
import { HttpConnection, type Service } from "./http-connection.ts";
import { defaultListenerLimits } from "./listener-limits.ts";
import { parseTrustedProxies } from "./trusted-proxies.ts";

/* The sweep is turned by hand here, so that no test waits and none is late. */

const limits = { head: 5, request: 10, idle: 20, linger: 2 };
const servers: Server[] = [];
const clients: Socket[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function open(handler: Service["handler"] = () => nothing): Promise<{
  send: (text: string) => Promise<void>;
  pass: (turns: number) => void;
  isOpen: () => boolean;
  answers: () => string;
  closed: Promise<unknown>;
}> {
  const shared = { turn: 1_000, isStopping: false, begin: () => {}, end: () => {}, delete: () => {} };
  const service = {
    handler,
    limits: defaultListenerLimits,
    scheme: "http",
    isTls: false,
    proxies: parseTrustedProxies([]),
  } as const;
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  clients.push(client);
  let answers = "";
  client.setEncoding("latin1").on("data", (piece) => (answers += piece));
  client.on("error", () => {});
  const closed = new Promise((resolve) => client.on("close", resolve));
  // A stand-in for what counts the turns: the connection uses no more of it than this.
  const connection = new HttpConnection(await accepted, service, shared as unknown as Connections);
  const { socket } = connection;
  return {
    send: async (text) => {
      const expected = socket.bytesRead + text.length;
      client.write(text);
      while (socket.bytesRead < expected) await new Promise(setImmediate);
    },
    pass: (turns) => {
      for (let count = 0; count < turns; count++) connection.checkTime(++shared.turn, limits);
    },
    isOpen: () => socket.writable,
    answers: () => answers,
    closed,
  };
}

const nothing: Answer = { status: 200, headers: [], body: "" };
const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

test("a new connection has the time of a head to say something", async () => {
  const { pass, isOpen } = await open();
  pass(limits.head);
  expect(isOpen()).toBe(true);
  pass(1);
  expect(isOpen()).toBe(false);
});

test("an idle connection is given its own time, and a request on it the time of a head from its first byte", async () => {
  const { send, pass, isOpen } = await open();
  for (let round = 0; round < 3; round++) {
    await send(request);
    pass(limits.idle);
    expect(isOpen()).toBe(true);
    await send(request.slice(0, 5));
    pass(limits.head);
    expect(isOpen()).toBe(true);
    await send(request.slice(5));
  }
  pass(limits.idle + 1);
  expect(isOpen()).toBe(false);
});

test("more bytes of a head or a body win no time", async () => {
  const head = await open();
  for (const byte of request.slice(0, limits.head)) {
    await head.send(byte);
    head.pass(1);
  }
  expect(head.isOpen()).toBe(true);
  await head.send("/");
  head.pass(1);
  expect(head.isOpen()).toBe(false);

  const body = await open();
  await body.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
  for (let turn = 0; turn < limits.request; turn++) {
    await body.send("x");
    body.pass(1);
  }
  expect(body.isOpen()).toBe(true);
  body.pass(1);
  expect(body.isOpen()).toBe(false);
});

test("the time of a request begins anew behind one that was answered", async () => {
  const { send, pass, isOpen } = await open();
  await send(request.slice(0, 5));
  pass(limits.head);
  await send(`${request.slice(5)}GET`);
  pass(limits.head);
  expect(isOpen()).toBe(true);
  pass(1);
  expect(isOpen()).toBe(false);
});

test("waiting behind a slow answer is not held against a client, nor is the handler's time", async () => {
  let answer: (answer: Answer) => void = () => {};
  const { send, pass, isOpen } = await open(() => new Promise((resolve) => (answer = resolve)));
  await send(`${request}PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n`);
  pass(limits.idle * 2);
  answer(nothing);
  await new Promise(setImmediate);
  pass(limits.request);
  expect(isOpen()).toBe(true);
  pass(1);
  expect(isOpen()).toBe(false);
});

test("a connection is not idle while its request is handled", async () => {
  let answer: (answer: Answer) => void = () => {};
  const { send, pass, isOpen } = await open(() => new Promise((resolve) => (answer = resolve)));
  await send(request);
  pass(limits.idle * 2);
  expect(isOpen()).toBe(true);
  answer(nothing);
  await new Promise(setImmediate);
  pass(limits.idle);
  expect(isOpen()).toBe(true);
  pass(1);
  expect(isOpen()).toBe(false);
});

test("time counts for what is read ahead: the answer before it is the last", async () => {
  let answer: (answer: Answer) => void = () => {};
  const { send, pass, answers, closed } = await open(() => new Promise((resolve) => (answer = resolve)));
  await send(`${request}GET /never`);
  pass(limits.head + 1);
  answer({ ...nothing, body: "first" });
  await closed;
  expect(answers()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*\r\n\r\nfirst$/);
});
