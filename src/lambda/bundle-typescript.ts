import { mkdir } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import type { BuildFailure, Message, Plugin } from "esbuild";
import type { ErrorPayload } from "./error-shapes.ts";
import { isModuleFolder, moduleName } from "./load-handler.ts";

/** The code of a function, ready to be loaded, or the error that its callers get. */
export type Bundle =
  | { readonly ok: true; readonly file: string }
  | { readonly ok: false; readonly error: ErrorPayload };

/** Whether a handler has to be translated before Node can load it everywhere. */
export function isTypeScript(handlerFile: string): boolean {
  return [".ts", ".mts", ".cts", ".tsx"].includes(extname(handlerFile));
}

/**
 * Translates and bundles a TypeScript handler with esbuild, as SAM and CDK do when they package it: packages included,
 * Node's own modules not. `.mts` and `.ts` under `"type": "module"` become an ES module, everything else CommonJS.
 * esbuild is loaded on the first use. A fault in the code is told in the shape of Lambda's own errors; the position is
 * in the trace.
 */
export async function bundleTypeScript(handlerFile: string, outFolder: string): Promise<Bundle> {
  const extension = extname(handlerFile);
  const isModule = extension === ".mts" || (extension !== ".cts" && isModuleFolder(dirname(handlerFile)));
  const file = join(outFolder, `${moduleName(handlerFile)}${isModule ? ".mjs" : ".cjs"}`);
  builds += 1;
  try {
    const { build } = await import("esbuild");
    await mkdir(outFolder, { recursive: true, mode: 0o700 });
    await build({
      entryPoints: [handlerFile],
      outfile: file,
      bundle: true,
      platform: "node",
      target: "node22",
      format: isModule ? "esm" : "cjs",
      plugins: [sdkOfTheRuntime],
      sourcemap: "inline",
      sourcesContent: false,
      logLevel: "silent",
      // Bundled CommonJS packages call `require`, which an ES module does not have.
      ...(isModule
        ? {
            banner: {
              js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
            },
          }
        : {}),
    });
    return { ok: true, file };
  } catch (error) {
    return { ok: false, error: asErrorPayload(error, handlerFile) };
  } finally {
    builds -= 1;
  }
}

/** Lambda's runtime brings the AWS SDK, so a package of it that is not installed here is a matter for the run time. */
const sdkOfTheRuntime: Plugin = {
  name: "aws-sdk-of-the-runtime",
  setup: (build) => {
    build.onResolve({ filter: /^@(aws-sdk|smithy)\// }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === sdkOfTheRuntime) return undefined;
      const found = await build.resolve(path, { kind, resolveDir, pluginData: sdkOfTheRuntime });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};

/** Builds under way in this process: they share esbuild's one helper process. */
let builds = 0;

/** Ends esbuild's helper process, unless another runner is using it. */
export async function stopBundling(): Promise<void> {
  if (builds > 0) return;
  const { stop } = await import("esbuild");
  await stop();
}

function asErrorPayload(error: unknown, handlerFile: string): ErrorPayload {
  const first = isBuildFailure(error) ? error.errors[0] : undefined;
  if (first === undefined) {
    return { errorType: "Runtime.UserCodeSyntaxError", errorMessage: `SyntaxError: ${String(error)}`, trace: [] };
  }
  const missing = /^Could not resolve "(.+?)"/.exec(first.text)?.[1];
  if (missing !== undefined) {
    const importer = first.location?.file ?? handlerFile;
    const errorMessage = `Error: Cannot find module '${missing}'\nRequire stack:\n- ${importer}`;
    return {
      errorType: "Runtime.ImportModuleError",
      errorMessage,
      trace: `Runtime.ImportModuleError: ${errorMessage}`.split("\n"),
    };
  }
  const errorMessage = `SyntaxError: ${first.text}`;
  return { errorType: "Runtime.UserCodeSyntaxError", errorMessage, trace: [positionOf(first), errorMessage] };
}

function positionOf({ location }: Message): string {
  return location === null ? "" : `${location.file}:${location.line}:${location.column + 1}`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
