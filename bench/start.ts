/** From the start of the command line's process to the demo being ready, keys present; and its resident memory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { residentMb } from "./load/pinned-process.ts";
import { type BenchOptions, type Figure, spreadOf } from "./measurement.ts";

const BIN = join(import.meta.dirname, "../bin/gatewarden.js");
const REQUESTS = 2000;

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-bench-"));
  const readyMs: number[] = [];
  const idleMb: number[] = [];
  const loadedMb: number[] = [];
  try {
    for (let round = 0; round < (quick ? 3 : 11); round++) {
      const began = performance.now();
      const child = spawn(
        process.execPath,
        [BIN, "demo", "--json", "--quiet", "--port", "0", "--issuer-port", "0", "--data-dir", folder],
        { stdio: ["ignore", "pipe", "ignore"] },
      );
      let text = "";
      for await (const chunk of child.stdout) {
        text += chunk;
        if (text.includes("\n")) break;
      }
      const ms = performance.now() - began;
      // The first start makes the keys and fills the compile cache.
      if (round > 0) readyMs.push(ms);
      idleMb.push(residentMb(child.pid ?? 0));
      const { apis, curls } = JSON.parse(text) as { apis: { stages: { url: string }[] }[]; curls: string[] };
      const token = /Bearer ([^']+)/.exec(curls[0] ?? "")?.[1];
      for (let request = 0; request < (quick ? 100 : REQUESTS); request++) {
        const answer = await fetch(`${apis[0]?.stages[0]?.url}/pets`, {
          headers: { authorization: `Bearer ${token}` },
        });
        if (answer.status !== 200) throw new Error(`the demo answered ${answer.status}`);
        await answer.arrayBuffer();
      }
      loadedMb.push(residentMb(child.pid ?? 0));
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    { name: "demo ready, keys present", unit: "ms", spread: spreadOf(readyMs), must: { atMost: 1000 } },
    { name: "resident memory, idle", unit: "MB", spread: spreadOf(idleMb) },
    {
      name: `resident memory after ${REQUESTS} requests`,
      unit: "MB",
      spread: spreadOf(loadedMb),
      note: "authorizer's worker thread included",
    },
  ];
}
