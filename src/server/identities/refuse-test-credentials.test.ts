import { expect, test } from "vitest";
import type { ServerOptions } from "../server-options.ts";
import { refuseTestCredentials } from "./refuse-test-credentials.ts";

test.each([
  ["development", "127.0.0.1", true, false],
  ["development", "0.0.0.0", true, true],
  ["production", "127.0.0.1", true, true],
  ["production", "0.0.0.0", false, false],
] as const)("%s on %s, test credentials %s: refused %s", (mode, host, testCredentials, isRefused) => {
  const refuse = () => refuseTestCredentials({ mode, host, testCredentials } as ServerOptions);
  if (isRefused) expect(refuse).toThrow(/iam\.yaml/);
  else expect(refuse).not.toThrow();
});
