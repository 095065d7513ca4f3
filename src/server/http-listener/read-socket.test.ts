import { connect, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { readSocket } from "./read-socket.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function accept(onAccepted: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, onAccepted);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as { port: number }).port };
}

test("bytes come in their order, then the end, and an answer goes back", async () => {
  let received = "";
  const { port } = await accept((accepted) => {
    const socket = readSocket(accepted, (bytes) => (received += bytes.toString("latin1")));
    socket.on("end", () => socket.end(`${socket.remoteAddress} got ${received.length}`));
  });
  const sent = "0123456789".repeat(30_000);
  const client = connect(port, "127.0.0.1", () => client.end(sent)).setEncoding("latin1");
  let answer = "";
  client.on("data", (piece) => (answer += piece));
  await new Promise((resolve) => client.once("close", resolve));
  expect(received).toBe(sent);
  expect(answer).toBe("127.0.0.1 got 300000");
});

test("the server counts a connection until it is closed, and no longer", async () => {
  let open: Socket | undefined;
  const { server, port } = await accept((accepted) => (open = readSocket(accepted, () => {})));
  const count = () =>
    new Promise<number>((resolve) => server.getConnections((_error, connections) => resolve(connections)));
  const client = connect(port, "127.0.0.1").resume();
  client.on("error", () => {});
  await new Promise((resolve) => server.once("connection", resolve));
  expect(await count()).toBe(1);
  const closed = new Promise((resolve) => server.close(resolve));
  open?.destroy();
  await closed;
  expect(await count()).toBe(0);
});

test("a paused socket reads nothing until it is resumed", async () => {
  const received: string[] = [];
  let socket: Socket | undefined;
  const { port } = await accept((accepted) => {
    socket = readSocket(accepted, (bytes) => {
      received.push(bytes.toString("latin1"));
      socket?.pause();
    });
    socket.on("error", () => {});
  });
  const client = connect(port, "127.0.0.1", () => client.write("one"));
  client.on("error", () => {});
  while (received.length === 0) await new Promise(setImmediate);
  await new Promise((resolve) => client.write("two", resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(received).toEqual(["one"]);
  socket?.resume();
  while (received.length < 2) await new Promise(setImmediate);
  expect(received).toEqual(["one", "two"]);
  client.destroy();
  socket?.destroy();
});

test("a socket that cannot be moved is read by its events", () => {
  const received: string[] = [];
  const other = new Duplex({ read: () => {} });
  other.pause();
  const socket = readSocket(other as Socket, (bytes) => received.push(bytes.toString("latin1")));
  expect(socket).toBe(other);
  other.push("one");
  expect(received).toEqual([]);
  return new Promise<void>((resolve) => {
    other.on("data", () => {
      expect(received).toEqual(["one"]);
      resolve();
    });
  });
});
