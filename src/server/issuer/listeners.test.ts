import { generateKeyPairSync } from "node:crypto";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { signCertificate, toPem } from "../../issuer/tls/certificate.ts";
import { ISSUER_LIMITS, type IssuerListeners, listenAsIssuer } from "./listeners.ts";

let tls: { cert: string; key: string };
let listeners: IssuerListeners | undefined;
const blocking: Server[] = [];
beforeAll(() => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [validFrom, validTo] = [new Date(Date.now() - 1000), new Date(Date.now() + 3_600_000)];
  const certificate = signCertificate({
    publicKey,
    subject: "t",
    issuer: "t",
    issuerKey: privateKey,
    validFrom,
    validTo,
  });
  tls = {
    cert: toPem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
});
afterEach(async () => {
  await listeners?.stop();
  listeners = undefined;
});
afterAll(() => Promise.all(blocking.map((server) => new Promise((resolve) => server.close(resolve)))));

async function listenAt(port: number): Promise<IssuerListeners> {
  listeners = await listenAsIssuer({
    port,
    tls: () => tls,
    handler: (request, issuerUrl) => ({ status: 200, headers: [], body: `${request.target} ${issuerUrl}` }),
    onError: () => {},
  });
  return listeners;
}

async function get(url: string): Promise<string> {
  return (await ask(url)).text;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(url: string, { body = "", ...sent }: Sent = {}): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const { port, pathname, protocol } = new URL(url);
    const options = { ...sent, host: "127.0.0.1", port, path: pathname, agent: false };
    const asked =
      protocol === "https:" ? requestHttps({ ...options, rejectUnauthorized: false }) : requestHttp(options);
    asked.on("response", (response) =>
      response.setEncoding("utf8").on("data", (text) => resolve({ status: response.statusCode, text })),
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

/** A port that is taken, whose one before is free. */
async function takenPort(): Promise<number> {
  for (;;) {
    const server = await listenOn(0);
    const { port } = server.address() as AddressInfo;
    const before = await listenOn(port - 1).catch(() => undefined);
    blocking.push(server);
    if (before === undefined) continue;
    await new Promise((resolve) => before.close(resolve));
    return port;
  }
}

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

test("each address is answered under its own name", async () => {
  const { httpUrl, tlsUrl } = await listenAt(0);
  expect(await get(`${httpUrl}a`)).toBe(`/a ${httpUrl}`);
  expect(await get(`${tlsUrl}b`)).toBe(`/b ${tlsUrl}`);
  expect([new URL(httpUrl).protocol, new URL(tlsUrl).protocol]).toEqual(["http:", "https:"]);
});

test("TLS is at the port after the one asked for", async () => {
  const taken = await takenPort();
  const free = blocking.pop() as Server;
  await new Promise((resolve) => free.close(resolve));
  const { httpUrl, tlsUrl } = await listenAt(taken - 1);
  expect([httpUrl, tlsUrl]).toEqual([`http://localhost:${taken - 1}/`, `https://localhost:${taken}/`]);
});

test("when that one is taken, the flag is named and the first port is free again", async () => {
  const taken = await takenPort();
  await expect(listenAt(taken - 1)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(new RegExp(`127.0.0.1:${taken}.*--issuer-port ${taken - 1}`)),
  });
  const again = await listenOn(taken - 1);
  await new Promise((resolve) => again.close(resolve));
});

test("when the first one is taken, it is the first one's error", async () => {
  const taken = await takenPort();
  await expect(listenAt(taken)).rejects.toMatchObject({ name: "ListenError", code: "EADDRINUSE" });
});

test("the last port has none after it", async () => {
  await expect(listenAt(65_535)).rejects.toMatchObject({ exitCode: 2, message: /65535/ });
});

test("a browser's cookies of all that ran on localhost, and a long address, are taken", async () => {
  const { httpUrl, tlsUrl } = await listenAt(0);
  const headers = { cookie: `a=${"x".repeat(50_000)}` };
  for (const url of [httpUrl, tlsUrl]) {
    expect((await ask(`${url}${"a".repeat(32_000)}`, { headers })).status).toBe(200);
  }
});

test("each address has its bounds", async () => {
  const { httpUrl, tlsUrl } = await listenAt(0);
  const { bodyBytes = 0, headerValueBytes = 0, targetChars = 0 } = ISSUER_LIMITS;
  for (const url of [httpUrl, tlsUrl]) {
    const statuses = [];
    for (const [path, sent] of [
      ["", { method: "POST", body: "x".repeat(bodyBytes + 1) }],
      ["", { headers: { cookie: "x".repeat(headerValueBytes) } }],
      ["a".repeat(targetChars), {}],
    ] as const) {
      statuses.push((await ask(`${url}${path}`, sent)).status);
    }
    expect(statuses).toEqual([413, 431, 414]);
  }
});
