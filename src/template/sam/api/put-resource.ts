import type { SourcePosition } from "../../../model/finding.ts";
import { templateResource } from "../made-resource.ts";
import { SamRefusal } from "../sam-refusal.ts";
import { requireAlphanumeric } from "../sam-resource.ts";
import type { Made } from "../sam-template.ts";
import type { Subject } from "./subject.ts";

/** A made resource may take the place of what it was made of, and of what a user shares with SAM (C). */
const MAY_REPLACE: Readonly<Record<string, string>> = {
  "AWS::ApiGateway::RestApi": "AWS::Serverless::Api",
  "AWS::ApiGatewayV2::Api": "AWS::Serverless::HttpApi",
  "AWS::ApiGateway::DomainName": "AWS::ApiGateway::DomainName",
  "AWS::ApiGateway::BasePathMapping": "AWS::ApiGateway::BasePathMapping",
  "AWS::ApiGateway::DomainNameV2": "AWS::ApiGateway::DomainNameV2",
  "AWS::ApiGateway::BasePathMappingV2": "AWS::ApiGateway::BasePathMappingV2",
};

const putHere = new WeakSet<object>();

/** Puts a made resource in the template; refuses a logical id that the user has taken. */
export function putResource(
  subject: Subject,
  logicalId: string,
  type: string,
  attributes: Made,
  properties: Made,
  at: SourcePosition = subject.at,
): Made {
  const { sam } = subject;
  requireAlphanumeric(logicalId, at);
  const taken = sam.resource(logicalId);
  if (taken && !putHere.has(taken) && taken.Type !== MAY_REPLACE[type]) {
    const message = `Transforming resource with id [${subject.logicalId}] attempts to create a new resource with id [${logicalId}] and type "${type}". A resource with that id already exists within this template. Please use a different id for that resource.`;
    throw new SamRefusal(
      sam.resourceAt(logicalId),
      "sam-logical-id-taken",
      message,
      `Rename the resource ${logicalId}.`,
    );
  }
  const resource = templateResource({ logicalId, type, properties, attributes, at });
  putHere.add(resource);
  sam.put(logicalId, resource, at);
  return resource;
}
