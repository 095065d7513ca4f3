import type { Server } from "node:http";
import type { Socket } from "node:net";
import { normalizeAddress, type TrustedProxies } from "./trusted-proxies.ts";

export interface ConnectionState {
  readonly socket: Socket;
  /** The peer's address, IPv4 in IPv6 form undone. */
  readonly address: string;
  readonly isTrustedProxy: boolean;
  /** Requests handed to the handler whose answers are not written yet (more than one when pipelined). */
  inFlight: number;
  /** A refusal was or will be the last thing on this connection. */
  isClosing: boolean;
}

/** The open connections of one server, so that stopping knows which of them still owe an answer. */
export interface Connections {
  stateOf(socket: Socket): ConnectionState;
  /** A request's head was accepted, its body is on its way. */
  beginReceiving(connection: ConnectionState): void;
  endReceiving(connection: ConnectionState): void;
  begin(connection: ConnectionState): void;
  end(connection: ConnectionState): void;
  isStopping(): boolean;
  stop(graceMs: number): Promise<void>;
}

/** Must be called before the server listens. */
export function trackConnections(server: Server, isTls: boolean, proxies: TrustedProxies): Connections {
  const states = new Map<Socket, ConnectionState>();
  const receiving = new Set<ConnectionState>();
  /** TCP sockets whose TLS handshake is under way, by peer: the TLS socket that follows has no public link to them. */
  const handshaking = new Map<string, Socket>();
  let stopping = false;
  let inFlight = 0;
  let onQuiet: (() => void) | undefined;

  function open(socket: Socket): ConnectionState {
    handshaking.delete(peerOf(socket));
    const address = normalizeAddress(socket.remoteAddress ?? "");
    const state = { socket, address, isTrustedProxy: proxies.trusts(address), inFlight: 0, isClosing: false };
    states.set(socket, state);
    socket.once("close", () => {
      states.delete(socket);
      receiving.delete(state);
      noteQuiet();
    });
    return state;
  }

  function noteQuiet(): void {
    if (onQuiet !== undefined && inFlight === 0 && receiving.size === 0) onQuiet();
  }

  function cut(): void {
    onQuiet?.();
    for (const socket of states.keys()) socket.destroy();
    for (const socket of handshaking.values()) socket.destroy();
  }

  if (isTls) {
    server.on("connection", (socket) => {
      const peer = peerOf(socket);
      handshaking.set(peer, socket);
      socket.once("close", () => {
        if (handshaking.get(peer) === socket) handshaking.delete(peer);
      });
    });
    // Spoken to in plain HTTP, or a client that does not trust the certificate: theirs to notice, not worth a report.
    server.on("tlsClientError", (_error, socket: Socket) => socket.destroy());
  }
  server.on(isTls ? "secureConnection" : "connection", open);

  return {
    stateOf: (socket) => states.get(socket) ?? open(socket),
    beginReceiving(connection) {
      receiving.add(connection);
    },
    endReceiving(connection) {
      receiving.delete(connection);
      noteQuiet();
    },
    begin(connection) {
      connection.inFlight++;
      inFlight++;
    },
    end(connection) {
      connection.inFlight--;
      inFlight--;
      noteQuiet();
    },
    isStopping: () => stopping,
    async stop(graceMs) {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const deadline = setTimeout(cut, graceMs);
      for (const socket of handshaking.values()) socket.destroy();
      for (const state of states.values()) {
        if (state.inFlight === 0 && !receiving.has(state)) state.socket.destroySoon();
      }
      if (inFlight > 0 || receiving.size > 0) await new Promise<void>((resolve) => (onQuiet = resolve));
      // The last answers may still be on their way out: their connections close behind them.
      for (const { socket } of states.values()) socket.destroySoon();
      await closed;
      clearTimeout(deadline);
    },
  };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
