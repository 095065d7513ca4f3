import { isMapping } from "../../source-node.ts";
import { isIntrinsic, isTruthy, join } from "../intrinsic.ts";
import { pythonJson } from "../python-json.ts";
import { codeLocation } from "../s3-location.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

/** What a state machine's definition comes to: text with its substitutions, or where it lies. */
export function stateMachineDefinition(resource: SamResource): Made {
  const definition = resource.get("Definition");
  const uri = resource.get("DefinitionUri");
  const given = resource.get("DefinitionSubstitutions");
  const substitutions = isTruthy(given) ? { DefinitionSubstitutions: given } : {};
  if (isTruthy(definition) && isTruthy(uri)) {
    const message = "Specify either 'Definition' or 'DefinitionUri' property and not both.";
    throw resource.refusal(message, "Keep one of them.", "DefinitionUri");
  }
  if (isTruthy(definition)) {
    const found = mapping({});
    const written = pythonJson(substituted(definition, found), 4);
    const all = isTruthy(found)
      ? { DefinitionSubstitutions: mapping({ ...(given as Made), ...found }) }
      : substitutions;
    return mapping({ ...all, DefinitionString: join("\n", written.split("\n")) });
  }
  if (!isTruthy(uri)) {
    const message = "Either 'Definition' or 'DefinitionUri' property must be specified.";
    throw resource.refusal(message, "Add one of them.");
  }
  const location = codeLocation(resource, "DefinitionUri");
  if (typeof location === "string") return mapping({ ...substitutions, DefinitionS3Location: location });
  const { S3Bucket: bucket, S3Key: key, S3ObjectVersion: version } = location;
  const pointer = mapping({ Bucket: bucket, Key: key, ...(version !== undefined && { Version: version }) });
  return mapping({ ...substitutions, DefinitionS3Location: pointer });
}

/** The definition with a placeholder for every intrinsic function and dynamic reference, in the order of their keys. */
function substituted(value: unknown, substitutions: Made): unknown {
  if (isIntrinsic(value) || isDynamicReference(value)) {
    const name = `definition_substitution_${Object.keys(substitutions).length + 1}`;
    substitutions[name] = value;
    return `\${${name}}`;
  }
  if (Array.isArray(value)) return value.map((item) => substituted(item, substitutions));
  if (!isMapping(value)) return value;
  const made = mapping({});
  for (const key of Object.keys(value).sort()) made[key] = substituted(value[key], substitutions);
  return made;
}

function isDynamicReference(value: unknown): boolean {
  return typeof value === "string" && /^\{\{resolve:[a-z-]+:.+\}\}$/.test(value);
}
