import { eachUnknownKey } from "../../report.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import type { DomainProblems } from "./domain-problems.ts";

const COMMON_KEYS = ["DomainName", "RoutingMode", "Tags"];
const REST_KEYS = [...COMMON_KEYS, "CertificateArn", "EndpointAccessMode", "EndpointConfiguration", "SecurityPolicy"];
/** The types of custom domains, with the properties that each may have. */
const KEYS_OF: Readonly<Record<string, ReadonlySet<string>>> = {
  "AWS::ApiGateway::DomainName": new Set([
    ...REST_KEYS,
    "MutualTlsAuthentication",
    "OwnershipVerificationCertificateArn",
    "RegionalCertificateArn",
  ]),
  "AWS::ApiGateway::DomainNameV2": new Set([...REST_KEYS, "Policy"]),
  "AWS::ApiGatewayV2::DomainName": new Set([...COMMON_KEYS, "DomainNameConfigurations", "MutualTlsAuthentication"]),
};
const ENDPOINT_KEYS = new Set(["IpAddressType", "Types"]);
const CONFIGURATION_KEYS = new Set([
  "CertificateArn",
  "CertificateName",
  "EndpointType",
  "IpAddressType",
  "OwnershipVerificationCertificateArn",
  "SecurityPolicy",
]);
/** For private APIs (D). */
const PRIVATE_TYPE = "AWS::ApiGateway::DomainNameV2";

const MAX_NAME_CHARACTERS = 253;
/** At least two labels in lower case (D: capitals are not supported), the last no number; perhaps `*.` in front of them. */
const NAME = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Names that are served otherwise, or that nobody can own. */
const RESERVED = /(?:^|\.)(?:execute-api\.localhost|amazonaws\.com|amazonaws\.com\.cn)$|^console\.localhost$/;

export function isDomainType(type: string): boolean {
  return Object.hasOwn(KEYS_OF, type);
}

/** Reads a domain's own resource; undefined, after a finding, without a name that can be served. */
export function readDomainName(resource: StackResource, problems: DomainProblems): string | undefined {
  const { properties, type, logicalId } = resource;
  refuseUnknownKeys(properties, KEYS_OF[type] ?? new Set(), logicalId, problems);
  const tls = properties.get("MutualTlsAuthentication");
  if (tls) {
    const message = `${logicalId} asks clients for certificates, which are not checked here: everybody could come in.`;
    problems.acceptable(
      "custom-domain-mutual-tls",
      tls,
      message,
      "Remove MutualTlsAuthentication for use outside AWS.",
    );
  }
  const mode = properties.get("RoutingMode");
  if (mode && mode.value !== "API_MAPPING_ONLY") {
    const message = `RoutingMode of ${logicalId} is ${show(mode.value)}, and only API_MAPPING_ONLY is supported.`;
    problems.acceptable("custom-domain-routing-mode", mode, message, "Map APIs with API mappings.");
  }
  const access = properties.get("EndpointAccessMode");
  if (access && access.value !== "BASIC") {
    const message = `EndpointAccessMode of ${logicalId} is ${show(access.value)}, and only BASIC is supported.`;
    problems.acceptable("custom-domain-access-mode", access, message, "Write BASIC for use outside AWS.");
  }
  const policy = properties.get("Policy");
  if (policy) {
    const message = `${logicalId} has a resource policy, which is not evaluated for domains.`;
    problems.acceptable(
      "custom-domain-policy",
      policy,
      message,
      "Move it to the API's own Policy for use outside AWS.",
    );
  }
  readEndpoints(resource, problems);
  return readName(resource, problems);
}

function readEndpoints({ properties, type, logicalId }: StackResource, problems: DomainProblems): void {
  const endpoint = properties.get("EndpointConfiguration");
  if (endpoint) refuseUnknownKeys(endpoint, ENDPOINT_KEYS, logicalId, problems);
  const configurations = properties.get("DomainNameConfigurations");
  if (configurations && !configurations.isList) refuseShape(configurations, "a list", logicalId, problems);
  for (const item of configurations?.items() ?? []) refuseUnknownKeys(item, CONFIGURATION_KEYS, logicalId, problems);
  const types = endpoint?.get("Types");
  if (types && !types.isList) refuseShape(types, "a list", logicalId, problems);
  const named = [
    ...(types?.items() ?? []),
    ...(configurations?.items() ?? []).flatMap((each) => each.get("EndpointType") ?? []),
  ];
  for (const node of named) {
    if (node.value === "REGIONAL" || node.value === "EDGE" || node.value === "PRIVATE") continue;
    refuseShape(node, "REGIONAL or EDGE", logicalId, problems);
  }
  const privately = named.find(({ value }) => value === "PRIVATE");
  if (type !== PRIVATE_TYPE && privately === undefined) return;
  const message = `${logicalId} is private to VPC endpoints, which are not supported: everybody could reach it here.`;
  const fix = `Use ${type === PRIVATE_TYPE ? "AWS::ApiGateway::DomainName" : "REGIONAL"} outside AWS.`;
  problems.acceptable("custom-domain-private", privately, message, fix);
}

function readName({ properties, logicalId }: StackResource, problems: DomainProblems): string | undefined {
  const node = properties.get("DomainName");
  const name = node?.value;
  if (isServableName(name)) return name;
  const message = `DomainName of ${logicalId} is ${show(name)}, wanted a name in lower case that can be registered, e.g. api.example.com or *.example.com.`;
  problems.final("custom-domain-name-invalid", node, message, "Correct the name.");
  return undefined;
}

/** Whether requests for the name can be told from all others. */
export function isServableName(name: unknown): name is string {
  return typeof name === "string" && name.length <= MAX_NAME_CHARACTERS && NAME.test(name) && !RESERVED.test(name);
}

function refuseUnknownKeys(
  node: SourceNode,
  known: ReadonlySet<string>,
  logicalId: string,
  problems: DomainProblems,
): void {
  if (!node.isMapping) refuseShape(node, "a mapping", logicalId, problems);
  eachUnknownKey(node, known, (child, fix) => {
    const message = `${logicalId} has the unknown property ${show(child.name)}.`;
    problems.acceptable("custom-domain-property-unknown", child, message, fix);
  });
}

function refuseShape(node: SourceNode, wanted: string, logicalId: string, problems: DomainProblems): void {
  const message = `${node.name} of ${logicalId} is ${show(node.value)}, wanted ${wanted}.`;
  problems.acceptable("custom-domain-property-invalid", node, message, "Correct the value.");
}
