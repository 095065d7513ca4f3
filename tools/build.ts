/**
 * Builds what is published: `dist/` from `src/` by tsc, and the authorizer that ships as one prebuilt CommonJS file, so
 * that bundling it later needs no bundler. The browser example's SDK comes along as files, since whoever installs the
 * package has no development dependencies. Run by `npm pack` through `prepack`.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

const modules = join(root, "node_modules");
const vendored = join(root, "dist/examples-vendor");
mkdirSync(vendored);
for (const name of ["auth0-spa-js.production.esm.js", "auth0-spa-js.worker.production.js"]) {
  copyFileSync(join(modules, "@auth0/auth0-spa-js/dist", name), join(vendored, name));
}
/** What is inside those files. */
const BUNDLED = ["@auth0/auth0-spa-js", "@auth0/auth0-auth-js", "browser-tabs-lock", "dpop", "es-cookie"];
const BUNDLED_BY_AUTH_JS = ["jose", "oauth4webapi", "openid-client"];
const licences = [...BUNDLED, ...BUNDLED_BY_AUTH_JS].map((name) => {
  const file = readdirSync(join(modules, name)).find((each) => /^licen[sc]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `${name}\n\n${readFileSync(join(modules, name, file), "utf8").trim()}\n`;
});
writeFileSync(join(vendored, "LICENSE"), licences.join("\n----\n\n"));
