/**
 * Keeps some connections busy, one request at a time on each, and counts the answers. A process of its own, over
 * `node:net`, so that it costs less per request than any server it asks.
 */
import { connect } from "node:net";
import type { LoadOrder, LoadReport } from "./load-order.ts";

process.on("message", (order: LoadOrder) => {
  run(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit());

function run(order: LoadOrder): Promise<LoadReport> {
  const { url, connections, warmUpMs, durationMs, beside } = order;
  const { hostname, port } = new URL(url);
  const counted = requestsOf(order, order.authorizations);
  const uncounted = requestsOf(order, beside?.authorizations);
  return new Promise((resolve, reject) => {
    const latenciesMs: number[] = [];
    let open = connections + (beside?.connections ?? 0);
    let isOver = false;
    const beganAt = performance.now() + warmUpMs;
    const endsAt = beganAt + durationMs;
    const fail = (message: string): void => {
      isOver = true;
      reject(new Error(message));
    };
    const ask = (next: () => Buffer, status: number, isCounted: boolean): void => {
      let sentAt = 0;
      let pending: Buffer | undefined;
      const socket = connect(Number(port), hostname).setNoDelay(true);
      const send = (): void => {
        sentAt = performance.now();
        socket.write(next());
      };
      socket.on("connect", send);
      socket.on("error", (error) => fail(`${url}: ${error.message}`));
      socket.on("close", () => {
        if (!isOver && performance.now() < endsAt) fail(`${url}: the server closed the connection`);
        open -= 1;
        if (open === 0 && !isOver) {
          isOver = true;
          latenciesMs.sort((one, other) => one - other);
          const at = (part: number): number => latenciesMs[Math.floor(latenciesMs.length * part)] ?? Number.NaN;
          resolve({ requests: latenciesMs.length, seconds: durationMs / 1000, p50Ms: at(0.5), p99Ms: at(0.99) });
        }
      });
      socket.on("data", (chunk: Buffer) => {
        const answer = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
        const headEnd = answer.indexOf("\r\n\r\n");
        if (headEnd < 0) {
          pending = answer;
          return;
        }
        const head = answer.toString("latin1", 0, headEnd);
        const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
        if (!head.startsWith(`HTTP/1.1 ${status}`) || length === undefined) {
          fail(`${url} answered ${answer.toString("latin1", 0, 400)}`);
          socket.destroy();
          return;
        }
        if (answer.length < headEnd + 4 + Number(length)) {
          pending = answer;
          return;
        }
        pending = undefined;
        const now = performance.now();
        if (now >= endsAt || isOver) {
          socket.destroy();
          return;
        }
        if (isCounted && sentAt >= beganAt) latenciesMs.push(now - sentAt);
        send();
      });
    };
    for (let each = 0; each < connections; each++) ask(counted, 200, true);
    if (beside) for (let each = 0; each < beside.connections; each++) ask(uncounted, beside.status, false);
    // Never sleeps: waking a sleeping process costs the server that answers it, most of all in a virtual machine, and
    // would burden the slower server with waits that the faster one is spared.
    const stayAwake = (): void => {
      if (!isOver) setImmediate(stayAwake);
    };
    stayAwake();
  });
}

/** The next request to send: written beforehand, since the server is measured and not this. */
function requestsOf({ url, headers }: LoadOrder, authorizations: readonly string[] | undefined): () => Buffer {
  const { host, pathname } = new URL(url);
  const write = (more: Readonly<Record<string, string>>): Buffer => {
    const lines = Object.entries({ Host: host, Accept: "application/json", ...headers, ...more });
    const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return Buffer.from(`GET ${pathname} HTTP/1.1\r\n${fields}\r\n`, "latin1");
  };
  const written = authorizations?.map((Authorization) => write({ Authorization })) ?? [write({})];
  let turn = -1;
  return () => {
    turn = (turn + 1) % written.length;
    return written[turn]!;
  };
}
