import type { IncomingMessage } from "node:http";
import { GrowingBody } from "../../execute-api/integrations/http-client/growing-body.ts";
import { CHUNKED } from "./read-head.ts";

export const noBody: Buffer = Buffer.alloc(0);

/**
 * Buffers a request's body. Calls `done` exactly once with all of it, or with undefined as soon as it is over the
 * limit; never when the client goes away first or breaks the framing (the connection's error handling answers that).
 */
export function readBody(
  request: IncomingMessage,
  declaredLength: number,
  limitBytes: number,
  done: (body: Buffer | undefined) => void,
): void {
  let whole: Buffer | undefined;
  let pieces: GrowingBody | undefined;
  let isOver = false;
  request.on("data", (chunk: Buffer) => {
    if (isOver) return;
    if (pieces === undefined && chunk.length === declaredLength && declaredLength !== CHUNKED) {
      whole = chunk;
      return;
    }
    pieces ??= new GrowingBody();
    if (pieces.length + chunk.length > limitBytes) {
      isOver = true;
      pieces = undefined;
      done(undefined);
      return;
    }
    pieces.append(chunk);
  });
  request.on("end", () => {
    if (!isOver) done(whole ?? pieces?.take() ?? noBody);
  });
}
