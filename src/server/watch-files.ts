import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Editors write several times at once; one reload answers all of it. */
const SETTLE_MS = 50;

/**
 * Calls back after any of the files changed. Folders are watched, since editors replace files instead of writing them.
 */
export function watchFiles(files: () => readonly string[], onChange: () => void): { readonly stop: () => void } {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const watchAll = (): void => {
    for (const folder of new Set(files().map((file) => dirname(file)))) {
      if (watchers.has(folder)) continue;
      // A folder that is not there yet is looked for again after each change.
      if (!existsSync(folder)) continue;
      const watcher = watch(folder, (_event, name) => {
        if (name !== null && !files().some((file) => dirname(file) === folder && basename(file) === name)) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          onChange();
          watchAll();
        }, SETTLE_MS);
      });
      watcher.on("error", () => watchers.delete(folder));
      watchers.set(folder, watcher);
    }
  };
  watchAll();
  return {
    stop: () => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
