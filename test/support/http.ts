import { type Agent, request } from "node:http";
import { connect } from "node:net";

/** What came back over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly errorType: string | undefined;
  readonly requestId: string;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  /** Names and values in turn, sent as they are, so that a name may repeat and Host may be anything. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** Path and query as they go over the wire, in place of the URL's, which are tidied up. */
  readonly target?: string;
  readonly agent?: Agent;
}

/** One request by node:http, which leaves Host and repeated headers alone, unlike `fetch`. */
export function ask(url: string, { method = "GET", headers = [], body, target, agent }: Question = {}): Promise<Reply> {
  const { hostname, port, pathname, search, host } = new URL(url);
  const hasHost = headers.some((text, at) => at % 2 === 0 && text.toLowerCase() === "host");
  const length = body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port,
        method,
        path: target ?? `${pathname}${search}`,
        headers: [...(hasHost ? [] : ["Host", host]), ...headers, ...length],
        agent: agent ?? false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const errorType = incoming.headers["x-amzn-errortype"];
          const requestId = incoming.headers["x-amzn-requestid"];
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            errorType: typeof errorType === "string" ? errorType : undefined,
            requestId: typeof requestId === "string" ? requestId : "",
            body: Buffer.concat(chunks).toString("utf8"),
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Sends bytes as they are and answers everything that comes back until the other side closes. */
export function talk(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (piece) => (text += piece));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

/** Runs a job for each number below `count`, so many at a time. */
export async function inParallel(count: number, width: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const POLL_MS = 10;

/** Waits for a condition; says what it waited for when the time is up. */
export async function until<Value>(
  what: string,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
  limitMs = 30_000,
): Promise<Value> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
