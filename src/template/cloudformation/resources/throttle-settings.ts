import type { ThrottleSettings } from "../../../model/usage-plan.ts";
import { readInteger } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { type ResourceProblems, refuseUnknownKeys } from "./stack-context.ts";

/** Reads `RateLimit` and `BurstLimit`; 0 counts, too, and lets nothing through (R of HTTP APIs). */
export function readThrottle(node: SourceNode | undefined, problems: ResourceProblems): ThrottleSettings | undefined {
  if (node === undefined) return undefined;
  if (!node.isMapping) problems.invalid(node, show(node.value), "a mapping of RateLimit and BurstLimit");
  refuseUnknownKeys(node, ["BurstLimit", "RateLimit"], problems);
  const burstLimit = readInteger(node.get("BurstLimit"), 0, Number.MAX_SAFE_INTEGER, problems.invalid);
  const rateLimit = readRate(node.get("RateLimit"), problems);
  return { ...(rateLimit === undefined ? {} : { rateLimit }), ...(burstLimit === undefined ? {} : { burstLimit }) };
}

/** Requests a second, a fraction allowed. */
export function readRate(node: SourceNode | undefined, problems: ResourceProblems): number | undefined {
  if (node === undefined) return undefined;
  const rate = typeof node.value === "string" && node.value.trim() !== "" ? Number(node.value) : node.value;
  if (typeof rate === "number" && Number.isFinite(rate) && rate >= 0) return rate;
  problems.invalid(node, show(node.value), "a number from 0");
  return undefined;
}
