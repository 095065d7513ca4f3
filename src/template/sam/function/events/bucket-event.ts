import { isMapping } from "../../../source-node.ts";
import { asText, choose, isSame, member, ref } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { MAPPING_OF_TEXTS, required, strict, TEXT, TEXT_OR_TEXTS } from "../../property-types.ts";
import { resourceRefusal, SamResource } from "../../sam-resource.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { tagList } from "../../tag-list.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";
import { eventPermission } from "./permission.ts";

/** S3: a notification written into a bucket of the same template. */
export function bucketEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check({ Bucket: required(TEXT), Events: required(strict(TEXT_OR_TEXTS)), Filter: MAPPING_OF_TEXTS });
  const given = event.get("Bucket");
  if (isMapping(given) && Object.hasOwn(given, "Ref") && typeof given.Ref !== "string") {
    throw event.refusal("'Ref' value in S3 events is not a valid string.", "Name the bucket.", "Bucket");
  }
  const message = "S3 events must reference an S3 bucket in the same template.";
  const { id, body } = linkedResource(event, "Bucket", "AWS::S3::Bucket", message);
  const permission = eventPermission(event, target, "s3.amazonaws.com", { SourceAccount: ref("AWS::AccountId") });
  const bucket = propertiesOf(event, id, body);
  const condition = permission.attributes.Condition;
  if (condition === undefined) dependOn(event, id, body, permission.logicalId);
  else dependByTag(event, id, bucket, permission.logicalId, condition);
  notify(event, id, bucket, target, condition);
  return [permission, relinked(event, id, body)];
}

interface Linked {
  readonly id: string;
  readonly body: Made;
}

/** The resource of the same template that an event changes, which it must name by Ref. */
export function linkedResource(event: SamEvent, property: string, type: string, message: string): Linked {
  const { sam } = event.resource;
  const given = event.get(property);
  const id = isMapping(given) && Object.hasOwn(given, "Ref") ? given.Ref : undefined;
  const body = typeof id === "string" ? sam.resource(id) : undefined;
  if (typeof id !== "string" || body === undefined) throw event.refusal(message, "Name it by Ref.", property);
  if (body.Type === type) return { id, body };
  const wrong = `Resource has incorrect Type; expected '${type}', got '${asText(body.Type)}'`;
  throw resourceRefusal(id, sam.at(body, "Type", sam.resourceAt(id)), wrong, `Refer to a resource of type ${type}.`);
}

/** A changed resource as SAM writes it back: with the attributes that SAM knows. */
export function relinked(event: SamEvent, id: string, body: Made): MadeResource {
  const resource = new SamResource(event.resource.sam, id, body);
  return resource.make(id, resource.type, resource.properties, resource.attributes());
}

/** Properties of a linked resource, to write into. */
export function propertiesOf(event: SamEvent, id: string, body: Made): Made {
  const properties = member(body, "Properties") ?? mapping({});
  if (!isMapping(properties)) {
    const at = event.resource.sam.at(body, "Properties");
    throw resourceRefusal(id, at, "Properties should be a map.", "Write Properties as a mapping.");
  }
  body.Properties = properties;
  return properties;
}

/** S3 checks that it may invoke when the notification is made, so the permission comes first. */
function dependOn(event: SamEvent, id: string, body: Made, permissionId: string): void {
  const given = Object.hasOwn(body, "DependsOn") ? body.DependsOn : [];
  const list = typeof given === "string" ? [given] : given;
  if (!Array.isArray(list) || !list.every((each) => typeof each === "string")) {
    const at = event.resource.sam.at(body, "DependsOn");
    const message = "Invalid type for field 'DependsOn'. Expected a string or list of strings.";
    throw resourceRefusal(event.logicalId, at, message, `Mend DependsOn of ${id}.`);
  }
  body.DependsOn = [...new Set([...list, permissionId])];
}

/** DependsOn cannot name a resource that may not exist; a tag that refers to it under the same condition can. */
function dependByTag(event: SamEvent, id: string, bucket: Made, permissionId: string, condition: unknown): void {
  const tags = member(bucket, "Tags") ?? [];
  if (!Array.isArray(tags)) {
    const at = event.resource.sam.at(bucket, "Tags");
    throw resourceRefusal(id, at, "Property 'Tags' should be a list.", "Write Tags as a list.");
  }
  const value = choose(condition, ref(permissionId), "no dependency");
  bucket.Tags = [...tags, ...tagList(mapping({ [`sam:ConditionalDependsOn:${permissionId}`]: value }))];
}

function notify(event: SamEvent, id: string, bucket: Made, target: FunctionTarget, condition: unknown): void {
  const { sam } = event.resource;
  const configuration = member(bucket, "NotificationConfiguration") ?? mapping({});
  if (!isMapping(configuration)) {
    const at = sam.at(bucket, "NotificationConfiguration");
    const message = "Property 'NotificationConfiguration' should be a map.";
    throw resourceRefusal(id, at, message, "Write a mapping.");
  }
  bucket.NotificationConfiguration = configuration;
  const list = member(configuration, "LambdaConfigurations") ?? [];
  if (!Array.isArray(list)) {
    const at = sam.at(configuration, "LambdaConfigurations");
    throw resourceRefusal(id, at, "Invalid type for LambdaConfigurations. Must be a list.", "Write a list.");
  }
  configuration.LambdaConfigurations = list;
  const filter = event.get("Filter");
  const events = event.get("Events");
  for (const each of Array.isArray(events) ? events : [events]) {
    const own = mapping({ Function: target.arn, ...(filter !== undefined && { Filter: filter }), Event: each });
    const entry = condition === undefined ? own : choose(condition, own);
    if (list.some((other) => isSame(other, entry))) continue;
    sam.origins.set(list, list.length, event.at);
    list.push(entry);
  }
}
