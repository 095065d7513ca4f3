import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The authorizer Lambda that ships: the prebuilt file of the published package, or its source in a checkout. */
export function shippedAuthorizerFile(): string {
  const built = fileURLToPath(new URL("../authorizer/bundle/index.cjs", import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL("../authorizer/handler.ts", import.meta.url));
}
