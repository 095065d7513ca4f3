import { stableUniqueId } from "../../aws/iam/unique-id.ts";
import { apiIdOf, functionArn, functionNamed, generatedName, stableId, urlSuffix } from "./physical-ids.ts";
import type { ReferencedResource, ReferenceValues, StackPlace } from "./stack.ts";

/** What one type gives; attributes are made when asked for, since making one may resolve a property. */
interface Values {
  readonly ref: string;
  readonly isMadeLater?: true;
  readonly attributes: Readonly<Record<string, () => string | undefined>>;
}

type ValuesOf = (resource: ReferencedResource, place: StackPlace) => Values;

/**
 * What `Ref` and `Fn::GetAtt` give for each resource of a stack at `place`: for the product's own types as
 * CloudFormation documents them
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html), for any
 * other type plausible values, so that templates with tables and queues resolve.
 */
export function createReferenceValues(place: StackPlace): (resource: ReferencedResource) => ReferenceValues {
  return (resource) => {
    const known = Object.hasOwn(KNOWN_TYPES, resource.type) ? KNOWN_TYPES[resource.type] : undefined;
    if (known === undefined) return foreignValues(resource, place);
    const { ref, attributes, isMadeLater } = known(resource, place);
    const attribute = (name: string) => (Object.hasOwn(attributes, name) ? attributes[name]?.() : undefined);
    return { ref, attribute, ...(isMadeLater && { isMadeLater }) };
  };
}

/** Ref is an id, and one attribute repeats it. */
function idOf(attribute?: string): ValuesOf {
  return (resource, place) => {
    const ref = stableId(place, resource);
    return { ref, attributes: attribute === undefined ? {} : { [attribute]: () => ref } };
  };
}

/** Ref is an id of API Gateway's own kind for keys: 10 characters (R). */
function apiKey(resource: ReferencedResource, place: StackPlace): Values {
  const ref = stableId(place, resource, 10);
  return { ref, attributes: { APIKeyId: () => ref } };
}

/** Ref is the text of a property, else a generated name. */
function namedBy(property: string, attributes: (name: string, place: StackPlace) => Values["attributes"]): ValuesOf {
  return (resource, place) => {
    const ref = nameOf(resource, place, property);
    return { ref, attributes: attributes(ref, place) };
  };
}

function nameOf(resource: ReferencedResource, place: StackPlace, property: string): string {
  return textOf(resource.property(property)) ?? generatedName(place, resource.logicalId);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function arn(place: StackPlace, service: string, resource: string): string {
  return `arn:${place.partition}:${service}:${place.region}:${place.accountId}:${resource}`;
}

/** IAM is global: its ARNs have no region. */
function iamArn(place: StackPlace, kind: string, path: unknown, name: string): string {
  return `arn:${place.partition}:iam::${place.accountId}:${kind}${textOf(path) ?? "/"}${name}`;
}

function httpApi(resource: ReferencedResource, place: StackPlace): Values {
  const apiId = apiIdOf(place, resource);
  const endpoint = `https://${apiId}.execute-api.${place.region}.${urlSuffix(place)}`;
  return { ref: apiId, attributes: { ApiId: () => apiId, ApiEndpoint: () => endpoint } };
}

function restApi(resource: ReferencedResource, place: StackPlace): Values {
  const apiId = apiIdOf(place, resource);
  return { ref: apiId, attributes: { RestApiId: () => apiId, RootResourceId: () => rootResourceId(place, resource) } };
}

/** A root resource has 10 characters, other than the API's own id (?). */
function rootResourceId(place: StackPlace, api: ReferencedResource): string {
  return stableId(place, { logicalId: api.logicalId, type: "root resource" }, 10);
}

const domainName = namedBy("DomainName", (name, place) => ({
  RegionalDomainName: () => `d-${stableId(place, { logicalId: name, type: "domain" }, 10)}.${executeApi(place)}`,
  RegionalHostedZoneId: () => "Z00000000000000000000",
  DistributionDomainName: () => `${stableId(place, { logicalId: name, type: "domain" }, 14)}.cloudfront.net`,
  // The one hosted zone of all CloudFront distributions (D: Route 53 AliasTarget).
  DistributionHostedZoneId: () => "Z2FDTNDATAQYW2",
  DomainNameArn: () => `arn:${place.partition}:apigateway:${place.region}::/domainnames/${name}`,
}));

/** A private domain goes by its ARN, which ends in an id of its own (D). */
function privateDomainName(resource: ReferencedResource, place: StackPlace): Values {
  const domainId = stableId(place, resource, 10);
  const name = `domainnames/${nameOf(resource, place, "DomainName")}+${domainId}`;
  const ref = `arn:${place.partition}:apigateway:${place.region}:${place.accountId}:/${name}`;
  return { ref, attributes: { DomainNameArn: () => ref, DomainNameId: () => domainId } };
}

function executeApi(place: StackPlace): string {
  return `execute-api.${place.region}.${urlSuffix(place)}`;
}

function qualifiedFunction(resource: ReferencedResource, place: StackPlace, qualifier: string): string {
  const given = textOf(resource.property("FunctionName"));
  const named = given === undefined ? undefined : functionNamed(place, given);
  return `${named?.arn ?? functionArn(place, generatedName(place, resource.logicalId))}:${qualifier}`;
}

function functionVersion(resource: ReferencedResource, place: StackPlace): Values {
  const ref = qualifiedFunction(resource, place, FIRST_VERSION);
  return { ref, attributes: { FunctionArn: () => ref, Version: () => FIRST_VERSION } };
}

/** What the first published version is called; later ones are the same code here. */
const FIRST_VERSION = "1";

function functionAlias(resource: ReferencedResource, place: StackPlace): Values {
  const ref = qualifiedFunction(resource, place, nameOf(resource, place, "Name"));
  return { ref, attributes: { AliasArn: () => ref } };
}

function functionUrl(resource: ReferencedResource, place: StackPlace): Values {
  const target = textOf(resource.property("TargetFunctionArn")) ?? "";
  const ref = functionNamed(place, target)?.arn ?? functionArn(place, generatedName(place, resource.logicalId));
  const host = `${stableId(place, resource, 32)}.lambda-url.${place.region}.on.aws`;
  return { ref, attributes: { FunctionArn: () => ref, FunctionUrl: () => `https://${host}/` } };
}

function role(resource: ReferencedResource, place: StackPlace): Values {
  const name = nameOf(resource, place, "RoleName");
  return {
    ref: name,
    attributes: {
      Arn: () => iamArn(place, "role", resource.property("Path"), name),
      RoleId: () => stableUniqueId("AROA", place.accountId, name),
    },
  };
}

/** Id and secret are made when the project is served: a text that stands for them could be guessed. */
function accessKey({ logicalId }: ReferencedResource): Values {
  return { ref: logicalId, isMadeLater: true, attributes: { SecretAccessKey: () => logicalId } };
}

/** Users and groups: Ref is the name, and the path goes into the ARN. */
function iamEntity(kind: string, property: string): ValuesOf {
  return (resource, place) => {
    const name = nameOf(resource, place, property);
    return { ref: name, attributes: { Arn: () => iamArn(place, kind, resource.property("Path"), name) } };
  };
}

function managedPolicy(resource: ReferencedResource, place: StackPlace): Values {
  const name = nameOf(resource, place, "ManagedPolicyName");
  const ref = iamArn(place, "policy", resource.property("Path"), name);
  return { ref, attributes: { PolicyArn: () => ref } };
}

function userPool(resource: ReferencedResource, place: StackPlace): Values {
  const ref = `${place.region}_${stableId(place, resource, 9)}`;
  const provider = `cognito-idp.${place.region}.${urlSuffix(place)}/${ref}`;
  return {
    ref,
    attributes: {
      UserPoolId: () => ref,
      Arn: () => arn(place, "cognito-idp", `userpool/${ref}`),
      ProviderName: () => provider,
      ProviderURL: () => `https://${provider}`,
    },
  };
}

function userPoolClient(resource: ReferencedResource, place: StackPlace): Values {
  const ref = stableId(place, resource, 26);
  return { ref, attributes: { ClientId: () => ref, Name: () => nameOf(resource, place, "ClientName") } };
}

function queue(resource: ReferencedResource, place: StackPlace): Values {
  const name = nameOf(resource, place, "QueueName");
  const ref = `https://sqs.${place.region}.${urlSuffix(place)}/${place.accountId}/${name}`;
  return { ref, attributes: { Arn: () => arn(place, "sqs", name), QueueName: () => name, QueueUrl: () => ref } };
}

function topic(resource: ReferencedResource, place: StackPlace): Values {
  const name = nameOf(resource, place, "TopicName");
  const ref = arn(place, "sns", name);
  return { ref, attributes: { TopicArn: () => ref, TopicName: () => name } };
}

function stateMachine(resource: ReferencedResource, place: StackPlace): Values {
  const name = nameOf(resource, place, "StateMachineName");
  const ref = arn(place, "states", `stateMachine:${name}`);
  return { ref, attributes: { Arn: () => ref, Name: () => name, StateMachineRevisionId: () => "INITIAL" } };
}

/** Ref is an ARN under a service, and one attribute repeats it. */
function arnOf(service: string, kind: string, property: string, attribute: string): ValuesOf {
  return (resource, place) => {
    const ref = arn(place, service, `${kind}${nameOf(resource, place, property)}`);
    return { ref, attributes: { [attribute]: () => ref } };
  };
}

function layerVersion(resource: ReferencedResource, place: StackPlace): Values {
  const ref = arn(place, "lambda", `layer:${nameOf(resource, place, "LayerName")}:${FIRST_VERSION}`);
  return { ref, attributes: { LayerVersionArn: () => ref } };
}

function bucket(resource: ReferencedResource, place: StackPlace): Values {
  const ref = textOf(resource.property("BucketName")) ?? generatedName(place, resource.logicalId).toLowerCase();
  const suffix = urlSuffix(place);
  return {
    ref,
    attributes: {
      Arn: () => `arn:${place.partition}:s3:::${ref}`,
      DomainName: () => `${ref}.s3.${suffix}`,
      RegionalDomainName: () => `${ref}.s3.${place.region}.${suffix}`,
      DualStackDomainName: () => `${ref}.s3.dualstack.${place.region}.${suffix}`,
      WebsiteURL: () => `http://${ref}.s3-website-${place.region}.${suffix}`,
    },
  };
}

function parameter(resource: ReferencedResource, place: StackPlace): Values {
  const attribute = (name: string) => () => textOf(resource.property(name));
  return { ref: nameOf(resource, place, "Name"), attributes: { Type: attribute("Type"), Value: attribute("Value") } };
}

/** Outputs of a nested stack are not known, and guessing them would hide that. */
function nestedStack(resource: ReferencedResource, place: StackPlace): Values {
  const name = generatedName(place, resource.logicalId);
  return { ref: arn(place, "cloudformation", `stack/${name}/${stableId(place, resource, 12)}`), attributes: {} };
}

const KNOWN_TYPES: Readonly<Record<string, ValuesOf>> = {
  "AWS::ApiGatewayV2::Api": httpApi,
  "AWS::ApiGatewayV2::ApiGatewayManagedOverrides": idOf("Id"),
  "AWS::ApiGatewayV2::ApiMapping": idOf("ApiMappingId"),
  "AWS::ApiGatewayV2::Authorizer": idOf("AuthorizerId"),
  "AWS::ApiGatewayV2::Deployment": idOf("DeploymentId"),
  "AWS::ApiGatewayV2::DomainName": domainName,
  "AWS::ApiGatewayV2::Integration": idOf("IntegrationId"),
  "AWS::ApiGatewayV2::IntegrationResponse": idOf("IntegrationResponseId"),
  "AWS::ApiGatewayV2::Model": idOf("ModelId"),
  "AWS::ApiGatewayV2::Route": idOf("RouteId"),
  "AWS::ApiGatewayV2::RouteResponse": idOf("RouteResponseId"),
  "AWS::ApiGatewayV2::Stage": namedBy("StageName", () => ({})),
  "AWS::ApiGatewayV2::VpcLink": idOf("VpcLinkId"),
  "AWS::ApiGateway::Account": idOf("Id"),
  "AWS::ApiGateway::ApiKey": apiKey,
  "AWS::ApiGateway::Authorizer": idOf("AuthorizerId"),
  "AWS::ApiGateway::BasePathMapping": idOf(),
  "AWS::ApiGateway::BasePathMappingV2": idOf("BasePathMappingArn"),
  "AWS::ApiGateway::ClientCertificate": idOf("ClientCertificateId"),
  "AWS::ApiGateway::Deployment": idOf("DeploymentId"),
  "AWS::ApiGateway::DomainName": domainName,
  "AWS::ApiGateway::DomainNameV2": privateDomainName,
  "AWS::ApiGateway::GatewayResponse": idOf("Id"),
  // (C) Ref gives the logical id.
  "AWS::ApiGateway::Method": (resource) => ({ ref: resource.logicalId, attributes: {} }),
  "AWS::ApiGateway::Model": namedBy("Name", () => ({})),
  "AWS::ApiGateway::RequestValidator": idOf("RequestValidatorId"),
  "AWS::ApiGateway::Resource": idOf("ResourceId"),
  "AWS::ApiGateway::RestApi": restApi,
  "AWS::ApiGateway::Stage": namedBy("StageName", () => ({})),
  "AWS::ApiGateway::UsagePlan": idOf("Id"),
  "AWS::ApiGateway::UsagePlanKey": idOf("Id"),
  "AWS::ApiGateway::VpcLink": idOf("VpcLinkId"),
  "AWS::CertificateManager::Certificate": arnOf("acm", "certificate/", "DomainName", "CertificateArn"),
  "AWS::CloudFormation::Stack": nestedStack,
  "AWS::Cognito::UserPool": userPool,
  "AWS::Cognito::UserPoolClient": userPoolClient,
  "AWS::IAM::AccessKey": accessKey,
  "AWS::IAM::Group": iamEntity("group", "GroupName"),
  "AWS::IAM::GroupPolicy": namedBy("PolicyName", () => ({})),
  "AWS::IAM::InstanceProfile": iamEntity("instance-profile", "InstanceProfileName"),
  "AWS::IAM::ManagedPolicy": managedPolicy,
  "AWS::IAM::Policy": namedBy("PolicyName", (name) => ({ Id: () => name })),
  "AWS::IAM::Role": role,
  "AWS::IAM::RolePolicy": namedBy("PolicyName", () => ({})),
  "AWS::IAM::User": iamEntity("user", "UserName"),
  "AWS::IAM::UserPolicy": namedBy("PolicyName", () => ({})),
  "AWS::IAM::UserToGroupAddition": namedBy("GroupName", () => ({})),
  "AWS::Lambda::Alias": functionAlias,
  "AWS::Lambda::Function": namedBy("FunctionName", (name, place) => ({ Arn: () => functionArn(place, name) })),
  "AWS::Lambda::LayerVersion": layerVersion,
  "AWS::Lambda::Permission": idOf("Id"),
  "AWS::Lambda::Url": functionUrl,
  "AWS::Lambda::Version": functionVersion,
  "AWS::Logs::LogGroup": namedBy("LogGroupName", (name, place) => ({
    // (D) The ARN of a log group ends in ":*".
    Arn: () => `${arn(place, "logs", `log-group:${name}`)}:*`,
  })),
  "AWS::S3::Bucket": bucket,
  "AWS::SecretsManager::Secret": arnOf("secretsmanager", "secret:", "Name", "Id"),
  "AWS::SNS::Topic": topic,
  "AWS::SQS::Queue": queue,
  "AWS::SSM::Parameter": parameter,
  "AWS::StepFunctions::StateMachine": stateMachine,
};

/** A type outside the product: a name, and attributes shaped by their own names. */
function foreignValues(resource: ReferencedResource, place: StackPlace): ReferenceValues {
  const [, service = "custom", kind = "resource"] = resource.type.split("::").map((part) => part.toLowerCase());
  const name =
    textOf(resource.property(`${resource.type.split("::").at(-1)}Name`)) ?? generatedName(place, resource.logicalId);
  return {
    ref: name,
    attribute: (attribute) => {
      if (/Arns?$/.test(attribute)) {
        const suffix = /^Arn$/.test(attribute) ? "" : `/${attribute}`;
        return arn(place, service, `${kind}/${name}${suffix}`);
      }
      if (/(?:Id|Name)$/.test(attribute)) return name;
      if (/Ur[il]$|URL$/.test(attribute)) return `https://${foreignHost(resource, place, service)}/`;
      if (/(?:Endpoint|Address|Domain|Host)\b/.test(attribute)) return foreignHost(resource, place, service);
      if (/Port$/.test(attribute)) return "443";
      return `${name}-${attribute}`;
    },
  };
}

function foreignHost(resource: ReferencedResource, place: StackPlace, service: string): string {
  return `${stableId(place, resource, 10)}.${service}.${place.region}.${urlSuffix(place)}`;
}
