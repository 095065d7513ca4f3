import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { EnvironmentBoot } from "./environment.ts";
import { CALLBACK_REMOVED_MESSAGE, RuntimeError } from "./error-shapes.ts";

/** A user's handler; its styles are told apart by its declared parameters and by what it returns. */
export type Handler = (event: unknown, context: unknown, callback?: unknown) => unknown;

export interface LoadedHandler {
  readonly handler: Handler;
  /** Declared with `async`. */
  readonly isAsync: boolean;
}

/**
 * Loads the module and finds the handler in it, as Lambda's Node.js runtime does: `.mjs` and `.js` under
 * `"type": "module"` are imported, everything else is required.
 *
 * @throws RuntimeError `Runtime.ImportModuleError`, `Runtime.UserCodeSyntaxError`, `Runtime.HandlerNotFound`,
 * `Runtime.CallbackHandlerDeprecated`; and whatever the module itself throws.
 */
export async function loadHandler(boot: EnvironmentBoot): Promise<LoadedHandler> {
  const loaded = await loadModule(boot);
  const handlerName = `${moduleName(boot.handlerFile)}.${boot.handlerExport}`;
  const handler = findExport(loaded, boot.handlerExport);
  if (!handler) throw new RuntimeError("HandlerNotFound", `${handlerName} is undefined or not exported`);
  if (typeof handler !== "function") throw new RuntimeError("HandlerNotFound", `${handlerName} is not a function`);
  if (!hasCallbacks(boot.runtime) && handler.length >= 3) {
    throw new RuntimeError("CallbackHandlerDeprecated", CALLBACK_REMOVED_MESSAGE);
  }
  // Its parameters and result are the user's business.
  return { handler: handler as Handler, isAsync: handler.constructor.name === "AsyncFunction" };
}

/** Callback handlers and `context.succeed/fail/done` exist up to nodejs22.x (D: Lambda's Node.js 24 release note). */
export function hasCallbacks(runtime: string): boolean {
  const version = /^nodejs(\d+)\./.exec(runtime)?.[1];
  return version === undefined || Number(version) < 24;
}

/** The first part of Lambda's `Handler` setting: `index` for `/some/where/index.mjs`. */
export function moduleName(handlerFile: string): string {
  return basename(handlerFile, extname(handlerFile));
}

/** Whether Node reads a file with an ambiguous extension as an ES module. */
export function isModuleFolder(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (basename(at) === "node_modules") return false;
    const manifest = join(at, "package.json");
    if (existsSync(manifest)) {
      try {
        const content: unknown = JSON.parse(readFileSync(manifest, "utf8"));
        return typeof content === "object" && content !== null && "type" in content && content.type === "module";
      } catch {
        return false;
      }
    }
    if (at === dirname(at)) return false;
  }
}

async function loadModule({ codeFile, handlerFile }: EnvironmentBoot): Promise<unknown> {
  if (!existsSync(codeFile)) {
    // The text a developer sees on AWS when the file is not in the package (C).
    const text = `Error: Cannot find module '${moduleName(handlerFile)}'\nRequire stack:\n- /var/runtime/index.mjs`;
    throw new RuntimeError("ImportModuleError", text);
  }
  try {
    const extension = extname(codeFile);
    const isModule = extension === ".mjs" || (extension === ".js" && isModuleFolder(dirname(codeFile)));
    return isModule ? await import(pathToFileURL(codeFile).href) : createRequire(codeFile)(codeFile);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError("UserCodeSyntaxError", String(error), error.stack);
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("ImportModuleError", withoutRepeatedLines(String(error)));
    }
    throw error;
  }
}

/** The file is required in its own name, so Node lists it twice in the require stack. */
function withoutRepeatedLines(text: string): string {
  return text
    .split("\n")
    .filter((line, index, lines) => line !== lines[index - 1])
    .join("\n");
}

function findExport(module: unknown, path: string): unknown {
  let found = module;
  for (const key of path.split(".")) {
    if (found === null || (typeof found !== "object" && typeof found !== "function")) return undefined;
    found = (found as Record<string, unknown>)[key]; // any object may be indexed; absent is undefined
  }
  return found;
}
