import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { freePortPair } from "./free-port.ts";

/** A redis-server of a test's own; where none is installed, tests say so and skip. */
export interface RedisServer {
  readonly url: string;
  readonly process: ChildProcess;
}

const PORTS_TRIED = 5;

/** Redis without a file of its own, on the port given or on a free one. */
export async function startRedis(port?: number): Promise<RedisServer> {
  for (let tried = 1; ; tried++) {
    const chosen = port ?? (await freePortPair());
    const process = spawn(
      "redis-server",
      ["--port", `${chosen}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let said = "";
    for await (const chunk of process.stdout) {
      said += chunk;
      if (said.includes("Ready to accept connections")) return { url: `redis://127.0.0.1:${chosen}`, process };
    }
    // A free port may be taken by another test before Redis has it.
    const isLost = said.includes("Address already in use") && port === undefined && tried < PORTS_TRIED;
    if (!isLost) throw new Error(`redis-server ended before it was ready: ${said}`);
  }
}

export async function stopRedis({ process }: RedisServer): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill("SIGCONT");
  process.kill("SIGKILL");
  await once(process, "exit");
}

export function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("redis-server is not installed: nothing of the Redis engine is tested here");
    return false;
  }
}
