import { join } from "node:path";
import { eachUnknownKey } from "../../report.ts";
import { readText } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { ResourceProblems, StackContext } from "./stack-context.ts";

const KEYS = new Set(["DestinationArn", "Format"]);

/** A stage's access log: a line per request. */
interface AccessLog {
  readonly format: string;
  readonly destination: string;
}

/** AWS writes to a log group; here to `access-logs/{apiId}-{stage}.log` in the data folder. */
export function readAccessLog(
  node: SourceNode | undefined,
  apiId: string,
  stageName: string,
  problems: ResourceProblems,
  { dataDir }: Pick<StackContext, "dataDir">,
): AccessLog | undefined {
  if (node === undefined) return undefined;
  if (!node.isMapping) problems.invalid(node, show(node.value), "a mapping");
  eachUnknownKey(node, KEYS, (child, fix) => {
    const message = `${node.name} has the unknown property ${show(child.name)}.`;
    problems.add("stage-property-unknown", child, message, fix);
  });
  const format = readText(node.get("Format"), problems.invalid);
  if (format === undefined) {
    if (!node.get("Format")) problems.missing(`${node.name}.Format`, "a line of $context variables");
    return undefined;
  }
  return { format: format.trimEnd(), destination: join(dataDir, "access-logs", `${apiId}-${stageName}.log`) };
}
