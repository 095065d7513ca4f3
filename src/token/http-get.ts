import type { IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";

/** What a document is fetched with; a port, so that tests need no network and a host may bring its own client. */
export type HttpGet = (url: URL, limits: HttpGetLimits) => Promise<HttpGetResult>;

export interface HttpGetLimits {
  /** For everything from the name lookup to the last byte. */
  readonly timeoutMs: number;
  readonly bodyLimitBytes: number;
  /** How names are resolved; for hosts that must not be led to every address. */
  readonly lookup?: LookupFunction;
}

/** Anything but a 200 is a problem; redirects are not followed. */
export type HttpGetResult = { readonly ok: true; readonly body: string } | HttpGetFailure;

export interface HttpGetFailure {
  readonly ok: false;
  readonly problem: "connection" | "encoding" | "redirect" | "status" | "timeout" | "too_large";
  /** An error code such as ECONNREFUSED, the status, the limit. */
  readonly detail: string;
}

/**
 * One GET on node:http or node:https, loaded when first needed: a Lambda that starts with a baked-in key set loads
 * neither. Global `fetch` would cost a cold start 60 ms and more, and follows redirects. Never rejects.
 */
export async function httpGet(url: URL, { timeoutMs, bodyLimitBytes, lookup }: HttpGetLimits): Promise<HttpGetResult> {
  const fail = (problem: HttpGetFailure["problem"], detail: string): HttpGetFailure => ({ ok: false, problem, detail });
  // `import()` would bring the loader of ES modules into a CommonJS bundle, at some milliseconds of a cold start.
  const { get } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
  const signal = AbortSignal.timeout(timeoutMs);
  // No agent: a pooled socket would be stale by the next fetch, minutes later or after a Lambda thaw.
  const request = {
    agent: false,
    signal,
    lookup,
    headers: { accept: "application/json", "accept-encoding": "identity" },
  };
  let incoming: IncomingMessage | undefined;
  try {
    incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, request, resolve).on("error", reject);
    });
    const { statusCode: status = 0, headers } = incoming;
    const encoding = headers["content-encoding"] ?? "identity";
    if (status !== 200) return fail(status >= 300 && status < 400 ? "redirect" : "status", `${status}`);
    if (encoding !== "identity") return fail("encoding", encoding);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > bodyLimitBytes) return fail("too_large", `more than ${bodyLimitBytes} bytes`);
    }
    return { ok: true, body: Buffer.concat(chunks).toString() };
  } catch (error) {
    const lost = error as NodeJS.ErrnoException;
    return signal.aborted ? fail("timeout", `${timeoutMs} ms`) : fail("connection", lost.code ?? lost.message);
  } finally {
    incoming?.destroy();
  }
}
