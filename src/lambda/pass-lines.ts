import type { Readable } from "node:stream";
import type { EnvironmentEvents } from "./environment.ts";
import { MAX_LOG_LINE_CHARACTERS } from "./limits.ts";

/**
 * Passes on what an environment writes past the capture inside: native code, Node's own fatal errors, a grandchild.
 * Such a line belongs to no invocation that one could name for sure.
 */
export function passLines(stream: Readable | null, events: EnvironmentEvents): void {
  if (stream === null) return;
  let unfinished = "";
  const tell = (text: string): void => {
    if (text !== "") events.onLog({ requestId: "", level: undefined, text });
  };
  stream.setEncoding("utf8");
  stream.on("error", () => {});
  stream.on("data", (chunk: string) => {
    const lines = (unfinished + chunk).split("\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) tell(line);
    // Cut, never split: the second half of a token would not be recognised as one.
    unfinished = unfinished.slice(0, MAX_LOG_LINE_CHARACTERS);
  });
  stream.on("end", () => tell(unfinished));
}
