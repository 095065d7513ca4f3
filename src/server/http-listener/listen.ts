import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Answer, IncomingRequest, RawHeaders } from "../../execute-api/transport.ts";
import { type ConnectionState, type Connections, trackConnections } from "./connections.ts";
import { ListenError } from "./listen-error.ts";
import {
  defaultListenerLimits,
  LINGER_MS,
  type ListenerLimits,
  TIMEOUT_CHECK_INTERVAL_MS,
  TLS_HANDSHAKE_TIMEOUT_MS,
} from "./listener-limits.ts";
import { noBody, readBody } from "./read-body.ts";
import { readHead } from "./read-head.ts";
import {
  badRequest,
  bodyTooLarge,
  expectationFailed,
  headersTooLarge,
  internalServerError,
  requestTimeout,
  type TransportRefusal,
} from "./transport-refusal.ts";
import { forwardedClient, forwardedScheme, parseTrustedProxies } from "./trusted-proxies.ts";
import { refusalAnswer, refusalBytes, writeAnswer } from "./write-answer.ts";

export interface ListenOptions {
  /** Address or name to bind, e.g. `127.0.0.1`. */
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** PEM. When given the listener speaks HTTPS only. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Called once per well-formed request, with its whole body. What it throws is answered 500 and reported. */
  readonly handler: (request: IncomingRequest) => Answer | Promise<Answer>;
  readonly limits?: Partial<ListenerLimits>;
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
  const limits: ListenerLimits = { ...defaultListenerLimits, ...options.limits };
  try {
    const proxies = parseTrustedProxies(options.trustedProxies ?? []);
    const server = createEngine(options, limits);
    const connections = trackConnections(server, options.tls !== undefined, proxies);
    serve(server, options, limits, connections, (headers, peer) => forwardedClient(headers, peer, proxies));
    await bind(server, options.host, options.port);
    server.on("error", (error) => options.onError?.(error, "server"));
    const bound = server.address() as AddressInfo; // a bound TCP server has no other kind of address
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= connections.stop(limits.stopGraceMs));
    return { host: bound.address, port: bound.port, stop };
  } catch (error) {
    throw new ListenError(address, error);
  }
}

function createEngine(options: ListenOptions, limits: ListenerLimits): Server {
  const engine: ServerOptions = {
    insecureHTTPParser: false,
    requireHostHeader: false, // readHead judges Host, with a body that says so
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveIdleMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_INTERVAL_MS, limits.headTimeoutMs, limits.requestTimeoutMs),
    noDelay: true,
  };
  const server =
    options.tls === undefined
      ? createServer(engine)
      : createTlsServer({
          ...engine,
          ...options.tls,
          ALPNProtocols: ["http/1.1"],
          minVersion: "TLSv1.2",
          handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
        });
  server.maxConnections = limits.connections;
  server.maxHeadersCount = 0;
  return server;
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

function serve(
  server: Server,
  options: ListenOptions,
  limits: ListenerLimits,
  connections: Connections,
  clientBehindProxy: (headers: RawHeaders, peer: string) => string,
): void {
  const { handler, onError, bodyLimitFor } = options;
  const ownScheme = options.tls === undefined ? "http" : "https";

  function onRequest(incoming: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const connection = connections.stateOf(incoming.socket);
    if (connection.isClosing) return; // follows a refusal on the same connection: nothing after it is believed
    const method = incoming.method as string; // always set on a server's request, as is url
    const target = incoming.url as string;
    const head = readHead(target, incoming.httpVersion, incoming.rawHeaders, limits);
    if (!head.ok) {
      refuse(incoming, response, connection, head.refusal);
      return;
    }
    if (head.bodyLength === 0) {
      handle(incoming, response, connection, method, target, head.headers, noBody);
      return;
    }
    const limitBytes = bodyLimitFor?.(method, target, head.headers) ?? limits.bodyBytes;
    if (head.bodyLength > limitBytes) {
      refuse(incoming, response, connection, bodyTooLarge(limitBytes));
      return;
    }
    if (expectsContinue) response.writeContinue();
    connections.beginReceiving(connection);
    readBody(incoming, head.bodyLength, limitBytes, (body) => {
      if (!connection.isClosing) {
        if (body === undefined) refuse(incoming, response, connection, bodyTooLarge(limitBytes));
        else handle(incoming, response, connection, method, target, head.headers, body);
      }
      connections.endReceiving(connection);
    });
  }

  function handle(
    incoming: IncomingMessage,
    response: ServerResponse,
    connection: ConnectionState,
    method: string,
    target: string,
    headers: RawHeaders,
    body: Buffer,
  ): void {
    const isForwarded = connection.isTrustedProxy;
    // The raw list, not the filtered one: a Connection header that names X-Forwarded-For must not hide the client.
    const sourceIp = isForwarded ? clientBehindProxy(incoming.rawHeaders, connection.address) : connection.address;
    const scheme = (isForwarded ? forwardedScheme(incoming.rawHeaders) : undefined) ?? ownScheme;
    const { httpVersion } = incoming;
    const request = { method, target, httpVersion, headers, body, sourceIp, scheme, receivedAtMs: Date.now() } as const;
    const isHead = method === "HEAD";
    connections.begin(connection);
    let answer: Answer | Promise<Answer>;
    try {
      answer = handler(request);
    } catch (error) {
      onError?.(error, "handler");
      answer = internalServerError;
    }
    if (answer instanceof Promise) {
      answer.then(
        (settled) => finish(response, connection, settled, isHead),
        (error: unknown) => {
          onError?.(error, "handler");
          finish(response, connection, internalServerError, isHead);
        },
      );
    } else {
      finish(response, connection, answer, isHead);
    }
  }

  function finish(response: ServerResponse, connection: ConnectionState, answer: Answer, isHead: boolean): void {
    const { socket } = connection;
    if (!socket.destroyed) {
      const keepAlive = response.shouldKeepAlive && !connection.isClosing && !connections.isStopping();
      try {
        writeAnswer(response, answer, isHead, keepAlive);
      } catch (error) {
        onError?.(error, "answer");
        writeAnswer(response, internalServerError, isHead, keepAlive);
      }
      // node:http sets its own timeout again once the answer is out; this one cuts off who does not read it.
      if (socket.writableLength > 0) socket.setTimeout(limits.writeStallMs);
    }
    connections.end(connection);
  }

  function refuse(
    incoming: IncomingMessage,
    response: ServerResponse,
    connection: ConnectionState,
    refusal: TransportRefusal,
  ): void {
    connection.isClosing = true;
    const { socket } = connection;
    // What node:http calls once the last answer is out. Closing at once, with the body unread, would reset the
    // connection and could take the refusal with it.
    socket.destroySoon = () => linger(socket);
    writeAnswer(response, refusalAnswer(refusal), incoming.method === "HEAD", false);
    incoming.resume();
  }

  server.on("request", (incoming, response) => onRequest(incoming, response, false));
  server.on("checkContinue", (incoming, response) => onRequest(incoming, response, true));
  server.on("checkExpectation", (incoming: IncomingMessage, response: ServerResponse) => {
    const connection = connections.stateOf(incoming.socket);
    if (!connection.isClosing) refuse(incoming, response, connection, expectationFailed());
  });
  server.on("connect", (_incoming: IncomingMessage, stream: Duplex) => {
    refuseRaw(stream as Socket, badRequest("CONNECT is refused: this is not a proxy."));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, stream: Duplex) => {
    const refusal = refusalFor(error.code ?? "", limits);
    if (refusal === undefined) stream.destroy();
    else refuseRaw(stream as Socket, refusal);
  });

  function refuseRaw(socket: Socket, refusal: TransportRefusal): void {
    const connection = connections.stateOf(socket);
    if (connection.isClosing) return;
    connection.isClosing = true;
    // An earlier request on this connection still waits for its answer: that goes out, with `Connection: close`, and a
    // refusal written now would be taken for it.
    if (connection.inFlight > 0) return;
    if (socket.writable) {
      socket.write(refusalBytes(refusal));
      linger(socket);
    } else {
      socket.destroy();
    }
  }
}

function refusalFor(code: string, limits: ListenerLimits): TransportRefusal | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return headersTooLarge(limits.headBytes);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return requestTimeout();
  // The parser's own words are not passed on: they differ between engines.
  if (code.startsWith("HPE_")) return badRequest("The request is not well-formed HTTP/1.1.");
  return undefined;
}

function linger(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}
