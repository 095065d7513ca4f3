import type { ThrottleSettings } from "../../model/usage-plan.ts";
import { readInteger } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { FieldReader } from "./field-reader.ts";

const KEYS = new Set(["rateLimit", "burstLimit"]);

/** `{rateLimit, burstLimit}`; one of them is enough, and 0 lets nothing through. */
export function readThrottle(
  node: SourceNode | undefined,
  what: string,
  reader: FieldReader,
): ThrottleSettings | undefined {
  if (node === undefined || !reader.expectMapping(node, `the ${what}`)) return undefined;
  reader.refuseUnknownKeys(node, KEYS, what);
  const rateNode = node.get("rateLimit");
  const rateLimit = rateNode?.value;
  const isRate = typeof rateLimit === "number" && Number.isFinite(rateLimit) && rateLimit >= 0;
  if (rateNode && !isRate) reader.invalid(rateNode, show(rateLimit), "a number from 0");
  const burstLimit = readInteger(node.get("burstLimit"), 0, Number.MAX_SAFE_INTEGER, reader.invalid);
  if (node.entries().length === 0) {
    reader.refuse(node.at(), `The ${what} limits nothing, wanted rateLimit, burstLimit or both.`);
  }
  return { ...(isRate && { rateLimit }), ...(burstLimit === undefined ? {} : { burstLimit }) };
}
