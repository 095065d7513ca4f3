import type { Socket } from "node:net";
import type { Answer, IncomingRequest } from "../../execute-api/transport.ts";
import type { Connections } from "./connections.ts";
import { readSocket } from "./read-socket.ts";
import { type Progress, type RequestBounds, RequestParser } from "./request-parser.ts";
import { badRequest, internalServerError, requestTimeout, type TransportRefusal } from "./transport-refusal.ts";
import { forwardedClient, forwardedScheme, normalizeAddress, type TrustedProxies } from "./trusted-proxies.ts";
import { refusalAnswer, writeAnswer } from "./write-answer.ts";

/** What all connections of a listener share. */
export interface Service extends RequestBounds {
  readonly handler: (request: IncomingRequest) => Answer | Promise<Answer>;
  readonly onError?: ((error: unknown, where: "handler" | "answer") => void) | undefined;
  /** What requests are said to have come over. */
  readonly scheme: "http" | "https";
  readonly isTls: boolean;
  readonly proxies: TrustedProxies;
}

/** Time limits in turns of the listener's sweep. */
export interface TurnLimits {
  readonly head: number;
  readonly request: number;
  readonly idle: number;
  readonly linger: number;
}

/**
 * One client's connection: reads requests, hands them to the handler one at a time, writes the answers in order. While
 * the handler works the next request is read ahead, that one and no further.
 */
export class HttpConnection {
  readonly socket: Socket;

  readonly #service: Service;
  readonly #connections: Connections;
  readonly #parser: RequestParser;
  readonly #address: string;
  readonly #isTrustedProxy: boolean;
  /** An answer comes after the one before it was given, and taken by the client so far that little of it is left here. */
  #stage: "ready" | "handling" | "draining" = "ready";
  #isHead = false;
  #keepsAlive = true;
  /** What reading ahead came to; it waits for the answer before it. */
  #held: Progress = "more";
  #refusal: TransportRefusal | undefined;
  /** The client has sent all it will send. */
  #hasEnded = false;
  /** The last thing to be written on this connection is written. */
  #isClosing = false;
  /** What the client is given time for, and since which turn of the sweep. A new connection has to say something. */
  #waitsFor: "idle" | "head" | "body" | "linger" | "nothing" = "head";
  #since: number;

  constructor(accepted: Socket, service: Service, connections: Connections) {
    const socket = readSocket(accepted, (bytes) => this.#receive(bytes));
    this.socket = socket;
    this.#service = service;
    this.#connections = connections;
    this.#parser = new RequestParser(service);
    this.#address = normalizeAddress(socket.remoteAddress ?? "");
    this.#isTrustedProxy = service.proxies.trusts(this.#address);
    this.#since = connections.turn;
    socket.on("end", () => this.#end());
    socket.on("drain", () => this.#drained());
    socket.on("timeout", () => this.#stalled());
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => connections.delete(this));
  }

  /** Whether an answer is owed: stopping waits for it. */
  get isBusy(): boolean {
    return this.#stage !== "ready" || this.#parser.isWithinBody;
  }

  /** Called at each turn of the sweep. */
  checkTime(turn: number, limits: TurnLimits): void {
    const turns = turn - this.#since;
    switch (this.#waitsFor) {
      case "idle":
        if (turns > limits.idle && this.#stage === "ready") this.socket.destroy();
        break;
      case "head":
        if (turns > limits.head || turns > limits.request) this.#refuse(requestTimeout());
        break;
      case "body":
        if (turns > limits.request) this.#refuse(requestTimeout());
        break;
      case "linger":
        if (turns > limits.linger) this.socket.destroy();
        break;
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosing) return; // follows what was said to be the last request, or a refusal: none of it is believed
    if (this.#waitsFor === "idle") this.#since = this.#connections.turn;
    this.#proceed(this.#parser.push(bytes));
  }

  /** Acts on what the parser came to, and goes on with what it has already. */
  #proceed(progress: Progress): void {
    const parser = this.#parser;
    while (progress !== "more") {
      if (progress === "refused") {
        this.#refuse(parser.refusal as TransportRefusal); // set with it
        return;
      }
      if (this.#stage !== "ready") {
        this.#hold(progress);
        return;
      }
      if (progress === "continue") {
        this.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
      } else {
        this.#since = this.#connections.turn;
        this.#handle();
        if (this.#isClosing) return;
      }
      progress = parser.next();
    }
    if (this.#hasEnded) this.#end();
    else if (parser.isWithinRequest) this.#waitsFor = parser.isWithinBody ? "body" : "head";
    else this.#waitsFor = "idle";
  }

  #hold(progress: Progress): void {
    this.#held = progress;
    this.#waitsFor = "nothing";
    this.#parser.keepRest();
    this.socket.pause();
  }

  #handle(): void {
    const parser = this.#parser;
    const { handler, onError, scheme, proxies } = this.#service;
    const { method, target, httpVersion, rawHeaders, headers, body } = parser;
    const isForwarded = this.#isTrustedProxy;
    const request: IncomingRequest = {
      method,
      target,
      httpVersion,
      headers,
      body,
      // The raw list, not the filtered one: a Connection header that names X-Forwarded-For must not hide the client.
      sourceIp: isForwarded ? forwardedClient(rawHeaders, this.#address, proxies) : this.#address,
      scheme: (isForwarded ? forwardedScheme(rawHeaders) : undefined) ?? scheme,
      receivedAtMs: Date.now(),
    };
    this.#stage = "handling";
    this.#isHead = method === "HEAD";
    this.#keepsAlive = parser.keepsAlive;
    this.#connections.begin();
    let answer: Answer | Promise<Answer>;
    try {
      answer = handler(request);
    } catch (error) {
      onError?.(error, "handler");
      answer = internalServerError;
    }
    if (answer instanceof Promise) answer.then(this.#onAnswer, this.#onFailure);
    else this.#answer(answer);
  }

  readonly #onAnswer = (answer: Answer): void => {
    this.#answer(answer);
    this.#resume();
  };

  readonly #onFailure = (error: unknown): void => {
    this.#service.onError?.(error, "handler");
    this.#onAnswer(internalServerError);
  };

  #answer(answer: Answer): void {
    const { socket } = this;
    if (!socket.destroyed) {
      const isLast = this.#held === "refused" || (this.#hasEnded && this.#held === "more");
      const keepAlive = this.#keepsAlive && !isLast && !this.#connections.isStopping;
      try {
        writeAnswer(socket, answer, this.#isHead, keepAlive);
      } catch (error) {
        this.#service.onError?.(error, "answer");
        writeAnswer(socket, internalServerError, this.#isHead, keepAlive);
      }
      this.#stage = socket.writableNeedDrain ? "draining" : "ready";
      if (!keepAlive) this.closeSoon();
      else if (socket.writableLength > 0) this.#expectProgress();
    }
    this.#connections.end();
  }

  /** Goes on after an answer that did not come at once. */
  #resume(): void {
    if (this.#stage !== "ready" || this.#isClosing || this.socket.destroyed) return;
    const held = this.#held;
    this.#held = "more";
    if (held !== "more") this.socket.resume();
    // Only a client that is slow itself has used up time meanwhile.
    if (held !== "more" || !this.#parser.isWithinRequest) this.#since = this.#connections.turn;
    // The refusal is set with it.
    if (held === "refused") this.#refuse(this.#refusal as TransportRefusal);
    else this.#proceed(held);
  }

  #drained(): void {
    if (this.#stage !== "draining" || this.#isClosing) return;
    this.#stage = "ready";
    if (this.#connections.isStopping) this.closeSoon();
    else this.#resume();
  }

  /** By Node's own timer, which sees the progress within one large write. */
  #expectProgress(): void {
    const { writeStallMs } = this.#service.limits;
    if (this.socket.timeout !== writeStallMs) this.socket.setTimeout(writeStallMs);
  }

  #stalled(): void {
    if (this.socket.writableLength > 0 || this.#isClosing) this.socket.destroy();
  }

  /** The client ended its side: what it asked is answered, what it did not finish to ask is refused. */
  #end(): void {
    this.#hasEnded = true;
    if (this.#isClosing) return;
    if (this.#parser.isWithinRequest) this.#refuse(badRequest("The request is not complete."));
    else if (this.#stage === "ready") this.closeSoon();
  }

  /** Closes behind what is written. */
  closeSoon(): void {
    this.#isClosing = true;
    this.#waitsFor = "nothing";
    this.socket.destroySoon();
    if (this.socket.destroyed) return;
    this.#expectProgress();
    this.socket.pause(); // whoever does not read shall not win time by sending
  }

  #refuse(refusal: TransportRefusal): void {
    if (this.#isClosing) return;
    if (this.#stage !== "ready") {
      // An earlier request still waits for its answer: a refusal written now would be taken for it.
      this.#refusal = refusal;
      this.#hold("refused");
      return;
    }
    const { socket } = this;
    writeAnswer(socket, refusalAnswer(refusal), this.#parser.method === "HEAD", false);
    if (this.#connections.isStopping) {
      this.closeSoon();
      return;
    }
    // Closing at once, with bytes unread, would reset the connection and could take the refusal with it.
    this.#isClosing = true;
    this.#waitsFor = "linger";
    this.#since = this.#connections.turn;
    socket.end();
    socket.resume();
  }
}
