import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import { isTruthy } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveMappings, resolveParameters } from "../parameters.ts";
import {
  INTEGER,
  MAPPING,
  type PropertyTypes,
  required,
  TEXT,
  TEXT_OR_MAPPING,
  TEXTS_OR_MAPPINGS,
} from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { resourceTags } from "../tag-list.ts";

const APPLICATION_PROPERTIES: PropertyTypes = {
  Location: required(TEXT_OR_MAPPING),
  TemplateUrl: TEXT,
  Parameters: MAPPING,
  NotificationARNs: TEXTS_OR_MAPPINGS,
  Tags: MAPPING,
  TimeoutInMinutes: INTEGER,
};

/** Expands an AWS::Serverless::Application: a nested stack, whose template is a file or in SAM's repository. */
export function expandApplication({ sam }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  if (!Object.hasOwn(resource.properties, "Location")) throw missing(resource, "Location");
  const location = resource.properties.Location;
  const tags = isMapping(location) ? repositoryTags(resource, location) : mapping({});
  if (!isMapping(location)) resource.properties.TemplateUrl = location;
  resource.check(APPLICATION_PROPERTIES);
  const url = resource.get("TemplateUrl");
  const attributes = resource.passthrough();
  if (Object.hasOwn(body, "DependsOn")) attributes.DependsOn = body.DependsOn;
  const properties = mapping({
    // Where the repository puts the template is known only to AWS.
    TemplateURL: isTruthy(url) ? url : "",
    Parameters: resource.get("Parameters"),
    NotificationARNs: resource.get("NotificationARNs"),
    Tags: resourceTags(resource, tags),
    TimeoutInMinutes: resource.get("TimeoutInMinutes"),
  });
  return [resource.make(logicalId, "AWS::CloudFormation::Stack", properties, attributes)];
}

/** The repository's application, as the stack's tags name it. */
function repositoryTags(resource: SamResource, location: Made): Made {
  for (const key of ["ApplicationId", "SemanticVersion"]) {
    if (!Object.hasOwn(location, key)) throw missing(resource, key);
    if (location[key] === null) continue;
    location[key] = resolveMappings(resolveParameters(location[key], resource.sam), resource.sam);
  }
  const { ApplicationId: id, SemanticVersion: version } = location;
  const refuse = (message: string, key: string) => resource.refusal(message, `Write ${key} as text.`, [location, key]);
  if (id === null) throw refuse("Property 'ApplicationId' is required.", "ApplicationId");
  const unresolved = (key: string) =>
    refuse(`Property '${key}' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.`, key);
  if (isMapping(id)) throw unresolved("ApplicationId");
  if (!isTruthy(version)) throw refuse("Property 'SemanticVersion' cannot be blank.", "SemanticVersion");
  if (isMapping(version)) throw unresolved("SemanticVersion");
  for (const key of ["ApplicationId", "SemanticVersion"]) {
    if (typeof location[key] === "string") continue;
    throw refuse(`Property 'Location.${key}' should be a string.`, key);
  }
  return mapping({ "serverlessrepo:applicationId": id, "serverlessrepo:semanticVersion": version });
}

function missing(resource: SamResource, key: string): Error {
  const where = key === "Location" ? undefined : "Location";
  return resource.refusal(`Resource is missing the required [${key}] property.`, `Add ${key}.`, where);
}
