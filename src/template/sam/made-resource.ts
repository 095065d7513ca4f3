import type { SourcePosition } from "../../model/finding.ts";
import { isTruthy } from "./intrinsic.ts";
import { type Made, mapping } from "./sam-template.ts";

/** A CloudFormation resource that a SAM resource comes to, before it is put into the template. */
export interface MadeResource {
  readonly logicalId: string;
  readonly type: string;
  /** Members that are undefined or null are left out. */
  readonly properties: Made;
  /** Condition, DependsOn, DeletionPolicy and the like. */
  readonly attributes: Made;
  /** Where the user wrote what it comes from. */
  readonly at: SourcePosition;
}

/** The resource as it stands in a template. The mapping of properties stays the same object: their places hang on it. */
export function templateResource({ type, properties, attributes }: MadeResource): Made {
  for (const name of Object.keys(properties)) {
    if (properties[name] === undefined || properties[name] === null) delete properties[name];
  }
  const { DependsOn: dependsOn, ...others } = attributes;
  return mapping({
    Type: type,
    ...(isTruthy(dependsOn) && { DependsOn: dependsOn }),
    ...others,
    Properties: properties,
  });
}
