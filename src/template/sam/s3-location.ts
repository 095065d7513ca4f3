import { isMapping } from "../source-node.ts";
import { isTruthy } from "./intrinsic.ts";
import type { SamResource } from "./sam-resource.ts";
import { type Made, mapping } from "./sam-template.ts";

const DYNAMIC_REFERENCE = /\{\{resolve:(?:ssm|ssm-secure|secretsmanager):[a-zA-Z0-9_.\-/]+(?::\d+)?\}\}/;

/**
 * Where code lies, as CloudFormation has it: from `s3://bucket/key` or {Bucket, Key, Version}. A local path stays the
 * text it is: `sam package` would have put an S3 address there, and our functions read the folder.
 */
export function codeLocation(resource: SamResource, property: string): Made | string {
  const location = resource.get(property);
  const parts = typeof location === "string" ? partsOfUri(resource, property, location) : location;
  if (typeof parts === "string") return parts;
  if (!isMapping(parts)) {
    throw resource.refusal(`'${property}' must be of type dict or string.`, "Name a folder or an S3 object.", property);
  }
  if (!isTruthy(parts.Bucket) || !isTruthy(parts.Key)) {
    const message = `'${property}' requires Bucket and Key properties to be specified.`;
    throw resource.refusal(message, "Give Bucket and Key, or a local folder.", property);
  }
  const made = mapping({ S3Bucket: parts.Bucket, S3Key: parts.Key });
  if (Object.hasOwn(parts, "Version")) made.S3ObjectVersion = parts.Version;
  return made;
}

function partsOfUri(resource: SamResource, property: string, uri: string): Made | string {
  const reference = DYNAMIC_REFERENCE.exec(uri);
  if (reference?.[0].includes("/")) {
    const message = `Unsupported dynamic reference detected in '${property}'. Please consider using alternative 'FunctionCode' object format.`;
    throw resource.refusal(message, "Give Bucket and Key.", property);
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri) && uri !== "") return uri;
  const [whole, bucket, path = "", query = ""] = /^s3:\/\/([^/?#[\]]+)(\/[^?#]*)(?:\?([^#]*))?/i.exec(uri) ?? [];
  if (whole === undefined) {
    const message = `'${property}' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.`;
    throw resource.refusal(message, "Write s3://bucket/key, or a local folder.", property);
  }
  const versions = new URLSearchParams(query).getAll("versionId").filter((version) => version !== "");
  return mapping({
    Bucket: bucket,
    Key: path.replace(/^\/+/, ""),
    ...(versions.length === 1 && { Version: versions[0] }),
  });
}
