import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

/** Where the issuer keeps what must stay secret and must not change: keys and client secrets. */
export interface StateFolder {
  readonly path: string;
  /** A file's text, or undefined when it was never made. @throws StateFolderError when others can read it */
  read(name: string): string | undefined;
  /** A file's text; on the first call what `make` answers. Of several processes starting at once, all get one text. */
  readOrCreate(name: string, make: () => string | Promise<string>): Promise<string>;
  /** The same at once, for what is made without waiting. */
  readOrCreateNow(name: string, make: () => string): string;
  /**
   * Replaces a file, or makes it: whoever reads at the same time gets the old text or the new one, never a part.
   *
   * @param mode 0644 is for what is public and read by other programs, such as a CA's certificate
   * @throws StateFolderError when it would be too large to be read again
   */
  write(name: string, text: string, mode?: 0o600 | 0o644): void;
  /** Removes a file; one that is not there is fine. */
  remove(name: string): void;
}

export class StateFolderError extends Error {
  readonly code: "unusable_path" | "not_private" | "malformed";
  readonly path: string;

  constructor(code: StateFolderError["code"], path: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StateFolderError";
    this.code = code;
    this.path = path;
  }
}

/** Largest file that is read; a key file has about 3 KB. */
export const MAX_STATE_FILE_BYTES = 64 * 1024;

/**
 * Opens `{dataDir}/issuer`, made when missing: folders 0700, files 0600, kept out of git.
 *
 * @throws StateFolderError naming the path and the cause
 */
export function openStateFolder(dataDir: string): StateFolder {
  const folder = join(resolve(dataDir), "issuer");
  makeFolder(folder);
  refuseShared(folder);

  function read(name: string): string | undefined {
    const path = join(folder, name);
    try {
      const { mode, size } = statSync(path);
      // Windows has no such modes: there the folder of the user's profile is what protects.
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        throw new StateFolderError(
          "not_private",
          path,
          `${path} has mode ${(mode & 0o777).toString(8)}, so others can read it. Delete it (a new one is made), or run chmod 600 on it if nobody has.`,
        );
      }
      refuseLarge(path, size);
      return readFileSync(path, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw asStateFolderError(error, path);
    }
  }

  /** Writes a file whole, out of sight, and lets `publish` give it its name. */
  function place(name: string, text: string, mode: number, publish: (draft: string, path: string) => void): void {
    const path = join(folder, name);
    refuseLarge(path, Buffer.byteLength(text));
    const draft = `${path}.${randomUUID()}.tmp`;
    try {
      makeFolder(join(path, ".."));
      const file = openSync(draft, "wx", mode);
      try {
        writeFileSync(file, text);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      publish(draft, path);
    } catch (error) {
      throw asStateFolderError(error, path);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  function createUnlessThere(name: string, text: string): void {
    place(name, text, 0o600, (draft, path) => {
      try {
        linkSync(draft, path); // Unlike rename, refuses when another process was first.
      } catch (error) {
        if (codeOf(error) !== "EEXIST") renameSync(draft, path); // A file system without hard links.
      }
    });
  }

  if (!existsSync(join(folder, ".gitignore"))) createUnlessThere(".gitignore", "*\n");
  return {
    path: folder,
    read,
    async readOrCreate(name, make) {
      const existing = read(name);
      if (existing !== undefined) return existing;
      createUnlessThere(name, await make());
      return read(name)!; // Either ours or that of the process which was first.
    },
    readOrCreateNow(name, make) {
      const existing = read(name);
      if (existing !== undefined) return existing;
      createUnlessThere(name, make());
      return read(name)!;
    },
    write: (name, text, mode = 0o600) => place(name, text, mode, renameSync),
    remove(name) {
      const path = join(folder, name);
      try {
        rmSync(path, { force: true });
      } catch (error) {
        throw asStateFolderError(error, path);
      }
    },
  };
}

/** Who can write to the folder can put another key in a file's place, whatever the file's own mode. */
function refuseShared(path: string): void {
  const mode = modeOf(path);
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  const message = `The folder ${path} has mode ${mode.toString(8)}, so others can use it. Run chmod 700 on it if nobody has, or delete it (all in it is made anew).`;
  throw new StateFolderError("not_private", path, message);
}

function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777;
  } catch (error) {
    throw asStateFolderError(error, path);
  }
}

function refuseLarge(path: string, bytes: number): void {
  if (bytes <= MAX_STATE_FILE_BYTES) return;
  const message = `${path} has ${bytes} bytes, at most ${MAX_STATE_FILE_BYTES} are expected.`;
  throw new StateFolderError("malformed", path, message);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asStateFolderError(error, path);
  }
}

function asStateFolderError(error: unknown, path: string): StateFolderError {
  if (error instanceof StateFolderError) return error;
  const { message } = error as Error; // node:fs throws nothing else
  return new StateFolderError("unusable_path", path, `Cannot use the issuer's state ${path}: ${message}`, error);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
