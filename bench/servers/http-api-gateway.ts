/**
 * A gateway on project/http-api.yaml, started from the source as a program would; `argv`: the isolation, the issuer and
 * the backend.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGatewarden } from "../../src/index.ts";

const [isolation, issuer = "", backend = ""] = process.argv.slice(2);
const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-bench-"));
const gateway = await startGatewarden({
  files: [join(import.meta.dirname, "../project/http-api.yaml")],
  config: join(import.meta.dirname, "../project/http-api.gatewarden.yaml"),
  parameters: { Issuer: issuer, Backend: backend },
  dataDir,
  // How fast it is, not how fast an account may be.
  accountThrottle: null,
  issuerPort: false,
  lambdaIsolation: isolation === "process" ? "process" : "worker",
});
process.send?.({ url: gateway.url() });
process.on("disconnect", async () => {
  await gateway.stop();
  rmSync(dataDir, { recursive: true, force: true });
  process.exit();
});
