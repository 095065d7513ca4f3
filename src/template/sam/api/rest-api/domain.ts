import { isMapping } from "../../../source-node.ts";
import { isTruthy, member, ref } from "../../intrinsic.ts";
import { hashedLogicalId } from "../../logical-id.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { addMutualTls, basePathsOf } from "../custom-domain.ts";
import { putResource } from "../put-resource.ts";
import { putRecordSets } from "../record-sets.ts";
import { type Subject, worded } from "../subject.ts";

const ENDPOINTS = ["EDGE", "REGIONAL", "PRIVATE"];

/** Puts the custom domain that `Domain` of AWS::Serverless::Api wants; returns what may carry tags. */
export function putRestDomain(subject: Subject, properties: Made, carried: Made): Made[] {
  const domain = member(properties, "Domain");
  if (domain === undefined) return [];
  if (!isMapping(domain)) throw subject.refusal("Property 'Domain' should be a map.", [properties, "Domain"]);
  for (const key of ["DomainName", "CertificateArn"]) {
    if (member(domain, key) === undefined) {
      throw subject.refusal(`Property 'Domain.${key}' is required.`, [properties, "Domain"], `Add ${key}.`);
    }
  }
  const isPrivate = domain.EndpointConfiguration === "PRIVATE";
  const domainId = hashedLogicalId(isPrivate ? "ApiGatewayDomainNameV2" : "ApiGatewayDomainName", domain.DomainName);
  const endpoint = member(domain, "EndpointConfiguration") ?? "REGIONAL";
  if (!ENDPOINTS.includes(worded(endpoint))) {
    throw subject.refusal("EndpointConfiguration for Custom Domains must be one of ['EDGE', 'REGIONAL', 'PRIVATE'].", [
      domain,
      "EndpointConfiguration",
    ]);
  }
  domain.EndpointConfiguration = endpoint;
  const at = subject.place([properties, "Domain"]);
  const made = [
    putResource(
      subject,
      domainId,
      isPrivate ? "AWS::ApiGateway::DomainNameV2" : "AWS::ApiGateway::DomainName",
      carried,
      domainProperties(subject, domain, endpoint),
      at,
    ),
  ];
  for (const { logicalId, basePath } of mappingsOf(subject, domain)) {
    const to = isPrivate ? { DomainNameArn: ref(domainId) } : { DomainName: ref(domainId) };
    const stage = ref(`${subject.logicalId}.Stage`);
    const mapped = mapping({ ...to, RestApiId: ref(subject.logicalId), Stage: stage, BasePath: basePath });
    const type = isPrivate ? "AWS::ApiGateway::BasePathMappingV2" : "AWS::ApiGateway::BasePathMapping";
    putResource(subject, logicalId, type, carried, mapped, at);
  }
  const target = isPrivate ? domain.DomainName : domainId;
  const association = isPrivate ? putAssociation(subject, domain, domainId, carried) : undefined;
  putRecordSets(subject, { domain, target, endpoint, carried, isHttp: false });
  return association ? [...made, association] : made;
}

function domainProperties(subject: Subject, domain: Made, endpoint: unknown): Made {
  const configuration = mapping({ Types: [endpoint] });
  if (isTruthy(domain.IpAddressType)) configuration.IpAddressType = domain.IpAddressType;
  const certificate = endpoint === "REGIONAL" ? "RegionalCertificateArn" : "CertificateArn";
  const made = mapping({
    DomainName: domain.DomainName,
    [certificate]: domain.CertificateArn,
    EndpointConfiguration: configuration,
  });
  const isPrivate = endpoint === "PRIVATE";
  if (!isPrivate) addMutualTls(subject, domain, made, "Domain.MutualTlsAuthentication");
  const names = ["SecurityPolicy", "EndpointAccessMode", "Policy", "OwnershipVerificationCertificateArn"];
  for (const name of names) {
    if (!isTruthy(domain[name])) continue;
    const isElsewhere = isPrivate ? name === "OwnershipVerificationCertificateArn" : name === "Policy";
    if (isElsewhere) {
      const type = isPrivate ? "AWS::ApiGateway::DomainNameV2" : "AWS::ApiGateway::DomainName";
      throw subject.refusal(`property ${name} not defined for resource of type ${type}`, [domain, name], "Remove it.");
    }
    made[name] = domain[name];
    subject.sam.origins.set(made, name, subject.place([domain, name]));
  }
  return made;
}

function mappingsOf(subject: Subject, domain: Made): { logicalId: string; basePath: string | undefined }[] {
  const paths = basePathsOf(domain);
  if (paths === undefined) return [{ logicalId: `${subject.logicalId}BasePathMapping`, basePath: undefined }];
  const isNormalized = Object.hasOwn(domain, "NormalizeBasePath") ? isTruthy(domain.NormalizeBasePath) : true;
  return paths.map((path, index) => {
    if (typeof path !== "string") {
      throw subject.refusal(`Property 'Domain.BasePath[${index}]' should be a string.`, [paths, index]);
    }
    const plain = path.replace(/[^\p{L}\p{N}]/gu, "");
    return { logicalId: `${subject.logicalId}${plain}BasePathMapping`, basePath: isNormalized ? plain : path };
  });
}

/** A VPC endpoint's access to a private domain. */
function putAssociation(subject: Subject, domain: Made, domainId: string, carried: Made): Made | undefined {
  const given = member(domain, "AccessAssociation");
  if (given === undefined) return undefined;
  const where = [domain, "AccessAssociation"] as const;
  if (!isMapping(given)) throw subject.refusal("Property 'Domain.AccessAssociation' should be a map.", where);
  const endpoint = given.VpcEndpointId ?? null;
  const logicalId = hashedLogicalId("DomainNameAccessAssociation", [endpoint, domainId]);
  const properties = mapping({
    DomainNameArn: ref(domainId),
    AccessAssociationSourceType: "VPCE",
    AccessAssociationSource: endpoint,
  });
  return putResource(
    subject,
    logicalId,
    "AWS::ApiGateway::DomainNameAccessAssociation",
    carried,
    properties,
    subject.place(where),
  );
}
