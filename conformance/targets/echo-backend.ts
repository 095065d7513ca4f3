import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The HTTP backend of the vectors' projects. It answers what it received as JSON; the path says what else it does:
 * `/status/{code}`, `/headers` (both answer with the headers named in the query), `/body` (answers `text` or `base64` of
 * the query as `type`, other names are headers), `/reflect` (answers the body it got, as `type`), `/close` breaks the
 * connection, `/slow` never answers.
 */
export async function startEchoBackend(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://backend");
      if (url.pathname === "/close") return void request.socket.destroy();
      if (url.pathname === "/slow") return;
      const content = Buffer.concat(chunks);
      const code = /^\/status\/(\d{3})$/.exec(url.pathname)?.[1];
      const headers: string[] = [];
      if (url.pathname === "/headers" || url.pathname === "/body" || code !== undefined) {
        for (const [name, value] of url.searchParams) if (!BODY_NAMES.has(name)) headers.push(name, value);
      }
      let body: Buffer;
      if (url.pathname === "/body" || url.pathname === "/reflect") {
        const { text, base64, type } = Object.fromEntries(url.searchParams);
        body = url.pathname === "/reflect" ? content : Buffer.from(base64 ?? text ?? "", base64 ? "base64" : "utf8");
        headers.push("Content-Type", type ?? "application/json");
      } else {
        const received = {
          method: request.method,
          target: request.url,
          headers: { ...request.headers },
          rawHeaders: request.rawHeaders,
          body: content.toString("utf8"),
          bodyBase64: content.toString("base64"),
        };
        body = Buffer.from(JSON.stringify(received));
        if (!has(headers, "content-type")) headers.push("Content-Type", "application/json");
      }
      if (!has(headers, "content-length")) headers.push("Content-Length", String(body.length));
      response.writeHead(Number(code ?? 200), headers);
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What `/body` reads of the query itself. */
const BODY_NAMES: ReadonlySet<string> = new Set(["text", "base64", "type"]);

function has(headers: readonly string[], lowerCaseName: string): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === lowerCaseName);
}
