import { hash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { unzipSync } from "fflate";
import type { Materialize } from "../../template/cloudformation/resources/stack-context.ts";

/** Lambda's own bound on unpacked code, in bytes (D: Lambda quotas, 250 MB). */
export const MAX_UNPACKED_BYTES = 250 * 1024 * 1024;

/**
 * Puts code that has no folder of its own below the data folder: a folder for each content, so that unchanged code keeps
 * its folder and changed code gets another.
 */
export function createMaterialize(dataDir: string): Materialize {
  const codeFolder = join(dataDir, "code");
  /** Else the nearest package.json above could make ES modules of a function's CommonJS. */
  const stopLookup = (): void => {
    mkdirSync(codeFolder, { recursive: true, mode: 0o700 });
    writeFileSync(join(codeFolder, "package.json"), "{}\n", { mode: 0o600 });
  };
  const once = (content: string | Buffer, write: (folder: string) => void): string => {
    const folder = join(codeFolder, hash("sha256", content, "hex").slice(0, 32));
    if (existsSync(folder)) return folder;
    stopLookup();
    // Whole or not at all: another process may be looking.
    const unfinished = `${folder}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    write(unfinished);
    try {
      renameSync(unfinished, folder);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
    return folder;
  };
  return {
    inlineCode: (_functionArn, code) =>
      once(code, (folder) => writeFileSync(join(folder, "index.js"), code, { mode: 0o600 })),
    zip: (file) => {
      const content = readFileSync(file);
      return once(content, (folder) => unpack(content, folder));
    },
  };
}

/** @throws Error for a zip that cannot be read, is too large, or names files outside the folder */
function unpack(content: Buffer, folder: string): void {
  let total = 0;
  const files = unzipSync(content, {
    filter: ({ originalSize }) => {
      total += originalSize;
      if (total > MAX_UNPACKED_BYTES) throw new Error(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
      return true;
    },
  });
  for (const [name, bytes] of Object.entries(files)) {
    const path = resolve(folder, name);
    if (!path.startsWith(folder + sep)) throw new Error(`it names ${JSON.stringify(name)}, outside its folder`);
    if (name.endsWith("/")) continue;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, bytes, { mode: 0o600 });
  }
}
