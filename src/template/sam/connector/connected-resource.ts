import { isMapping } from "../../source-node.ts";
import { getAtt, isSame, isTruthy, member, ref, referencedId } from "../intrinsic.ts";
import type { Made, SamTemplate } from "../sam-template.ts";

/** One end of a connector: what is known of it. */
export interface ConnectedResource {
  readonly logicalId: string | undefined;
  /** CloudFormation's type, also for a SAM resource. */
  readonly type: string;
  readonly arn: unknown;
  readonly roleName: unknown;
  readonly queueUrl: unknown;
  readonly resourceId: unknown;
  readonly name: unknown;
  readonly qualifier: unknown;
}

const MADE_TYPE: Readonly<Record<string, string>> = {
  "AWS::Serverless::Function": "AWS::Lambda::Function",
  "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
  "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
  "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
  "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
};

type Attributes = Partial<Pick<ConnectedResource, "arn" | "queueUrl" | "resourceId" | "name" | "qualifier">>;

const byAttribute = (logicalId: string): Attributes => ({ arn: getAtt(logicalId, "Arn") });
const byRef = (logicalId: string): Attributes => ({ arn: ref(logicalId) });
const ofApi = (logicalId: string): Attributes => ({
  arn: getAtt(logicalId, "Arn"),
  qualifier: "*",
  resourceId: ref(logicalId),
});

/** What resources of a type are referred to by. */
const ATTRIBUTES: Readonly<Record<string, (logicalId: string) => Attributes>> = {
  "AWS::Lambda::Function": byAttribute,
  "AWS::StepFunctions::StateMachine": (logicalId) => ({ arn: ref(logicalId), name: getAtt(logicalId, "Name") }),
  "AWS::AppSync::GraphQLApi": (logicalId) => ({ arn: ref(logicalId), resourceId: getAtt(logicalId, "ApiId") }),
  "AWS::AppSync::DataSource": byRef,
  "AWS::Events::Rule": byAttribute,
  "AWS::SQS::Queue": (logicalId) => ({ arn: getAtt(logicalId, "Arn"), queueUrl: ref(logicalId) }),
  "AWS::SNS::Topic": byRef,
  "AWS::DynamoDB::Table": byAttribute,
  "AWS::S3::Bucket": byAttribute,
  "AWS::Location::PlaceIndex": byAttribute,
  "AWS::ApiGatewayV2::Api": ofApi,
  "AWS::ApiGateway::RestApi": ofApi,
  "AWS::Events::EventBus": byAttribute,
};

/** Where a resource of a type names the role it runs as. */
const ROLE_PROPERTY: Readonly<Record<string, string>> = {
  "AWS::Lambda::Function": "Role",
  "AWS::StepFunctions::StateMachine": "RoleArn",
  "AWS::AppSync::DataSource": "ServiceRoleArn",
};

/** Looks up one end of a connector; a text says what is wrong with it. `other` is the other end, as the user wrote it. */
export function connectedResource(sam: SamTemplate, end: Made, other: Made): ConnectedResource | string {
  const describes = Object.keys(end).some((key) => key !== "Id" && key !== "Qualifier");
  if (Object.hasOwn(end, "Id") === describes) {
    return "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.";
  }
  const logicalId = end.Id;
  if (!isTruthy(logicalId)) return describedResource(end);
  if (typeof logicalId !== "string") return "'Id' is missing or not a string.";
  const resource = sam.resource(logicalId);
  if (resource === undefined) return `Unable to find resource with logical ID '${logicalId}'.`;
  const type = resource.Type;
  if (typeof type !== "string" || type === "") return "'Type' is missing or not a string.";
  const attributes = Object.hasOwn(ATTRIBUTES, type) ? ATTRIBUTES[type]?.(logicalId) : {};
  const roleId = referencedId(roleOf(type, resource.Properties, other));
  return {
    logicalId,
    type,
    arn: attributes?.arn,
    roleName: roleId === undefined ? undefined : ref(roleId),
    queueUrl: attributes?.queueUrl,
    resourceId: attributes?.resourceId,
    name: attributes?.name,
    qualifier: Object.hasOwn(end, "Qualifier") ? (end.Qualifier ?? undefined) : attributes?.qualifier,
  };
}

/** A resource outside the template, by what the user says of it. */
function describedResource(end: Made): ConnectedResource | string {
  const type = end.Type;
  if (typeof type !== "string" || type === "") return "'Type' is missing or not a string.";
  return {
    logicalId: undefined,
    type: (Object.hasOwn(MADE_TYPE, type) ? MADE_TYPE[type] : undefined) ?? type,
    arn: member(end, "Arn"),
    roleName: member(end, "RoleName"),
    queueUrl: member(end, "QueueUrl"),
    resourceId: member(end, "ResourceId"),
    name: member(end, "Name"),
    qualifier: member(end, "Qualifier"),
  };
}

function roleOf(type: string, properties: unknown, other: Made): unknown {
  if (type !== "AWS::Events::Rule") {
    return Object.hasOwn(ROLE_PROPERTY, type) ? member(properties, ROLE_PROPERTY[type] as string) : undefined;
  }
  const targets = member(properties, "Targets");
  for (const target of Array.isArray(targets) ? targets : []) {
    const arn = member(target, "Arn");
    const isOther =
      (other.Id !== undefined && referencedId(arn) === other.Id) || (isTruthy(other.Arn) && isSame(arn, other.Arn));
    if (isMapping(target) && isOther) return target.RoleArn;
  }
  return undefined;
}
