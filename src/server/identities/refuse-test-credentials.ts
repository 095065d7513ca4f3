import { isLoopback } from "../../token/loopback.ts";
import type { ServerOptions } from "../server-options.ts";
import { StartError } from "../start-error.ts";

/** Everybody knows the key `test`, and it may do everything: for a developer's own machine only. @throws StartError */
export function refuseTestCredentials({ host, mode, testCredentials }: ServerOptions): void {
  if (testCredentials !== true || (mode === "development" && isLoopback(host))) return;
  throw new StartError(
    "--test-credentials lets whoever signs with test/test do everything, so only a development server on a loopback address takes it. Declare users in iam.yaml instead.",
    2,
  );
}
