import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Answer, IncomingRequest } from "../../execute-api/transport.ts";
import { type Listener, type ListenOptions, listen } from "./listen.ts";

const listeners: Listener[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of listeners.splice(0)) await listener.stop();
});

async function start(handler: ListenOptions["handler"], options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await listen({ host: "127.0.0.1", port: 0, handler, ...options });
  listeners.push(listener);
  return listener;
}

interface Talk {
  readonly socket: Socket;
  readonly text: () => string;
  readonly until: (pattern: RegExp) => Promise<string>;
  readonly closed: Promise<string>;
}

function talk({ port }: Listener, bytes: string): Talk {
  let text = "";
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.write(bytes, "latin1"));
  sockets.push(socket);
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => {
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve(text));
  });
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

const ok = (body: string | Buffer): Answer => ({ status: 200, headers: [], body });
const get = (target: string, more = ""): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (body: string, more = ""): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const closing = "Connection: close\r\n";
const statuses = (text: string): string[] => text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [];
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

test("a client that has ended its side is answered, at once or later, and then closed", async () => {
  const slow = later<Answer>();
  const listener = await start(({ target }) => (target === "/slow" ? slow.promise : ok(target)));
  const early = talk(listener, get("/one") + get("/two"));
  early.socket.once("connect", () => early.socket.end());
  expect(await early.closed).toMatch(/\/one[\s\S]*\/two$/);
  const waiting = talk(listener, get("/slow"));
  const behind = talk(listener, get("/slow") + get("/behind"));
  for (const { socket } of [waiting, behind]) socket.once("connect", () => socket.end());
  await new Promise((resolve) => waiting.socket.once("finish", resolve));
  await talk(listener, get("/", closing)).closed; // the ends have been seen by then
  slow.resolve(ok("slow"));
  expect(await waiting.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*slow$/);
  expect(await behind.closed).toMatch(/slow[\s\S]*\/behind$/);
});

test("a client that ends in the middle of a request is refused; one that ends after an empty line is just closed", async () => {
  const listener = await start(() => ok(""));
  for (const part of ["G", get("/").slice(0, -2), post("abc").slice(0, -1)]) {
    const { socket, closed } = talk(listener, part);
    socket.once("connect", () => socket.end());
    expect(statuses(await closed)).toEqual(["400"]);
  }
  const quiet = talk(listener, "\r\n");
  quiet.socket.once("connect", () => quiet.socket.end());
  expect(await quiet.closed).toBe("");
});

test("a client that ends while an answer is owed, in the middle of the next request, gets that answer only", async () => {
  const slow = later<Answer>();
  const called = later<void>();
  const listener = await start(({ target }) => {
    if (target === "/other") return ok("");
    called.resolve();
    return slow.promise;
  });
  const { socket, closed } = talk(listener, `${get("/")}GET /`);
  await called.promise;
  await new Promise<void>((resolve) => socket.end(resolve));
  await talk(listener, get("/other", closing)).closed; // the end has been seen by then
  slow.resolve(ok("slow"));
  const text = await closed;
  expect(statuses(text)).toEqual(["200"]);
  expect(text).toMatch(/Connection: close\r\n[\s\S]*slow$/);
});

test("the body a handler keeps is not touched by what is read after it", async () => {
  const kept: Buffer[] = [];
  const release = later<void>();
  const listener = await start(async ({ method, body }) => {
    if (method === "GET") return ok("");
    kept.push(body);
    await release.promise;
    return ok(body);
  });
  const bodies = Array.from({ length: 8 }, (_, at) => String(at).repeat(1_000 + at));
  const talks = bodies.map((body) => talk(listener, post(body, closing)));
  while (kept.length < bodies.length) await turn();
  await talk(listener, get(`/${"x".repeat(4_000)}`, closing)).closed;
  release.resolve();
  const texts = await Promise.all(talks.map((each) => each.closed));
  expect(texts.map((text) => text.split("\r\n\r\n")[1])).toEqual(bodies);
});

test("pipelined requests reach the handler one at a time and are answered in order, whatever else is read", async () => {
  let busy = 0;
  let most = 0;
  const listener = await start(async ({ target, body }) => {
    if (target === "/other") return ok("");
    most = Math.max(most, ++busy);
    await talk(listener, get("/other", `X: ${"x".repeat(9_000)}\r\n${closing}`)).closed;
    busy--;
    return ok(`[${target}${body}]`);
  });
  const count = 60;
  const many = Array.from({ length: count }, (_, at) => (at % 3 === 0 ? post(`body${at}`) : get(`/${at}`))).join("");
  const text = await talk(listener, many + get("/last", closing)).closed;
  const asked = Array.from({ length: count }, (_, at) => (at % 3 === 0 ? `/body${at}` : `/${at}`));
  expect(text.match(/(?<=\[)[^\]]+/g)).toEqual([...asked, "/last"]);
  expect(most).toBe(1);
});

test("no second request of a connection is handled while the first one is", async () => {
  const first = later<Answer>();
  const seen: string[] = [];
  const listener = await start(({ target }) => {
    seen.push(target);
    return target === "/first" ? first.promise : ok(target);
  });
  const { closed } = talk(listener, get("/first") + get("/second") + get("/third", closing));
  await talk(listener, get("/other", closing)).closed;
  expect(seen).toEqual(["/first", "/other"]);
  first.resolve(ok("/first"));
  expect(statuses(await closed)).toEqual(["200", "200", "200"]);
});

test("100 Continue waits for the answer before it", async () => {
  const first = later<Answer>();
  const listener = await start(({ target, body }) => (target === "/first" ? first.promise : ok(`got ${body}`)));
  const [head = "", body = ""] = post("abc", `Expect: 100-continue\r\n${closing}`).split(/(?<=\r\n\r\n)/);
  const talking = talk(listener, get("/first") + head);
  await talk(listener, get("/first?", closing)).closed;
  expect(talking.text()).toBe("");
  first.resolve(ok("first"));
  expect(await talking.until(/100 Continue\r\n\r\n$/)).toMatch(/first/);
  talking.socket.write(body);
  expect(await talking.closed).toMatch(/first[\s\S]*100 Continue[\s\S]*got abc$/);
});

test("nothing is read behind a refusal, nor behind the last answer, even when it comes later", async () => {
  const seen: string[] = [];
  const listener = await start(({ target }) => {
    seen.push(target);
    return ok(Buffer.alloc(8 * 1024 * 1024));
  });
  for (const bytes of ["GARBAGE\r\n\r\n", get("/last", closing)]) {
    const { socket, closed } = talk(listener, bytes);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.pause();
    for (let count = 0; count < 3; count++) {
      await new Promise((resolve) => socket.write(get("/late"), resolve));
      await turn();
    }
    socket.resume();
    await closed;
  }
  expect(seen).toEqual(["/last"]);
});

test("who does not read large answers is handed no further requests until it does", async () => {
  let handled = 0;
  const body = Buffer.alloc(4 * 1024 * 1024, "x");
  const listener = await start(() => {
    handled++;
    return ok(body);
  });
  const { socket, closed } = talk(listener, get("/").repeat(9) + get("/", closing));
  socket.pause();
  await talk(listener, get("/", closing)).closed;
  const others = 1;
  expect(handled - others).toBeLessThan(9);
  socket.resume();
  const text = await closed;
  expect(handled - others).toBe(10);
  expect(text.split("\r\n\r\n").filter((part) => part.startsWith("x".repeat(100)))).toHaveLength(10);
});

test("a large answer under way is finished when the listener stops", async () => {
  const body = Buffer.alloc(16 * 1024 * 1024, "x");
  const listener = await start(() => ok(body), { limits: { stopGraceMs: 60_000 } });
  const { socket, closed } = talk(listener, get("/"));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  const stopped = listener.stop();
  socket.resume();
  expect((await closed).split("\r\n\r\n")[1]).toHaveLength(body.length);
  await stopped;
});

test("whoever is owed an answer when the time to stop is up is cut off", async () => {
  const called = later<void>();
  const handler = () => {
    called.resolve();
    return new Promise<Answer>(() => {});
  };
  const listener = await start(handler, { limits: { stopGraceMs: 20 } });
  const { closed } = talk(listener, get("/"));
  await called.promise;
  await listener.stop();
  expect(await closed).toBe("");
});

test.each([
  ["an answer", ""],
  ["its last answer", closing],
])("sending on wins no time for who does not read %s", async (_which, more) => {
  const body = Buffer.alloc(32 * 1024 * 1024);
  const listener = await start(() => ok(body), { limits: { writeStallMs: 50 } });
  const { socket } = talk(listener, get("/", more));
  socket.pause();
  const cut = new Promise((resolve) => socket.once("error", resolve));
  const sending = setInterval(() => socket.write(get("/more")), 5);
  await cut;
  clearInterval(sending);
});

test("a refused client that never ends is cut off", async () => {
  const listener = await start(() => ok(""), { limits: { keepAliveIdleMs: 100 } });
  const { socket, text } = talk(listener, "GARBAGE\r\n\r\n");
  socket.removeAllListeners("end");
  const sending = setInterval(() => socket.write("more"), 20);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(sending);
  expect(statuses(text())).toEqual(["400"]);
});

test("a refusal behind answers has its place behind them", async () => {
  const listener = await start(({ target }) => (target === "/later" ? turn().then(() => ok("later")) : ok("now")));
  const text = await talk(listener, `${get("/now")}${get("/later")}${get("/now")}${post("abc", "Host: b\r\n")}`).closed;
  expect(statuses(text)).toEqual(["200", "200", "200", "400"]);
});

test("HTTP/1.0 is closed behind its answer unless it asks otherwise", async () => {
  const listener = await start(({ httpVersion }: IncomingRequest) => ok(httpVersion));
  const asking = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const text = await talk(listener, `${asking}GET / HTTP/1.0\r\n\r\n${get("/never")}`).closed;
  expect(text.match(/Connection: [a-z-]+/g)).toEqual(["Connection: keep-alive", "Connection: close"]);
});

test("the Date is now", async () => {
  const listener = await start(() => ok(""));
  for (let round = 0; round < 2; round++) {
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    const date = /Date: ([^\r]+)/.exec(await talk(listener, get("/", closing)).closed)?.[1] ?? "";
    expect(Date.parse(date)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(date)).toBeLessThanOrEqual(Date.now());
    await new Promise((resolve) => setTimeout(resolve, 1_001 - (Date.now() % 1_000)));
  }
});
