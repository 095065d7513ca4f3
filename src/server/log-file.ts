import { createWriteStream, renameSync, rmSync, statSync, type WriteStream } from "node:fs";

/** A file that lines are appended to, in order; only its owner can read it. */
export interface LogFile {
  readonly write: (line: string) => void;
  /** Resolves once everything written is in the file. */
  readonly close: () => Promise<void>;
}

export interface LogFileOptions {
  /** Lines beyond what the disk takes are dropped. */
  readonly maxWaitingBytes: number;
  /** Told once, with an error code such as ENOSPC. */
  readonly onTrouble: (cause: string) => void;
  readonly maxBytes?: number;
}

/** A file that is this long becomes `{file}.1`, that one `{file}.2` and so on; the oldest is removed. */
export const MAX_LOG_FILE_BYTES = 64 * 1024 * 1024;
export const KEPT_LOG_FILES = 5;

/** Opened at the first line. The folder must exist. */
export function openLogFile(path: string, options: LogFileOptions): LogFile {
  const { maxWaitingBytes, onTrouble, maxBytes = MAX_LOG_FILE_BYTES } = options;
  let stream: WriteStream | undefined;
  let bytes = 0;
  let isLost = false;
  const closing: Promise<void>[] = [];

  const lose = (error: unknown): void => {
    if (!isLost) onTrouble(error instanceof Error && "code" in error ? String(error.code) : String(error));
    isLost = true;
  };
  const open = (): WriteStream => {
    bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const opened = createWriteStream(path, { flags: "a", mode: 0o600 });
    opened.on("error", lose);
    return opened;
  };
  const ended = (done: WriteStream): Promise<void> =>
    new Promise((resolve) => (done.errored ? resolve() : done.end(() => resolve())));
  const rotate = (): void => {
    if (stream) closing.push(ended(stream));
    stream = undefined;
    try {
      rmSync(`${path}.${KEPT_LOG_FILES}`, { force: true });
      for (let age = KEPT_LOG_FILES - 1; age >= 1; age--) renameIfThere(`${path}.${age}`, `${path}.${age + 1}`);
      renameIfThere(path, `${path}.1`);
    } catch (error) {
      lose(error);
    }
  };

  return {
    write: (line) => {
      if (isLost) return;
      // A stream that is still being opened goes on under the new name, so nothing it holds is lost.
      if (stream !== undefined && bytes >= maxBytes && !stream.pending) rotate();
      stream ??= open();
      if (stream.writableLength >= maxWaitingBytes) return;
      const text = `${line}\n`;
      bytes += Buffer.byteLength(text);
      stream.write(text);
    },
    close: async () => {
      if (stream) closing.push(ended(stream));
      stream = undefined;
      await Promise.all(closing);
    },
  };
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}
