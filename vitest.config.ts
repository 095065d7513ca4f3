import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "conformance/**/*.test.ts"],
    pool: "forks",
    // By default one core is left idle, which on two of them doubles the time.
    maxWorkers: "100%",
    // Nothing that works takes so long, on a slow machine with other work either: only what hangs is ended by these.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    passWithNoTests: false,
  },
});
