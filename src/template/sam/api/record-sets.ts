import { isMapping } from "../../source-node.ts";
import { getAtt, isTruthy, member } from "../intrinsic.ts";
import { hashedLogicalId } from "../logical-id.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { putResource } from "./put-resource.ts";
import type { Subject } from "./subject.ts";

const TYPE = "AWS::Route53::RecordSetGroup";
/** The zone of every CloudFront distribution (D: Route 53 alias targets). */
const CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2";

/** Domains in one hosted zone share a group of records. */
const groups = new WeakMap<SamTemplate, Map<string, Share[]>>();

/** What an API brings to a group of records. */
interface Share {
  readonly zones: Made;
  readonly carried: Made;
  readonly records: readonly Made[];
}

interface RecordSetsOptions {
  readonly domain: Made;
  /** What the records point at: a custom domain's logical id, for private ones its name. */
  readonly target: unknown;
  readonly endpoint: unknown;
  readonly carried: Made;
  /** HTTP APIs know neither groups of their own nor both forms of a zone's name. */
  readonly isHttp: boolean;
}

/** Puts the DNS records that `Domain.Route53` wants. */
export function putRecordSets(subject: Subject, options: RecordSetsOptions): void {
  const { domain, carried, isHttp } = options;
  const route53 = member(domain, "Route53");
  if (route53 === undefined) return;
  if (!isMapping(route53)) throw subject.refusal("Property 'Domain.Route53' should be a map.", [domain, "Route53"]);
  const zone = member(route53, "HostedZoneId");
  const zoneName = member(route53, "HostedZoneName");
  if (zone === undefined && zoneName === undefined) {
    throw subject.refusal("HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.", [
      domain,
      "Route53",
    ]);
  }
  const at = subject.place([domain, "Route53"]);
  const named = isTruthy(zone) ? zone : zoneName;
  const records = recordSets(route53, options);
  const separate = isHttp ? undefined : route53.SeparateRecordSetGroup;
  if (isTruthy(separate)) {
    if (typeof separate !== "boolean") {
      throw subject.refusal("Property 'Domain.Route53.SeparateRecordSetGroup' should be a boolean.", [
        route53,
        "SeparateRecordSetGroup",
      ]);
    }
    const logicalId = hashedLogicalId("RecordSetGroup", [named, domain.DomainName]);
    const zones = { HostedZoneId: isTruthy(zone) ? zone : undefined, HostedZoneName: zoneName };
    putResource(subject, logicalId, TYPE, carried, mapping({ ...zones, RecordSets: records }), at);
    return;
  }
  const logicalId = hashedLogicalId("RecordSetGroup", named);
  const { sam } = subject;
  const known = groups.get(sam) ?? new Map<string, Share[]>();
  groups.set(sam, known);
  const isById = isHttp && Object.hasOwn(route53, "HostedZoneId");
  const zones = { HostedZoneId: zone, HostedZoneName: isById ? undefined : zoneName };
  const all = [...(known.get(logicalId) ?? []), { zones, carried, records }];
  known.set(logicalId, all);
  const properties = mapping({ ...all[0]?.zones, RecordSets: all.flatMap((share) => share.records) });
  putResource(subject, logicalId, TYPE, all[0]?.carried ?? carried, properties, at);
}

function recordSets(route53: Made, options: RecordSetsOptions): Made[] {
  const types = route53.IpV6 === true ? ["A", "AAAA"] : ["A"];
  return types.map((Type) =>
    mapping({
      Name: options.domain.DomainName ?? null,
      Type,
      AliasTarget: aliasTarget(route53, options),
      ...given(route53, "Region"),
      ...given(route53, "SetIdentifier"),
    }),
  );
}

function aliasTarget(route53: Made, { target, endpoint }: RecordSetsOptions): Made {
  const health = given(route53, "EvaluateTargetHealth");
  if (endpoint === "REGIONAL") {
    const id = String(target);
    return mapping({
      ...health,
      HostedZoneId: getAtt(id, "RegionalHostedZoneId"),
      DNSName: getAtt(id, "RegionalDomainName"),
    });
  }
  if (endpoint === "EDGE") {
    route53.DistributionDomainName ??= getAtt(String(target), "DistributionDomainName");
    return mapping({ ...health, HostedZoneId: CLOUDFRONT_ZONE, DNSName: route53.DistributionDomainName });
  }
  return mapping({
    ...health,
    HostedZoneId: route53.VpcEndpointHostedZoneId ?? null,
    DNSName: route53.VpcEndpointDomainName ?? null,
  });
}

function given(container: Made, key: string): Made {
  const value = member(container, key);
  return value === undefined ? {} : { [key]: value };
}
