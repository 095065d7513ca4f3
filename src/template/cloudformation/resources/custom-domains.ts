import type { ApiMapping, CustomDomain } from "../../../model/custom-domain.ts";
import type { Finding, SourcePosition } from "../../../model/finding.ts";
import type { Report } from "../../report.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { UNRESOLVED } from "../resolve-template.ts";
import type { StackResource } from "../stack.ts";
import { domainNameIn, domainNodeOf, isMappingType, type MappableApi, readApiMapping } from "./api-mapping.ts";
import { isDomainType, isServableName, readDomainName } from "./domain-name.ts";
import { DomainProblems } from "./domain-problems.ts";
import type { StackContext } from "./stack-context.ts";

/** A custom domain of a stack. */
export interface LoadedDomain {
  readonly domain: CustomDomain;
  /** The findings with effect `domain`: unless all are accepted, it answers 501. */
  readonly refusals: readonly Finding[];
  /** That of them which says that the domain is no resource of the stack. */
  readonly undeclared?: Finding;
}

interface Draft {
  readonly domainName: string;
  readonly mappings: ApiMapping[];
  readonly refusals: Finding[];
  readonly at: SourcePosition;
  undeclared?: Finding;
}

/** Belong to domains and open no address here. */
const NOT_OPENED = new Set(["AWS::ApiGateway::DomainNameAccessAssociation", "AWS::ApiGatewayV2::RoutingRule"]);

/** Whether a resource is a custom domain, or belongs to one: no part of any API. */
export function belongsToDomain(type: string): boolean {
  return isDomainType(type) || isMappingType(type) || NOT_OPENED.has(type);
}

/**
 * Reads the custom domains of a stack with their mappings to its APIs. What is not understood of a domain or of one of its
 * mappings closes that domain: a path that went missing would go to a wider mapping, under another API's rules.
 */
export function readCustomDomains(
  resources: readonly StackResource[],
  apis: readonly MappableApi[],
  context: StackContext,
): LoadedDomain[] {
  const drafts = new Map<string, Draft>();
  /** Names of domains that are refused for their name: their mappings need no finding of their own. */
  const refusedNames = new Set<unknown>();
  for (const resource of resources) {
    if (NOT_OPENED.has(resource.type)) noteNotOpened(resource, context);
    if (!isDomainType(resource.type)) continue;
    const problems = new DomainProblems(resource, context.report);
    const domainName = readDomainName(resource, problems);
    if (domainName === undefined) {
      refusedNames.add(domainNameIn(context.refOf(resource)));
      continue;
    }
    const other = drafts.get(domainName);
    if (other !== undefined) {
      const message = `${resource.logicalId} has the name ${domainName}, which another domain of the template has too.`;
      problems.final("custom-domain-twice", resource.properties.get("DomainName"), message, "Keep one of the two.");
    }
    const draft = other ?? { domainName, mappings: [], refusals: [], at: resource.at };
    draft.refusals.push(...problems.findings);
    drafts.set(domainName, draft);
  }
  for (const resource of resources) {
    if (!isMappingType(resource.type)) continue;
    const node = domainNodeOf(resource);
    const name = domainNameIn(node?.value);
    if (name !== undefined && refusedNames.has(name)) continue;
    if (node?.entries().some((child) => child.name.startsWith(UNRESOLVED))) noteElsewhere(resource, node, context);
    else placeMapping(resource, node, name, drafts, apis, context);
  }
  return [...drafts.values()].map(({ refusals, undeclared, ...domain }) => {
    return { domain, refusals, ...(undeclared && { undeclared }) };
  });
}

/** Reads a mapping and puts it, with what is wrong with it, where its requests come in. */
function placeMapping(
  resource: StackResource,
  node: SourceNode | undefined,
  name: string | undefined,
  drafts: Map<string, Draft>,
  apis: readonly MappableApi[],
  { report }: StackContext,
): void {
  const { logicalId } = resource;
  const problems = new DomainProblems(resource, report);
  if (!isServableName(name)) {
    const message = `${logicalId} names the domain ${show(node?.value)}, wanted a domain of this template.`;
    problems.final("custom-domain-name-invalid", node, message, "Write Ref: DOMAIN, or its name.");
    // It may have been meant for any of them.
    for (const draft of drafts.values()) draft.refusals.push(...problems.findings);
    return;
  }
  const known = drafts.get(name);
  const draft = known ?? { domainName: name, mappings: [], refusals: [], at: resource.at };
  if (known === undefined) {
    const message = `${logicalId} maps an API to ${name}, which is no domain of this template: whether it asks for client certificates or has other mappings is not known.`;
    const fix = `Load the template that has the domain too, or accept custom-domain-not-in-stack@${logicalId} to open it with the mappings of this template.`;
    draft.undeclared = problems.acceptable("custom-domain-not-in-stack", node, message, fix, "warning");
    drafts.set(name, draft);
  }
  const mapping = readApiMapping(resource, apis, problems);
  if (mapping && draft.mappings.some(({ key }) => key === mapping.key)) {
    const message = `${logicalId} maps ${show(mapping.key)} of ${name}, which another mapping does too.`;
    problems.final("custom-domain-key-twice", undefined, message, "Keep one of the two.");
  } else if (mapping) draft.mappings.push(mapping);
  draft.refusals.push(...problems.findings);
  if (mapping?.key === "")
    noteReserved(
      resource,
      name,
      apis.find(({ apiId }) => apiId === mapping.apiId),
      report,
    );
}

/** (D) Such root resources do not work behind custom domains: AWS's own health check answers there. */
const RESERVED_PATHS = new Set(["/ping", "/sping"]);

function noteReserved(
  { logicalId, at }: StackResource,
  domainName: string,
  api: MappableApi | undefined,
  report: Report,
): void {
  for (const path of api?.paths.filter((each) => RESERVED_PATHS.has(each)) ?? []) {
    const message = `${logicalId} maps ${path} to ${domainName}, where AWS answers it with a health check of its own.`;
    const fix = "Rename the resource, or map the API with a base path.";
    report.note("warning", { rule: "custom-domain-path-reserved", at, message, fix }, logicalId);
  }
}

function noteElsewhere({ logicalId }: StackResource, node: SourceNode, { report }: StackContext): void {
  const message = `${logicalId} maps an API to a domain whose name is not known here: it opens no address.`;
  const fix = "Name the domain with --allowed-host to reach the API by it.";
  report.note("warning", { rule: "custom-domain-not-opened", at: node.at(), message, fix }, logicalId);
}

function noteNotOpened({ logicalId, type, at }: StackResource, { report }: StackContext): void {
  const message = `${logicalId} (${type}) does nothing here: it opens no address and takes no requests.`;
  const fix = "Map APIs to a domain with API mappings.";
  report.note("info", { rule: "custom-domain-not-opened", at, message, fix }, logicalId);
}
