import { createWriteStream, type WriteStream } from "node:fs";

/** Access logs of all stages: appended to files, or to standard output for `-`. */
export interface AccessLogs {
  readonly write: (destination: string, line: string) => void;
  readonly close: () => Promise<void>;
}

export function openAccessLogs(onError: (error: unknown) => void): AccessLogs {
  const streams = new Map<string, WriteStream>();
  return {
    write: (destination, line) => {
      if (destination === "-") {
        process.stdout.write(`${line}\n`);
        return;
      }
      let stream = streams.get(destination);
      if (stream === undefined) {
        stream = createWriteStream(destination, { flags: "a", mode: 0o600 });
        stream.on("error", onError);
        streams.set(destination, stream);
      }
      stream.write(`${line}\n`);
    },
    close: async () => {
      await Promise.all([...streams.values()].map((stream) => new Promise((resolve) => stream.end(resolve))));
      streams.clear();
    },
  };
}
