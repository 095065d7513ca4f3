import { isMapping } from "../../source-node.ts";
import { isTruthy } from "../intrinsic.ts";
import { type Made, mapping } from "../sam-template.ts";
import { type Subject, worded } from "./subject.ts";

/**
 * What `DefinitionUri` comes to. AWS takes S3 addresses only, which `sam package` makes of local paths; a local path is
 * included as a file here.
 */
export function definitionAt(subject: Subject, properties: Made): { BodyS3Location: Made } | { Body: Made } {
  const uri = properties.DefinitionUri;
  const where = [properties, "DefinitionUri"] as const;
  if (isMapping(uri)) {
    if (!isTruthy(uri.Bucket) || !isTruthy(uri.Key)) {
      throw subject.refusal("'DefinitionUri' requires Bucket and Key properties to be specified.", where);
    }
    const version = Object.hasOwn(uri, "Version") ? { Version: uri.Version } : {};
    return { BodyS3Location: mapping({ Bucket: uri.Bucket, Key: uri.Key, ...version }) };
  }
  const text = worded(uri);
  const [, bucket, key, query] = /^s3:\/\/([^/?#]+)\/([^?#]*)(?:\?([^#]*))?/i.exec(text) ?? [];
  if (bucket !== undefined && key !== undefined) {
    const versions = new URLSearchParams(query ?? "").getAll("versionId").filter((each) => each !== "");
    const version = versions.length === 1 ? { Version: versions[0] } : {};
    return { BodyS3Location: mapping({ Bucket: bucket, Key: key.replace(/^\/+/, ""), ...version }) };
  }
  if (!/\.(?:ya?ml|json)$/i.test(text) || /^[a-z][a-z0-9+.-]*:/i.test(text)) {
    throw subject.refusal(
      "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.",
      where,
      "Name an S3 object, or a .yaml or .json file beside the template.",
    );
  }
  const include = mapping({ Name: "AWS::Include", Parameters: mapping({ Location: text }) });
  return { Body: mapping({ "Fn::Transform": include }) };
}
