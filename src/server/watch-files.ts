import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Editors write several times at once; one reload answers all of it. */
const SETTLE_MS = 50;

/**
 * Calls back after any of the files changed. Their folders are watched, since editors replace files instead of writing
 * them, and the folders' own folders, since a checkout replaces whole folders.
 */
export function watchFiles(files: () => readonly string[], onChange: () => void): { readonly stop: () => void } {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const unwatch = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const onEvent = (folder: string, name: string | null): void => {
    const isChild = (path: string): boolean => dirname(path) === folder && (name === null || basename(path) === name);
    const folders = files().map((file) => dirname(file));
    const replaced = folders.filter(isChild);
    if (replaced.length === 0 && !files().some(isChild)) return;
    // What was watched under that name may be gone, and another folder be there.
    for (const each of replaced) unwatch(each);
    clearTimeout(timer);
    timer = setTimeout(() => {
      watchAll();
      onChange();
      watchAll();
    }, SETTLE_MS);
  };
  const watchAll = (): void => {
    if (isStopped) return;
    const folders = files().map((file) => dirname(file));
    for (const folder of new Set([...folders, ...folders.map((each) => dirname(each))])) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, (_event, name) => onEvent(folder, name));
        watcher.on("error", () => unwatch(folder));
        watchers.set(folder, watcher);
      } catch {
        // Not there yet, or not to be watched: looked for again after each change.
      }
    }
  };

  watchAll();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
