import {
  MAX_STAGE_VARIABLE_NAME,
  MAX_STAGE_VARIABLE_VALUE,
  MAX_STAGE_VARIABLES,
  STAGE_VARIABLE_VALUE,
} from "../../project-file/project-stage.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { type ResourceProblems, readTextMap } from "./stack-context.ts";

/** The variables of a stage of either kind of API, within AWS's bounds (D: API Gateway quotas, and CreateStage). */
export function readStageVariables(
  node: SourceNode | undefined,
  problems: ResourceProblems,
): Readonly<Record<string, string>> {
  const variables = readTextMap(node, problems.invalid);
  const names = Object.keys(variables);
  if (node && names.length > MAX_STAGE_VARIABLES) {
    problems.invalid(node, `a mapping of ${names.length}`, `at most ${MAX_STAGE_VARIABLES}`);
  }
  for (const name of names) {
    const child = node?.get(name);
    const value = variables[name] ?? "";
    if (child === undefined) continue;
    if (!/^\w+$/.test(name) || name.length > MAX_STAGE_VARIABLE_NAME) {
      const wanted = `a name of letters, digits and _, at most ${MAX_STAGE_VARIABLE_NAME}`;
      problems.invalid(child, `set for ${show(name)}`, wanted);
    }
    if (value.length > MAX_STAGE_VARIABLE_VALUE || (value !== "" && !STAGE_VARIABLE_VALUE.test(value))) {
      const wanted = `at most ${MAX_STAGE_VARIABLE_VALUE} characters of A-Z a-z 0-9 - . _ ~ : / ? # & = ,`;
      problems.invalid(child, show(value), wanted);
    }
  }
  return variables;
}
