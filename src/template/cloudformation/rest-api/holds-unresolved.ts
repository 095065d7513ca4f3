import { isMapping } from "../../source-node.ts";
import { UNRESOLVED } from "../resolve-template.ts";

/** Whether a document that is taken whole holds an intrinsic function whose value is not known. */
export function holdsUnresolved(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsUnresolved);
  if (!isMapping(value)) return false;
  return Object.entries(value).some(([key, inner]) => key.startsWith(UNRESOLVED) || holdsUnresolved(inner));
}
