import { generateKeyPairSync } from "node:crypto";
import { connect as connectPlain } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { createHttpClient, type HttpClient } from "../../execute-api/integrations/http-client/http-client.ts";
import { selfSignedCertificate } from "../../issuer/keys/self-signed-certificate.ts";
import { type Listener, listen } from "./listen.ts";

/** For localhost, self-signed, made for this run. */
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const der = selfSignedCertificate({
  privateKey,
  publicKey,
  commonName: "localhost",
  validFrom: new Date(Date.now() - 60_000),
});
const cert = `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;

const listeners: Listener[] = [];
const clients: HttpClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const listener of listeners.splice(0)) await listener.stop();
});

function makeClient(ca?: string): HttpClient {
  const client = createHttpClient(ca === undefined ? {} : { ca });
  clients.push(client);
  return client;
}

const to = (hostname: string, port: number) =>
  ({ method: "GET", url: { scheme: "https", hostname, port }, path: "/", headers: [], timeoutMs: 30_000 }) as const;

describe.each([
  ["with a certificate at the start", { cert, key }],
  ["with one made for the first client", () => ({ cert, key })],
])("%s", (_name, tls) => {
  async function start(): Promise<Listener> {
    const listener = await listen({
      host: "127.0.0.1",
      port: 0,
      tls,
      handler: ({ scheme, sourceIp }) => ({ status: 200, headers: [], body: `${scheme} ${sourceIp}` }),
    });
    listeners.push(listener);
    return listener;
  }

  test("a trusted certificate with the right name is accepted, and the connection is used again", async () => {
    const { port } = await start();
    const client = makeClient(cert);
    for (const isReused of [false, true]) {
      const result = await client.request(to("localhost", port));
      expect(result).toMatchObject({
        outcome: "response",
        body: Buffer.from("https 127.0.0.1"),
        timings: { isReused },
      });
    }
  });

  test("an unknown issuer and a wrong name are tls_failed, unless verification is off for that request", async () => {
    const { port } = await start();
    const client = makeClient();
    const skipping = await client.request({ ...to("localhost", port), insecureSkipVerification: true });
    expect(skipping.outcome).toBe("response");
    const unknown = await client.request(to("localhost", port));
    expect(unknown).toMatchObject({ outcome: "tls_failed", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    const wrongName = await makeClient(cert).request(to("127.0.0.1", port));
    expect(wrongName).toMatchObject({ outcome: "tls_failed", code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  test("a backend that does not speak TLS is tls_failed", async () => {
    const plain = await listen({ host: "127.0.0.1", port: 0, handler: () => ({ status: 200, headers: [], body: "" }) });
    listeners.push(plain);
    expect((await makeClient(cert).request(to("127.0.0.1", plain.port))).outcome).toBe("tls_failed");
  });

  test("plain HTTP to a TLS listener gets nothing, and the listener goes on", async () => {
    const { port } = await start();
    await new Promise<void>((resolve) => {
      const socket = connectPlain({ port, host: "127.0.0.1" }, () => socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      socket.resume();
    });
    expect((await makeClient(cert).request(to("localhost", port))).outcome).toBe("response");
  });

  test("a TLS client may send all it has and end its side: every request is answered, in order", async () => {
    const answers: (() => void)[] = [];
    const listener = await listen({
      host: "127.0.0.1",
      port: 0,
      tls,
      handler: ({ target, body }) =>
        new Promise((resolve) => answers.push(() => resolve({ status: 200, headers: [], body: `${target} ${body}` }))),
    });
    listeners.push(listener);
    const options = { port: listener.port, host: "127.0.0.1", servername: "localhost", ca: cert, allowHalfOpen: true };
    const get = "GET /one HTTP/1.1\r\nHost: a\r\n\r\n";
    const put = `PUT /two HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n${"x".repeat(40_000)}`;
    const socket: TLSSocket = connect(options, () => socket.end(get + put + get));
    let text = "";
    socket.setEncoding("latin1").on("data", (piece) => (text += piece));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    for (let count = 0; count < 3; count++) {
      while (answers.length === 0) await new Promise(setImmediate);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      expect(answers).toHaveLength(1);
      answers.pop()?.();
    }
    await closed;
    expect(text.match(/\/(?:one|two) x*/g)).toEqual(["/one ", `/two ${"x".repeat(40_000)}`, "/one "]);
  });

  test("stopping closes idle TLS connections and unfinished handshakes", async () => {
    const listener = await start();
    const options = { port: listener.port, host: "127.0.0.1", servername: "localhost", ca: cert };
    const idle = await new Promise<TLSSocket>((resolve) => {
      const socket: TLSSocket = connect(options, () => resolve(socket));
    });
    idle.on("error", () => {}).resume();
    const silent = connectPlain({ port: listener.port, host: "127.0.0.1" });
    await new Promise((resolve) => silent.once("connect", resolve));
    silent.on("error", () => {}).resume();
    const closed = [idle, silent].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await listener.stop();
    await Promise.all(closed);
  });
});

test("a certificate that cannot be had closes the connection and is told; the next client is served when it can", async () => {
  const told: unknown[] = [];
  let isThere = false;
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    tls: () => {
      if (!isThere) throw new Error("no certificate yet");
      return { cert, key };
    },
    handler: () => ({ status: 200, headers: [], body: "" }),
    onError: (error, where) => told.push([String(error), where]),
  });
  listeners.push(listener);
  expect((await makeClient(cert).request(to("localhost", listener.port))).outcome).not.toBe("response");
  expect(told).toEqual([["Error: no certificate yet", "server"]]);
  isThere = true;
  expect((await makeClient(cert).request(to("localhost", listener.port))).outcome).toBe("response");
});
