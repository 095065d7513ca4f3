import { createWriteStream, type WriteStream } from "node:fs";
import type { Writable } from "node:stream";

/** Access logs of all stages: appended to files, or to standard output for `-`. */
export interface AccessLogs {
  readonly write: (destination: string, line: string) => void;
  readonly close: () => Promise<void>;
}

/** What a slow disk or a pipe nobody reads may hold back; lines beyond it are dropped. */
export const MAX_WAITING_LOG_BYTES = 8 * 1024 * 1024;

/** `onTrouble` is told once per file that cannot be written. */
export function openAccessLogs(onTrouble: (message: string) => void, stdout: Writable = process.stdout): AccessLogs {
  const streams = new Map<string, WriteStream>();
  return {
    write: (destination, line) => {
      if (destination === "-") {
        if (stdout.writableLength < MAX_WAITING_LOG_BYTES) stdout.write(`${line}\n`);
        return;
      }
      let stream = streams.get(destination);
      if (stream === undefined) {
        stream = createWriteStream(destination, { flags: "a", mode: 0o600 });
        stream.on("error", (error: NodeJS.ErrnoException) => {
          onTrouble(`cannot write the access log ${destination} (${error.code ?? error.message}): its lines are lost`);
        });
        streams.set(destination, stream);
      }
      if (!stream.errored && stream.writableLength < MAX_WAITING_LOG_BYTES) stream.write(`${line}\n`);
    },
    close: async () => {
      await Promise.all(
        [...streams.values()].map(
          (stream) => new Promise((resolve) => (stream.errored ? resolve(undefined) : stream.end(resolve))),
        ),
      );
      streams.clear();
    },
  };
}
