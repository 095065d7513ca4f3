/** What a document is fetched with; a port, so that tests need no network and a host may bring its own client. */
export type HttpGet = (url: URL, limits: HttpGetLimits) => Promise<HttpGetResult>;

export interface HttpGetLimits {
  /** For everything from the name lookup to the last byte. */
  readonly timeoutMs: number;
  readonly bodyLimitBytes: number;
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
export async function httpGet(url: URL, { timeoutMs, bodyLimitBytes }: HttpGetLimits): Promise<HttpGetResult> {
  // Loaded when needed, and not by `import()`: an ES module's view of node:http reads all its getters, and one of them
  // loads the whole of global fetch, some 35 ms of a cold start.
  const { request } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
  return new Promise((resolve) => {
    // No agent: a pooled socket would be stale by the next fetch, minutes later or after a Lambda thaw.
    const headers = { accept: "application/json", "accept-encoding": "identity" };
    const outgoing = request(url, { agent: false, headers });
    const finish = (result: HttpGetResult): void => {
      clearTimeout(timer);
      resolve(result);
      outgoing.destroy();
    };
    const fail = (problem: HttpGetFailure["problem"], detail: string): void => finish({ ok: false, problem, detail });
    const lost = (error: NodeJS.ErrnoException): void => fail("connection", error.code ?? error.message);
    const timer = setTimeout(() => fail("timeout", `${timeoutMs} ms`), timeoutMs);
    outgoing.on("error", lost);
    outgoing.on("response", (incoming) => {
      incoming.on("error", lost);
      const status = incoming.statusCode ?? 0;
      if (status !== 200) return fail(status >= 300 && status < 400 ? "redirect" : "status", String(status));
      const encoding = incoming.headers["content-encoding"] ?? "identity";
      if (encoding !== "identity") return fail("encoding", encoding);
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > bodyLimitBytes) fail("too_large", `more than ${bodyLimitBytes} bytes`);
      });
      incoming.on("end", () => finish({ ok: true, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.end();
  });
}
