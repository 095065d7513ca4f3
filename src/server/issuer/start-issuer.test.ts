import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { IssuerEvent } from "../../issuer/issuer-event.ts";
import { openKeyRing } from "../../issuer/keys/keys.ts";
import { openStateFolder } from "../../issuer/state-folder.ts";
import { startIssuer } from "./start-issuer.ts";

test("a rotation by another process is an event of the running issuer", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-issuer-plane-"));
  const events: IssuerEvent[] = [];
  const plane = await startIssuer({
    port: 0,
    scheme: "http",
    dataDir,
    tenant: undefined,
    cwd: dataDir,
    onDefect: (error) => {
      throw error;
    },
    onTrouble: undefined,
    onIssuerEvent: (event) => events.push(event),
  });
  try {
    await plane.serve();
    const other = await openKeyRing(openStateFolder(dataDir));
    const { kid } = await other.rotate();
    await expect
      .poll(() => {
        plane.jwks();
        return events;
      })
      .toEqual([{ kind: "keys_changed", message: `Another process rotated the keys: ${kid} signs from now on.` }]);
  } finally {
    await plane.stop();
    rmSync(dataDir, { recursive: true });
  }
});
