import type { Writable } from "node:stream";
import { type LogFile, openLogFile } from "./log-file.ts";

/** Access logs of all stages: appended to rotating files, or to standard output for `-`. */
export interface AccessLogs {
  readonly write: (destination: string, line: string) => void;
  readonly close: () => Promise<void>;
}

/** What a slow disk or a pipe nobody reads may hold back; lines beyond it are dropped. */
export const MAX_WAITING_LOG_BYTES = 8 * 1024 * 1024;

/** `onTrouble` is told once per file that cannot be written. */
export function openAccessLogs(onTrouble: (message: string) => void, stdout: Writable = process.stdout): AccessLogs {
  const files = new Map<string, LogFile>();
  return {
    write: (destination, line) => {
      if (destination === "-") {
        if (stdout.writableLength < MAX_WAITING_LOG_BYTES) stdout.write(`${line}\n`);
        return;
      }
      let file = files.get(destination);
      if (file === undefined) {
        file = openLogFile(destination, {
          maxWaitingBytes: MAX_WAITING_LOG_BYTES,
          onTrouble: (cause) => onTrouble(`cannot write the access log ${destination} (${cause}): its lines are lost`),
        });
        files.set(destination, file);
      }
      file.write(line);
    },
    close: async () => {
      await Promise.all([...files.values()].map((file) => file.close()));
      files.clear();
    },
  };
}
