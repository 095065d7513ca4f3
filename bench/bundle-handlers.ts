import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { AUTHORIZER_BUNDLE_OPTIONS, authorizerEntry } from "../src/authorizer/bundle-options.ts";

/** The authorizer as it is shipped, bundled from the source of this checkout into `project/build/`. */
export async function bundleShippedAuthorizer(): Promise<{ readonly file: string; readonly bytes: number }> {
  const file = join(import.meta.dirname, "project/build/authorizer.js");
  mkdirSync(join(file, ".."), { recursive: true });
  await build({
    ...AUTHORIZER_BUNDLE_OPTIONS,
    stdin: authorizerEntry(join(import.meta.dirname, "../src/authorizer")),
    outfile: file,
    logLevel: "error",
  });
  return { file, bytes: statSync(file).size };
}

/** A peer's handler, its dependencies bundled into one minified file with the same options. */
export async function bundlePeerAuthorizer(): Promise<{ readonly file: string; readonly bytes: number }> {
  const file = join(import.meta.dirname, "cold-start/build/peer-authorizer.cjs");
  await build({
    ...AUTHORIZER_BUNDLE_OPTIONS,
    entryPoints: [join(import.meta.dirname, "cold-start/peer-authorizer.js")],
    outfile: file,
    logLevel: "error",
  });
  return { file, bytes: statSync(file).size };
}
