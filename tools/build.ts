/**
 * Builds what is published: `dist/` from `src/` by tsc, and the authorizer that ships as one prebuilt CommonJS file, so
 * that bundling it later needs no bundler. Run by `npm pack` through `prepack`.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { AUTHORIZER_BUNDLE_OPTIONS, authorizerEntry } from "../src/authorizer/bundle-options.ts";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = createRequire(import.meta.url)
  .resolve("typescript/package.json")
  .replace(/package\.json$/, "bin/tsc");
execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit", cwd: root });
await build({
  ...AUTHORIZER_BUNDLE_OPTIONS,
  stdin: authorizerEntry(join(root, "src/authorizer")),
  outfile: join(root, "dist/authorizer/bundle/index.cjs"),
  logLevel: "error",
});
