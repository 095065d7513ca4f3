import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseDocument } from "yaml";
import { openStateFolder, StateFolderError } from "../issuer/state-folder.ts";
import { openDataDir } from "../server/data-dir.ts";
import { StartError } from "../server/start-error.ts";
import type { RunningServer } from "../server/start-server.ts";
import { writePrivateFile } from "../server/write-private-file.ts";
import { TEST_AUDIENCE, urlOf } from "./demo-calls.ts";

/** The demo's browser app, on an origin of its own. */
export interface DemoApp {
  /** Without trailing slash: also its origin. */
  readonly url: string;
  /** What the app talks to is known only when the server stands, and the server must know the app's origin before. */
  connect(server: RunningServer): void;
  stop(): Promise<void>;
}

const FOLDER = fileURLToPath(new URL("../../examples/spa/", import.meta.url));

/** Starts the app on a loopback port; 0 takes any free one. @throws StartError */
export async function startDemoApp(port: number): Promise<DemoApp> {
  let config: Readonly<Record<string, string>> = {};
  try {
    const { startSpa } = (await import(pathToFileURL(join(FOLDER, "serve.js")).href)) as {
      startSpa: (port: number, config: () => object) => Promise<{ url: string; stop: () => Promise<void> }>;
    };
    const { url, stop } = await startSpa(port, () => config);
    return {
      url,
      stop,
      connect: (server) => {
        const { issuer } = server.ready;
        const petsUrl = urlOf(server, "petstore");
        const testUrl = urlOf(server, "httpapi");
        config = {
          ...(issuer !== null && { domain: issuer.replace(/\/$/, "") }),
          ...(petsUrl !== undefined && { petsUrl }),
          ...(testUrl !== undefined && { testUrl }),
          testAudience: TEST_AUDIENCE,
        };
      },
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(
      code === "EADDRINUSE"
        ? `cannot serve the browser app on 127.0.0.1:${port}: the port is in use. Another demo may be running; choose another port with --spa-port.`
        : `cannot serve the browser app: ${message}`,
    );
  }
}

/**
 * The tenant's file that knows the app: on the first start a copy of the example's, later the user's own, in which only
 * the app's address follows its port. @throws StartError
 */
export function prepareDemoTenant(dataDir: string, appUrl: string): string {
  try {
    const file = join(openStateFolder(openDataDir(dataDir).path).path, "tenant.yaml");
    const kept = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    const text = moveApp(kept ?? readFileSync(join(FOLDER, "tenant.yaml"), "utf8"), new URL(appUrl).port);
    if (text !== kept) writePrivateFile(file, text);
    return file;
  } catch (error) {
    if (error instanceof StateFolderError) throw new StartError(error.message);
    throw error;
  }
}

/** The tenant's text with the app's callbacks at another port. A text that is not understood stays: the issuer will say why. */
function moveApp(text: string, port: string): string {
  const { clientId } = JSON.parse(readFileSync(join(FOLDER, "auth_config.json"), "utf8"));
  const document = parseDocument(text);
  const applications: unknown = document.errors.length > 0 ? undefined : document.toJS()?.applications;
  const own = listOf(applications).find((each) => (each as { client_id?: unknown } | null)?.client_id === clientId);
  const callback = listOf((own as { callbacks?: unknown } | undefined)?.callbacks).find(isLoopbackOrigin);
  if (callback === undefined) return text;
  const { port: before } = new URL(callback);
  return text.replace(/\bhttp:\/\/(localhost|127\.0\.0\.1):(\d+)\b/g, (found, host, itsPort) =>
    itsPort === before ? `http://${host}:${port}` : found,
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isLoopbackOrigin(url: unknown): url is string {
  return typeof url === "string" && /^http:\/\/(localhost|127\.0\.0\.1):\d+$/.test(url);
}
