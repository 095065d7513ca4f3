import type { Server, Socket } from "node:net";
import { HttpConnection, type Service, type TurnLimits } from "./http-connection.ts";
import { LINGER_MS, type ListenerLimits, TIMEOUT_CHECK_INTERVAL_MS } from "./listener-limits.ts";

/**
 * The open connections of one server: their time limits, and which of them still owe an answer when it stops. Time is
 * counted in turns of one sweep over all connections, since nearly no connection reaches a limit and setting a timer for
 * each request costs more than parsing it. A process that is kept busy makes fewer turns, so it cuts off nobody early.
 */
export class Connections {
  /** How often the sweep has come around. */
  turn = 0;
  isStopping = false;

  readonly #server: Server;
  readonly #open = new Set<HttpConnection>();
  /** TCP sockets whose TLS handshake is under way, by peer: the TLS socket that follows has no public link to them. */
  readonly #handshaking = new Map<string, Socket>();
  #sweep: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #onQuiet: (() => void) | undefined;

  /** Must be made before the server listens. */
  constructor(server: Server, service: Service) {
    this.#server = server;
    const { isTls } = service;
    if (isTls) {
      server.on("connection", (socket: Socket) => this.#awaitHandshake(socket));
      // Spoken to in plain HTTP, or a client that does not trust the certificate: theirs to notice, not worth a report.
      server.on("tlsClientError", (_error: unknown, socket: Socket) => socket.destroy());
    }
    server.on(isTls ? "secureConnection" : "connection", (socket: Socket) => {
      if (isTls) this.#handshaking.delete(peerOf(socket));
      this.#open.add(new HttpConnection(socket, service, this));
    });

    server.once("listening", () => this.#startSweep(service.limits));
  }

  delete(connection: HttpConnection): void {
    this.#open.delete(connection);
  }

  /** The handler has a request. */
  begin(): void {
    this.#inFlight++;
  }

  /** Its answer is written, or its client is gone. */
  end(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#onQuiet?.();
  }

  /** Closes idle connections, waits for answers in flight up to `graceMs`, then cuts. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const deadline = setTimeout(() => this.#cut(), graceMs);
    for (const socket of this.#handshaking.values()) socket.destroy();
    for (const connection of this.#open) {
      if (!connection.isBusy) connection.closeSoon();
    }
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    await closed;
    clearTimeout(deadline);
    clearInterval(this.#sweep);
  }

  #startSweep(limits: ListenerLimits): void {
    const intervalMs = sweepIntervalMs(limits);
    const turnLimits = inTurns(limits, intervalMs);
    this.#sweep = setInterval(() => {
      this.turn++;
      for (const connection of this.#open) connection.checkTime(this.turn, turnLimits);
    }, intervalMs).unref();
  }

  #awaitHandshake(socket: Socket): void {
    const peer = peerOf(socket);
    this.#handshaking.set(peer, socket);
    socket.once("close", () => {
      if (this.#handshaking.get(peer) === socket) this.#handshaking.delete(peer);
    });
  }

  #cut(): void {
    this.#onQuiet?.();
    for (const { socket } of this.#open) socket.destroy();
    for (const socket of this.#handshaking.values()) socket.destroy();
  }
}

function sweepIntervalMs({ headTimeoutMs, requestTimeoutMs, keepAliveIdleMs }: ListenerLimits): number {
  return Math.max(1, Math.min(TIMEOUT_CHECK_INTERVAL_MS, headTimeoutMs, requestTimeoutMs, keepAliveIdleMs));
}

function inTurns(limits: ListenerLimits, intervalMs: number): TurnLimits {
  const turns = (timeMs: number): number => Math.ceil(timeMs / intervalMs);
  return {
    head: turns(limits.headTimeoutMs),
    request: turns(limits.requestTimeoutMs),
    idle: turns(limits.keepAliveIdleMs),
    linger: turns(LINGER_MS),
  };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
