import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The HTTP backend of the vectors' projects. It answers what it received as JSON; the path says what else it does:
 * `/status/{code}`, `/headers` (answers with the headers named in the query), `/close` breaks the connection, `/slow`
 * never answers.
 */
export async function startEchoBackend(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://backend");
      if (url.pathname === "/close") return void request.socket.destroy();
      if (url.pathname === "/slow") return;
      const headers: string[] = [];
      if (url.pathname === "/headers") for (const [name, value] of url.searchParams) headers.push(name, value);
      const status = Number(/^\/status\/(\d{3})$/.exec(url.pathname)?.[1] ?? 200);
      const received: Record<string, string | string[] | undefined> = { ...request.headers };
      const body = JSON.stringify({
        method: request.method,
        target: request.url,
        headers: received,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(chunks).toString("utf8"),
      });
      if (!headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === "content-type"))
        headers.push("Content-Type", "application/json");
      if (!headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === "content-length"))
        headers.push("Content-Length", String(Buffer.byteLength(body)));
      response.writeHead(status, headers);
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
