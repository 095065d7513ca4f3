import { expect, test } from "vitest";
import type { RunningServer } from "../server/start-server.ts";
import { serveUntilSignal } from "./serve.ts";

function fakeServer() {
  const server = { stops: 0, stop: async () => void server.stops++ };
  return server as unknown as RunningServer & { readonly stops: number };
}

test("a server that cannot be announced is stopped, so that the command ends", async () => {
  const server = fakeServer();
  const announcing = serveUntilSignal(
    async () => server,
    () => {
      throw new Error("nothing to announce");
    },
  );
  await expect(announcing).rejects.toThrow("nothing to announce");
  expect(server.stops).toBe(1);
});

test("signals are caught while the command serves, and not after it", async () => {
  const server = fakeServer();
  const before = process.listenerCount("SIGTERM");
  const serving = serveUntilSignal(
    async () => server,
    () => {
      expect(process.listenerCount("SIGTERM")).toBe(before + 1);
      process.emit("SIGTERM", "SIGTERM");
    },
  );
  expect(await serving).toBe(0);
  expect([server.stops, process.listenerCount("SIGTERM")]).toEqual([1, before]);
});
