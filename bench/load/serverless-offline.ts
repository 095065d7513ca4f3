import { join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { CORES, type PinnedProcess, type startPinned } from "./pinned-process.ts";

const OFFLINE_READY_MS = 60_000;

/**
 * `serverless offline start` with osls, which is that command without the download; see README.md. It starts no JWT
 * authorizer unless it is told to check no signature.
 */
export async function startServerlessOffline(
  start: typeof startPinned,
  issuer: string,
): Promise<{ readonly process: PinnedProcess; readonly origin: string }> {
  const [httpPort, lambdaPort, albPort] = await freePorts(3);
  const process = start(
    CORES.servers,
    [
      join(import.meta.dirname, "../node_modules/serverless/bin/serverless.js"),
      ...["offline", "start", "--host", "127.0.0.1", "--noSponsor", "--ignoreJWTSignature"],
      ...["--httpPort", `${httpPort}`, "--lambdaPort", `${lambdaPort}`, "--albPort", `${albPort}`],
    ],
    {
      cwd: join(import.meta.dirname, "../project"),
      isQuiet: true,
      env: { TOKEN_ISSUER: issuer, SLS_TELEMETRY_DISABLED: "1", SLS_NOTIFICATIONS_MODE: "off" },
    },
  );
  const origin = `http://127.0.0.1:${httpPort}`;
  const giveUpAt = performance.now() + OFFLINE_READY_MS;
  for (;;) {
    const isUp = await fetch(origin).then(
      () => true,
      () => false,
    );
    if (isUp) return { process, origin };
    if (performance.now() > giveUpAt || process.child.exitCode !== null) {
      throw new Error("serverless-offline did not start: run `npm --prefix bench ci`, then its command by hand");
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
