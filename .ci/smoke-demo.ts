/** `npm start`, as the README tells a newcomer: every curl line answers what the demo says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDemo } from "./demo-checks.ts";

const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-smoke-"));
try {
  const root = join(import.meta.dirname, "..");
  const calls = await checkDemo("npm", ["start", "--silent", "--", "--data-dir", dataDir], root);
  console.log(`npm start: ${calls} curl lines answered`);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
