/**
 * How the authorizer becomes the one file that is deployed: esbuild options as plain data. The entry assigns `exports`
 * itself, which spares the wrapper that makes a CommonJS module of an ES module.
 *
 *     const { outputFiles } = await build({ ...AUTHORIZER_BUNDLE_OPTIONS, stdin: authorizerEntry(folder), write: false });
 */
export const AUTHORIZER_BUNDLE_OPTIONS = {
  bundle: true,
  minify: true,
  format: "cjs",
  platform: "node",
  target: "node22",
  logOverride: { "commonjs-variable-in-esm": "silent" },
} as const;

/** esbuild's `stdin` for the folder that holds handler.ts (or handler.js after the build). */
export function authorizerEntry(folder: string, extension: "ts" | "js" = "ts") {
  return {
    contents: `import { handler } from "./handler.${extension}"; exports.handler = handler;`,
    resolveDir: folder,
  };
}
