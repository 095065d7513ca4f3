import { dirname } from "node:path";
import type { Finding } from "../../model/finding.ts";
import { type ExpandedJson, expandToJson } from "../../template/sam/expand-to-json.ts";
import { readIfThere, readText } from "../read-text.ts";
import { STACK_NAME } from "./load-api-file.ts";
import { type AccountPlace, findProject, type ProjectLocation } from "./load-project.ts";

/**
 * What a SAM template becomes as CloudFormation, as JSON; any other template as it is. `parameters` go before the project
 * file's. @throws StartError when the file cannot be read
 */
export function expandTemplate(
  file: string,
  location: Omit<ProjectLocation, "files">,
  place: AccountPlace,
  parameters: Readonly<Record<string, string>>,
): ExpandedJson {
  const findings: Finding[] = [];
  const { project } = findProject({ ...location, files: [file] }, findings);
  const expanded = expandToJson(file, readText(file), {
    parameters: { ...project.parameters, ...parameters },
    place: { ...place, stackName: STACK_NAME },
    baseFolder: dirname(file),
    readFile: readIfThere,
  });
  return { ...expanded, findings: [...findings, ...expanded.findings] };
}
