import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Trigger } from "./action-api.ts";

export type ActionHandler = (event: object, api: object) => unknown;

export interface LoadedModule {
  readonly handlers: Readonly<Partial<Record<Trigger, ActionHandler>>>;
  readonly code: string;
  readonly modifiedAt: string;
}

/** The developer's file as it is now. */
export interface ActionModule {
  readonly path: string;
  /** Loads it again when it has changed. @throws ActionLoadError */
  load(): Promise<LoadedModule>;
}

/** The message names the file, what is wrong and the next move. */
export class ActionLoadError extends Error {
  override readonly name = "ActionLoadError";
}

export const HANDLER_NAMES: Readonly<Record<Trigger, string>> = {
  "post-login": "onExecutePostLogin",
  "credentials-exchange": "onExecuteCredentialsExchange",
};

/** Auth0's own limit for an Action's code (D: 100 KB); one file here holds all of them. */
export const MAX_ACTION_FILE_BYTES = 1024 * 1024;

/**
 * A CommonJS or ES module of the developer's own: trusted code, loaded from disk only. Whether it has changed is looked up
 * at each use; what it imports itself is loaded once, as in any Node.js program.
 */
export function openActionModule(
  file: string,
  { onUnusedHandler = () => {} }: { readonly onUnusedHandler?: (name: string) => void } = {},
): ActionModule {
  const path = resolve(file);
  let version: string | undefined;
  let loading: Promise<LoadedModule> | undefined;

  async function importAgain(stamp: string): Promise<LoadedModule> {
    const code = readFileSync(path, "utf8");
    forget(path);
    const imported = await import(
      /* @vite-ignore */ `${pathToFileURL(path).href}?version=${encodeURIComponent(stamp)}`
    ).catch(explain);
    const exported = exportsOf(imported);
    const handlers: Partial<Record<Trigger, ActionHandler>> = {};
    for (const [trigger, name] of Object.entries(HANDLER_NAMES) as [Trigger, string][]) {
      const handler = exported[name];
      if (handler === undefined) continue;
      if (typeof handler !== "function") throw new ActionLoadError(`${path} exports ${name}, but it is no function.`);
      handlers[trigger] = handler as ActionHandler;
    }
    const names = Object.values(HANDLER_NAMES);
    if (Object.keys(handlers).length === 0) {
      throw new ActionLoadError(`${path} exports neither ${names.join(" nor ")}. Export one, as Auth0's Actions do.`);
    }
    const unused = Object.keys(exported).filter(
      (name) => /^on(?:Execute|Continue)/.test(name) && !names.includes(name),
    );
    for (const name of unused) onUnusedHandler(name);
    const modifiedAt = statSync(path).mtime.toISOString();
    return { handlers, code, modifiedAt };
  }

  function explain(error: unknown): never {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: "" };
    const problem = message.split("\n", 1)[0]?.replace(/\.$/, "");
    const isMixed = /\b(?:exports|module|require) is not defined/.test(message);
    const cure = isMixed ? " Name the file .cjs, or write it with import and export." : "";
    throw new ActionLoadError(`${path} cannot be loaded: ${problem}.${cure}`, { cause: stack });
  }

  return {
    path,
    async load() {
      const stamp = stampOf(path);
      if (loading === undefined || stamp !== version) {
        version = stamp;
        loading = importAgain(stamp);
        loading.catch(() => {}); // Those who wait for it are told.
      }
      return loading;
    },
  };
}

function stampOf(path: string): string {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path, { bigint: true });
  } catch (error) {
    throw new ActionLoadError(`${path} cannot be read: ${(error as Error).message}.`);
  }
  if (!stat?.isFile()) throw new ActionLoadError(`${path} is no file.`);
  if (stat.size > MAX_ACTION_FILE_BYTES) {
    throw new ActionLoadError(`${path} has ${stat.size} bytes, at most ${MAX_ACTION_FILE_BYTES} are loaded.`);
  }
  const { ino, mtimeNs, size } = stat as unknown as Record<"ino" | "mtimeNs" | "size", bigint>; // asked for above
  return `${ino}-${mtimeNs}-${size}`;
}

/** A new address makes Node.js load an ES module again. CommonJS has a cache of its own, by file. */
function forget(path: string): void {
  delete createRequire(import.meta.url).cache[path];
}

/** CommonJS arrives as `default`, and by its names where Node.js can tell them without running the file. */
function exportsOf(imported: unknown): Readonly<Record<string, unknown>> {
  const module = imported as Readonly<Record<string, unknown>>;
  const whole = module.default;
  return typeof whole === "object" && whole !== null ? { ...(whole as object), ...module } : module;
}
