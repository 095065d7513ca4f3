import type { SourcePosition } from "../../../model/finding.ts";
import { isMapping } from "../../source-node.ts";
import { sub } from "../intrinsic.ts";
import { hashedLogicalId } from "../logical-id.ts";
import type { Made, SamTemplate } from "../sam-template.ts";
import type { EventTarget } from "./api-event.ts";
import { putResource } from "./put-resource.ts";
import type { Subject } from "./subject.ts";

/** An event while it is expanded, its properties checked. */
export interface ApiEvent {
  readonly sam: SamTemplate;
  readonly subject: Subject;
  readonly target: EventTarget;
  readonly eventId: string;
  readonly properties: Made;
  readonly at: SourcePosition;
}

/** Where an event stands. */
export function eventPlace(sam: SamTemplate, functionId: string, eventId: string): SourcePosition {
  const at = sam.resourceAt(functionId);
  const properties = sam.resource(functionId)?.Properties;
  const events = isMapping(properties) ? properties.Events : undefined;
  return isMapping(events) ? sam.at(events, eventId, at) : at;
}

/** Puts the permission for API Gateway to call an event's function. */
export function putPermission({ subject, target, eventId, at }: ApiEvent, suffix: string, sourceArn: Made): void {
  const prefix = `${target.functionId}${eventId}Permission`;
  const logicalId = /^[\p{L}\p{N}]+$/u.test(suffix) ? prefix + suffix : hashedLogicalId(prefix, suffix);
  const properties = {
    Action: "lambda:InvokeFunction",
    FunctionName: target.ref,
    Principal: "apigateway.amazonaws.com",
    SourceArn: sourceArn,
  };
  putResource(subject, logicalId, "AWS::Lambda::Permission", target.passthrough, properties, at);
}

/** The URI by which an integration calls a function. */
export function integrationUri(target: EventTarget, partition: string, isStreaming = false): Made {
  const attribute = target.arn["Fn::GetAtt"];
  const name = Array.isArray(attribute) ? attribute.join(".") : String(target.arn.Ref);
  const [version, action] = isStreaming
    ? ["2021-11-15", "response-streaming-invocations"]
    : ["2015-03-31", "invocations"];
  return sub(`arn:${partition}:apigateway:\${AWS::Region}:lambda:path/${version}/functions/\${${name}}/${action}`);
}

/** The condition under which the function exists. */
export function conditionOf(target: EventTarget): string | undefined {
  const condition = target.passthrough.Condition;
  return typeof condition === "string" ? condition : undefined;
}

/** The logical id that `RestApiId` or `ApiId` names, when it names one of this template. */
export function apiIdOf(value: unknown): unknown {
  return isMapping(value) && Object.hasOwn(value, "Ref") ? value.Ref : value;
}
