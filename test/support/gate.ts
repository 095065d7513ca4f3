import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A backend that lets nobody through until it is told to, so that tests hold calls open without sleeping. */
export interface Gate {
  readonly url: string;
  /** Calls that wait. */
  readonly waiting: number;
  /** All calls so far. */
  readonly calls: number;
  /** Answers everybody who waits. */
  open(): void;
  stop(): void;
}

export async function openGate(): Promise<Gate> {
  const waiting: ServerResponse[] = [];
  let calls = 0;
  const server = createServer((_request, response) => {
    calls++;
    waiting.push(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    get waiting() {
      return waiting.length;
    },
    get calls() {
      return calls;
    },
    open: () => {
      for (const response of waiting.splice(0)) response.end("late");
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
