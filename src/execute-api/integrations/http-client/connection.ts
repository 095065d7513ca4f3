import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type HttpClientLimits, IDLE_HINT_MARGIN_MS } from "./client-limits.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpOrigin } from "./http-exchange.ts";
import { ResponseParser } from "./response-parser.ts";

export interface ConnectionOptions {
  readonly url: HttpOrigin;
  readonly insecureSkipVerification: boolean;
  readonly ca: string | readonly string[] | undefined;
  readonly limits: HttpClientLimits;
}

/**
 * Where every plain connection reads into: Node.js would otherwise make a buffer of this size for each read, and collect
 * it again.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

/** What a connection tells whoever keeps it. */
export interface ConnectionEvents {
  /** The exchange is over and the connection may carry another one. */
  onIdle(connection: HttpConnection): void;
  /** A reused connection turned out to be dead before a byte of the response came. Answers whether the exchange goes on. */
  onStale(exchange: Exchange): boolean;
  /** Called exactly once. */
  onClosed(connection: HttpConnection): void;
}

/** One socket to one origin, carrying one exchange at a time. */
export class HttpConnection {
  /** Monotonic milliseconds after which an idle connection is not used again. */
  usableUntilMs = 0;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #stage: "connecting" | "securing" | "ready" | "closed" = "connecting";
  #exchange: Exchange | undefined;
  #parser: ResponseParser | undefined;
  #exchanges = 0;
  #hasReceived = false;

  /** Begins to connect; `first` is sent as soon as that is done. */
  constructor(options: ConnectionOptions, first: Exchange, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#exchange = first;
    first.connection = this;
    const { scheme, hostname, port } = options.url;
    const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    const target = { host, port, noDelay: true };
    if (scheme === "http") {
      const onread = { buffer: READ_BUFFER, callback: (length: number) => this.#read(length) };
      this.#socket = connect({ ...target, onread }, () => this.#begin());
    } else {
      this.#socket = connectTls(
        {
          ...target,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(options.ca === undefined ? {} : { ca: options.ca as string | string[] }),
          rejectUnauthorized: !options.insecureSkipVerification,
          ALPNProtocols: ["http/1.1"],
        },
        () => this.#begin(),
      );
      this.#socket.once("connect", () => {
        if (this.#stage === "connecting") this.#stage = "securing";
      });
    }
    if (scheme !== "http") this.#socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#socket.on("end", () => this.#ended());
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#lost(error.code ?? "UNKNOWN", error.message));
    this.#socket.on("close", () => this.#lost("ECONNRESET", "the connection was closed"));
  }

  get isConnecting(): boolean {
    return this.#stage === "connecting" || this.#stage === "securing";
  }

  get isHeadComplete(): boolean {
    return this.#parser?.isHeadComplete ?? false;
  }

  isUsable(nowMs: number): boolean {
    return this.#stage === "ready" && nowMs < this.usableUntilMs && this.#socket.writable && this.#socket.readable;
  }

  /** Sends an exchange on this idle connection. */
  start(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.connection = this;
    this.#socket.ref();
    this.#send(exchange);
  }

  /** Ends the connection at once. The exchange on it, if any, must have been settled. */
  destroy(): void {
    this.#exchange = undefined;
    this.#close();
  }

  #begin(): void {
    if (this.#stage === "closed") return;
    this.#stage = "ready";
    if (this.#exchange !== undefined) this.#send(this.#exchange);
  }

  #send(exchange: Exchange): void {
    exchange.connected(this.#exchanges > 0);
    this.#exchanges++;
    this.#hasReceived = false;
    this.#parser = new ResponseParser(exchange.request.method, this.#options.limits);
    const { head, body } = exchange.bytes;
    if (body !== undefined) this.#socket.cork();
    if (typeof head === "string") this.#socket.write(head, "latin1");
    else this.#socket.write(head);
    if (body !== undefined) {
      this.#socket.write(body);
      this.#socket.uncork();
    }
  }

  /** What was read is taken out at once, since the next read of any connection overwrites it. */
  #read(length: number): boolean {
    this.#receive(Buffer.from(READ_BUFFER.subarray(0, length)));
    return true;
  }

  #receive(bytes: Buffer): void {
    const exchange = this.#exchange;
    const parser = this.#parser;
    if (exchange === undefined || parser === undefined) {
      this.#close(); // nothing was asked: whatever this is must not be taken for the answer to the next request
      return;
    }
    this.#hasReceived = true;
    const progress = parser.push(bytes);
    if (parser.isHeadComplete) exchange.headReceived();
    if (progress === "complete") this.#completed(exchange, parser);
    else if (progress === "failed") this.#failed(exchange, parser);
  }

  #ended(): void {
    const exchange = this.#exchange;
    const parser = this.#parser;
    if (exchange === undefined || parser === undefined || !this.#hasReceived) {
      this.#lost("ECONNRESET", "the backend closed the connection without an answer");
    } else if (parser.end() === "complete") {
      this.#completed(exchange, parser);
    } else {
      this.#failed(exchange, parser);
    }
  }

  #completed(exchange: Exchange, parser: ResponseParser): void {
    this.#exchange = undefined;
    this.#parser = undefined;
    // An answer before the request was out (an early 413) leaves the rest of the request on the line.
    const isReusable = parser.keepsAlive && !exchange.bytes.closes && this.#socket.writableLength === 0;
    if (isReusable && this.#stage === "ready") {
      this.#socket.unref();
      exchange.connection = undefined;
      this.usableUntilMs = performance.now() + this.#options.limits.idleMs;
      if (parser.idleHintMs !== undefined) {
        this.usableUntilMs = Math.min(this.usableUntilMs, performance.now() + parser.idleHintMs - IDLE_HINT_MARGIN_MS);
      }
      this.#events.onIdle(this);
    } else {
      this.#close();
    }
    exchange.respond(parser);
  }

  #failed(exchange: Exchange, parser: ResponseParser): void {
    this.#exchange = undefined;
    this.#close();
    const { kind, detail } = parser.failure ?? { kind: "malformed", detail: "" };
    if (kind === "malformed") exchange.settle({ outcome: "malformed_response", detail });
    else if (kind === "too_large") exchange.settle({ outcome: "response_too_large", detail });
    else exchange.settle({ outcome: "connection_lost", code: "ECONNRESET", detail });
  }

  #lost(code: string, detail: string): void {
    const exchange = this.#exchange;
    const stage = this.#stage;
    this.#exchange = undefined;
    this.#close();
    if (exchange === undefined) return;
    if (stage === "connecting") exchange.settle({ outcome: "connect_failed", code, detail });
    else if (stage === "securing") exchange.settle({ outcome: "tls_failed", code, detail });
    else {
      const isStale = this.#exchanges > 1 && !this.#hasReceived;
      if (isStale && this.#events.onStale(exchange)) return;
      exchange.settle({ outcome: "connection_lost", code, detail });
    }
  }

  #close(): void {
    if (this.#stage === "closed") return;
    this.#stage = "closed";
    this.#parser = undefined;
    this.#socket.destroy();
    this.#events.onClosed(this);
  }
}
