import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, type Server as TlsServer } from "node:tls";
import type { Answer, IncomingRequest, RawHeaders } from "../../execute-api/transport.ts";
import { Connections } from "./connections.ts";
import { ListenError } from "./listen-error.ts";
import { defaultListenerLimits, type ListenerLimits, TLS_HANDSHAKE_TIMEOUT_MS } from "./listener-limits.ts";
import { parseTrustedProxies } from "./trusted-proxies.ts";

/** PEM. */
export interface TlsCertificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface ListenOptions {
  /** Address or name to bind, e.g. `127.0.0.1`. */
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** When given the listener speaks HTTPS only. A function is asked when the first client comes. */
  readonly tls?: TlsCertificate | (() => TlsCertificate);
  /** Called once per well-formed request, with its whole body. What it throws is answered 500 and reported. */
  readonly handler: (request: IncomingRequest) => Answer | Promise<Answer>;
  readonly limits?: Partial<ListenerLimits>;
  /**
   * What requests are said to have come over, e.g. `https` where TLS is somebody else's. Otherwise what the socket speaks; a
   * trusted proxy's word goes before both.
   */
  readonly presentedScheme?: "http" | "https";
  /** A different body limit for some requests, e.g. function uploads among management calls. Bytes. */
  readonly bodyLimitFor?: (method: string, target: string, headers: RawHeaders) => number | undefined;
  /** CIDR blocks whose X-Forwarded-For and X-Forwarded-Proto are believed. Nobody's by default. */
  readonly trustedProxies?: readonly string[];
  /** Told of bugs (`handler`: it threw, `answer`: it cannot be written) and of trouble while accepting (`server`). */
  readonly onError?: (error: unknown, where: "handler" | "answer" | "server") => void;
}

export interface Listener {
  /** The bound address. */
  readonly host: string;
  /** The bound port. */
  readonly port: number;
  /** Stops accepting, closes idle connections, waits for answers in flight up to `stopGraceMs`, then cuts. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Serves HTTP/1.1 (and 1.0) on one address, strictly: what two readers could understand differently is answered 400 and
 * the connection closed. `Upgrade` is ignored, as API Gateway drops it when it parses a request (R), so an h2c or
 * WebSocket attempt gets the plain answer; CONNECT is refused.
 * @throws ListenError (as a rejection) when the address, certificate or proxy list cannot be used.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const address = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
  const { handler, onError, bodyLimitFor } = options;
  const limits: ListenerLimits = { ...defaultListenerLimits, ...options.limits };
  const scheme = options.presentedScheme ?? (options.tls === undefined ? "http" : "https");
  const isTls = options.tls !== undefined;
  try {
    const proxies = parseTrustedProxies(options.trustedProxies ?? []);
    const server = createSocketServer(options.tls, limits.connections);
    const connections = new Connections(server, { handler, onError, bodyLimitFor, limits, scheme, isTls, proxies });
    await bind(server, options.host, options.port);
    server.on("error", (error) => onError?.(error, "server"));
    const bound = server.address() as AddressInfo; // a bound TCP server has no other kind of address
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= connections.stop(limits.stopGraceMs));
    return { host: bound.address, port: bound.port, stop };
  } catch (error) {
    throw new ListenError(address, error);
  }
}

function createSocketServer(tls: ListenOptions["tls"], connectionLimit: number): Server {
  const server =
    typeof tls === "object"
      ? createTlsServer(tlsOptions(tls))
      : createServer({ ...SOCKETS, pauseOnConnect: tls === undefined });
  if (typeof tls === "function") beginTlsLate(server, tls);
  server.maxConnections = connectionLimit;
  return server;
}

/** A client that has ended its side still gets its answer. */
const SOCKETS = { allowHalfOpen: true, noDelay: true };

function tlsOptions(certificate: TlsCertificate): TlsOptions {
  return {
    ...SOCKETS,
    ...certificate,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
  };
}

/** What TLS needs is made for the first client: it costs a start ten milliseconds, and most starts see no client. */
function beginTlsLate(server: Server, certificate: () => TlsCertificate): void {
  let tls: TlsServer | undefined;
  const begun = (): TlsServer => {
    const made = createTlsServer(tlsOptions(certificate()));
    for (const event of ["secureConnection", "tlsClientError"] as const) {
      made.on(event, (...values: unknown[]) => server.emit(event, ...values));
    }
    return made;
  };
  server.on("connection", (socket: Socket) => {
    try {
      tls ??= begun();
      tls.emit("connection", socket);
    } catch (error) {
      socket.destroy();
      server.emit("error", error); // told, and tried again with the next client
    }
  });
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
