import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The browser's program, or undefined where none is installed. */
export const chromium: string | undefined = ["chromium", "chromium-browser", "google-chrome"].find((name) => {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

/** A web page on an origin of its own. */
export interface Page {
  readonly origin: string;
  /** Runs the body of an async function in the page and answers what it returns. */
  run<Result>(script: string): Promise<Result>;
  close(): Promise<void>;
}

/** Serves pages on a free port of `localhost`; each run is a page in a browser of its own. */
export async function openPage(): Promise<Page> {
  const waiting = new Map<string, (result: unknown) => void>();
  const scripts = new Map<string, string>();
  const server: Server = createServer((request, response) => {
    const id = request.url?.split("/").at(-1) ?? "";
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html");
      response.end(
        `<!doctype html><script>(async () => { ${scripts.get(id) ?? ""} })().then((result) => result, (error) => ({ thrown: String(error) }))
          .then((result) => fetch("/result/${id}", { method: "POST", body: JSON.stringify(result) }));</script>`,
      );
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.end();
      waiting.get(id)?.(JSON.parse(Buffer.concat(chunks).toString()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  let count = 0;
  return {
    origin,
    run: async <Result>(script: string) => {
      const id = String(++count);
      scripts.set(id, script);
      const told = new Promise<unknown>((resolve) => waiting.set(id, resolve));
      const profile = mkdtempSync(join(tmpdir(), "gatewarden-chromium-"));
      const browser = start(`${origin}/page/${id}`, profile);
      const exited = once(browser, "exit");
      try {
        const ended = exited.then(([code]) => {
          throw new Error(`the browser ended (${code}) before the page told its result`);
        });
        return (await Promise.race([told, ended])) as Result;
      } finally {
        browser.kill("SIGKILL");
        await exited;
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function start(url: string, profile: string): ChildProcess {
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  return spawn(chromium as string, [...flags, `--user-data-dir=${profile}`, url], { stdio: "ignore" });
}
