import { isMapping } from "../source-node.ts";
import { isTruthy } from "./intrinsic.ts";
import type { MadeResource } from "./made-resource.ts";
import type { SamResource } from "./sam-resource.ts";
import { type Made, mapping } from "./sam-template.ts";

/** Kept for SAM itself and the Serverless Application Repository (D: SAM specification, Tags). */
const RESERVED = ["lambda:createdBy", "serverlessrepo:applicationId", "serverlessrepo:semanticVersion"];

/** Tags as CloudFormation lists them, from the mapping that SAM takes. */
export function tagList(tags: unknown): Made[] {
  if (!isMapping(tags)) return [];
  return Object.keys(tags).map((key) => mapping({ Key: key, Value: tags[key] ?? "" }));
}

/** The tags of a resource that SAM makes: its own mark first, then the user's. */
export function resourceTags(resource: SamResource, more?: Made): Made[] {
  const tags = resource.get("Tags");
  if (isMapping(tags)) {
    const taken = RESERVED.find((key) => Object.hasOwn(tags, key));
    if (taken !== undefined) {
      const message = `${taken} is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input.`;
      throw resource.refusal(message, "Name the tag otherwise.", [tags, taken]);
    }
  }
  return [mapping({ Key: "lambda:createdBy", Value: "SAM" }), ...tagList(more), ...tagList(tags)];
}

/** Types among what SAM makes for functions and state machines that PropagateTags reaches. */
const TAGGED = new Set([
  "AWS::Lambda::Function",
  "AWS::IAM::Role",
  "AWS::SQS::Queue",
  "AWS::SNS::Topic",
  "AWS::S3::Bucket",
  "AWS::IoT::TopicRule",
  "AWS::StepFunctions::StateMachine",
]);

/** PropagateTags: everything made of the resource gets its tags, and loses SAM's own mark (C: aws-sam-translator). */
export function propagateTags(resource: SamResource, made: readonly MadeResource[]): void {
  const tags = resource.get("Tags");
  if (!isTruthy(resource.get("PropagateTags")) || !isTruthy(tags)) return;
  for (const each of made) if (TAGGED.has(each.type)) each.properties.Tags = tagList(tags);
}
