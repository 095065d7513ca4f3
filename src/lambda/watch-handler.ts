import { existsSync, type FSWatcher, readFileSync, statSync, watch } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { MAX_WATCHED_FILES, WATCH_DEBOUNCE_MS } from "./limits.ts";

/** Relative imports in any of their forms. A string that merely looks like one costs nothing but a look-up. */
const RELATIVE_IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.{1,2}\/[^"'\n]*)["']/g;
const EXTENSIONS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".json"];

/**
 * The handler's file and what it imports by relative path, without `node_modules`. Found by reading, not by running:
 * a file loaded under a computed name is not seen.
 */
export function findHandlerFiles(handlerFile: string): Set<string> {
  const found = new Set<string>([handlerFile]);
  for (const file of found) {
    if (extname(file) === ".json") continue;
    for (const [, name = ""] of readText(file).matchAll(RELATIVE_IMPORT)) {
      const imported = resolveFile(resolve(dirname(file), name));
      if (imported === undefined || imported.includes("/node_modules/")) continue;
      if (found.size >= MAX_WATCHED_FILES) return found;
      found.add(imported);
    }
  }
  return found;
}

/**
 * Calls `onChange` once after any of the handler's files was changed, replaced, created or removed. The folders are
 * watched, since editors replace files. Returns the function that ends it.
 */
export function watchHandler(handlerFile: string, onChange: () => void): () => void {
  let files = new Set<string>();
  const folders = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    files = findHandlerFiles(handlerFile);
    const wanted = new Set([...files].map((file) => dirname(file)));
    for (const [folder, watcher] of folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      folders.delete(folder);
    }
    for (const folder of wanted) {
      if (folders.has(folder) || !existsSync(folder)) continue;
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name !== null && !files.has(join(folder, basename(name)))) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          look();
          onChange();
        }, WATCH_DEBOUNCE_MS).unref();
      });
      watcher.on("error", () => {});
      folders.set(folder, watcher);
    }
  }

  look();
  return () => {
    clearTimeout(timer);
    for (const watcher of folders.values()) watcher.close();
    folders.clear();
  };
}

/** `./a`, `./a.js` meaning `./a.ts`, or a folder's index. */
function resolveFile(path: string): string | undefined {
  const asTypeScript = path.replace(/\.([mc]?)js$/, ".$1ts");
  const candidates = [
    ...EXTENSIONS.map((extension) => path + extension),
    asTypeScript,
    ...EXTENSIONS.slice(1).map((extension) => join(path, `index${extension}`)),
  ];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
