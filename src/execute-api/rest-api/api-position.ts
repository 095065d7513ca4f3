import type { SourcePosition } from "../../model/finding.ts";
import type { RestApi } from "../../model/rest-api.ts";

/** Where a finding about a whole API points: the beginning of its file, which its methods know. */
export function apiPosition(api: RestApi): SourcePosition {
  const [method] = api.resources.flatMap((resource) => resource.resourceMethods);
  return { file: method?.at.file ?? api.name, line: 1, column: 1 };
}
