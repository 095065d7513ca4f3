import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/*
 * Ports for what comes back to the port that it had: below those that systems hand out by themselves, of which another
 * program may have taken it, or its next one, meanwhile.
 */
const LOWEST = 20_000;
const PAIRS = 6_000;

/** A free port whose next one is free, too. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = LOWEST + 2 * randomInt(PAIRS);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (listens) await new Promise((resolve) => server.close(resolve));
  return listens;
}
