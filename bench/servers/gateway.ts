/** A gateway on the benchmark's project, started from the source as a program would; `argv[2]` is the isolation. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGatewarden } from "../../src/index.ts";

const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-bench-"));
const gateway = await startGatewarden({
  config: join(import.meta.dirname, "../project/gatewarden.yaml"),
  dataDir,
  // How fast it is, not how fast an account may be.
  accountThrottle: null,
  lambdaIsolation: process.argv[2] === "process" ? "process" : "worker",
});
process.send?.({
  url: gateway.url(),
  issuer: gateway.issuer,
  token: gateway.token({ api: "https://bench.example", scopes: ["read:pets", "create:pets"] }),
});
process.on("disconnect", async () => {
  await gateway.stop();
  rmSync(dataDir, { recursive: true, force: true });
  process.exit();
});
