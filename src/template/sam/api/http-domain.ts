import { isMapping } from "../../source-node.ts";
import { isTruthy, member, ref } from "../intrinsic.ts";
import { hashedLogicalId } from "../logical-id.ts";
import { type Made, mapping } from "../sam-template.ts";
import { addMutualTls, basePathsOf } from "./custom-domain.ts";
import { putResource } from "./put-resource.ts";
import { putRecordSets } from "./record-sets.ts";
import type { Subject } from "./subject.ts";

/** Puts the custom domain that `Domain` of AWS::Serverless::HttpApi wants; `tags` are those of the made domain. */
export function putHttpDomain(subject: Subject, properties: Made, tags: Made, carried: Made): void {
  const domain = member(properties, "Domain");
  if (domain === undefined) return;
  const where = [properties, "Domain"] as const;
  if (!isMapping(domain)) throw subject.refusal("Property 'Domain' should be a map.", where);
  const { logicalId } = subject;
  const certificate = member(domain, "CertificateArn");
  if (member(domain, "DomainName") === undefined || certificate === undefined) {
    throw subject.refusal("Custom Domains only works if both DomainName and CertificateArn are provided.", where);
  }
  const endpoint = member(domain, "EndpointConfiguration") ?? "REGIONAL";
  if (endpoint !== "REGIONAL") {
    throw subject.refusal("EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].", [
      domain,
      "EndpointConfiguration",
    ]);
  }
  const configuration = mapping({ CertificateArn: certificate, EndpointType: endpoint });
  for (const name of ["OwnershipVerificationCertificateArn", "SecurityPolicy"]) {
    if (isTruthy(domain[name])) configuration[name] = domain[name];
  }
  const made = mapping({
    DomainName: domain.DomainName,
    DomainNameConfigurations: [configuration],
    Tags: tags,
  });
  addMutualTls(subject, domain, made, "MutualTlsAuthentication");
  const domainId = hashedLogicalId("ApiGatewayDomainNameV2", domain.DomainName);
  const at = subject.place(where);
  putResource(subject, domainId, "AWS::ApiGatewayV2::DomainName", carried, made, at);
  for (const path of basePathsOf(domain) ?? [undefined]) {
    if (path !== undefined && typeof path !== "string") {
      throw subject.refusal("Basepath must be a string.", [domain, "BasePath"]);
    }
    if (path !== undefined && /[^0-9a-zA-Z/_-]/.test(path)) {
      const fix = "Use letters, digits, -, _ and / only.";
      throw subject.refusal("Invalid Basepath name provided.", [domain, "BasePath"], fix);
    }
    const mapped = mapping({
      DomainName: ref(domainId),
      ApiId: ref(logicalId),
      Stage: ref(`${logicalId}.Stage`),
      ApiMappingKey: path?.replace(/^\/+|\/+$/g, ""),
    });
    const mappingId = `${logicalId}${path?.replace(/[-_/]+/g, "") ?? ""}ApiMapping`;
    putResource(subject, mappingId, "AWS::ApiGatewayV2::ApiMapping", carried, mapped, at);
  }
  putRecordSets(subject, { domain, target: domainId, endpoint, carried, isHttp: true });
}
