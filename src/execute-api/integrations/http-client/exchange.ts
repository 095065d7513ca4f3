import type { HttpConnection } from "./connection.ts";
import type { HttpRequest, HttpResult, TimeoutPhase } from "./http-exchange.ts";
import type { ResponseParser } from "./response-parser.ts";
import type { RequestBytes } from "./write-request.ts";

/** One request on its way to one result. Settles once; what comes later is ignored. */
export class Exchange {
  readonly request: HttpRequest;
  readonly bytes: RequestBytes & { ok: true };
  /** The connection that works on it, if any. */
  connection: HttpConnection | undefined;
  hasRetried = false;
  /** Monotonic milliseconds. */
  readonly startedMs: number = performance.now();

  readonly #resolve: (result: HttpResult) => void;
  readonly #onSettled: (exchange: Exchange) => void;
  #connectedMs = 0;
  #headMs = 0;
  #isReused = false;
  #isSettled = false;

  constructor(
    request: HttpRequest,
    bytes: RequestBytes & { ok: true },
    resolve: (result: HttpResult) => void,
    onSettled: (exchange: Exchange) => void,
  ) {
    this.request = request;
    this.bytes = bytes;
    this.#resolve = resolve;
    this.#onSettled = onSettled;
    request.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  connected(isReused: boolean): void {
    this.#isReused = isReused;
    this.#connectedMs = performance.now();
  }

  headReceived(): void {
    if (this.#headMs === 0) this.#headMs = performance.now();
  }

  respond(parser: ResponseParser): void {
    const now = performance.now();
    const { status, reason, headers, body } = parser;
    const timings = {
      connectMs: this.#connectedMs - this.startedMs,
      firstByteMs: this.#headMs - this.startedMs,
      totalMs: now - this.startedMs,
      isReused: this.#isReused,
    };
    this.settle({ outcome: "response", status, reason, headers, body, timings });
  }

  settle(result: HttpResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.request.signal?.removeEventListener("abort", this.#onAbort);
    this.#onSettled(this);
    this.#resolve(result);
  }

  timeOut(): void {
    const { url, timeoutMs } = this.request;
    const detail = `${url.hostname}:${url.port} did not answer within ${timeoutMs} ms`;
    this.#abandon({ outcome: "timeout", phase: this.#phase(), detail });
  }

  abort(detail: string): void {
    this.#abandon({ outcome: "aborted", detail });
  }

  readonly #onAbort = () => this.abort("the caller gave up");

  #abandon(result: HttpResult): void {
    const { connection } = this;
    this.settle(result);
    connection?.destroy();
  }

  #phase(): TimeoutPhase {
    if (this.connection === undefined) return "queue";
    if (this.connection.isConnecting) return "connect";
    return this.connection.isHeadComplete ? "response_body" : "response_head";
  }
}
