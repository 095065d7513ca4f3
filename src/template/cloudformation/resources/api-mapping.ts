import type { ApiMapping } from "../../../model/custom-domain.ts";
import { eachUnknownKey } from "../../report.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import type { DomainProblems } from "./domain-problems.ts";

/** How the kinds of mappings name their parts. */
interface MappingKind {
  readonly key: string;
  readonly domain: string;
  readonly api: string;
  readonly keys: ReadonlySet<string>;
  /** Maps REST APIs only, at one level. */
  readonly isBasePath: boolean;
  readonly needsStage: boolean;
}

const KINDS: Readonly<Record<string, MappingKind>> = {
  "AWS::ApiGateway::BasePathMapping": basePathMapping("DomainName", false, ["Id"]),
  "AWS::ApiGateway::BasePathMappingV2": basePathMapping("DomainNameArn", true, []),
  "AWS::ApiGatewayV2::ApiMapping": {
    key: "ApiMappingKey",
    domain: "DomainName",
    api: "ApiId",
    keys: new Set(["ApiId", "ApiMappingKey", "DomainName", "Stage"]),
    isBasePath: false,
    needsStage: true,
  },
};

function basePathMapping(domain: string, needsStage: boolean, more: readonly string[]): MappingKind {
  const keys = new Set(["BasePath", domain, "RestApiId", "Stage", ...more]);
  return { key: "BasePath", domain, api: "RestApiId", keys, isBasePath: true, needsStage };
}

/** An API of the stack as far as it can be mapped. */
export interface MappableApi {
  readonly apiId: string;
  readonly type: "REST" | "HTTP";
  readonly stageNames: readonly string[];
  /** Of the resources of a REST API. */
  readonly paths: readonly string[];
}

const MAX_KEY_CHARACTERS = 300;
/** (D: letters, digits and `$-_.+!*'()`, with slashes between; R, aws-cdk 8983: a lone slash is refused.) */
const KEY = /^[A-Za-z0-9$\-_.+!*'()]+(?:\/[A-Za-z0-9$\-_.+!*'()]+)*$/;
/** What base path mappings call no path and no stage (D: CreateBasePathMapping). */
const NONE = "(none)";

export function isMappingType(type: string): boolean {
  return Object.hasOwn(KINDS, type);
}

/** Where a mapping names its domain: a name, or an ARN that ends in one. */
export function domainNodeOf({ type, properties }: StackResource): SourceNode | undefined {
  const kind = KINDS[type];
  return kind && properties.get(kind.domain);
}

/** The name in what `domainNodeOf` gives; undefined when it is neither name nor ARN. */
export function domainNameIn(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  if (!value.startsWith("arn:")) return value;
  return /:\/domainnames\/([^+/]+)(?:\+[^/]*)?$/.exec(value)?.[1];
}

/** Reads a mapping; undefined, after a finding, when it is not known which requests it takes or where they go. */
export function readApiMapping(
  resource: StackResource,
  apis: readonly MappableApi[],
  problems: DomainProblems,
): ApiMapping | undefined {
  const { properties, logicalId, type } = resource;
  const kind = KINDS[type] as MappingKind; // the caller asked isMappingType
  eachUnknownKey(properties, kind.keys, (child, fix) => {
    const message = `${logicalId} has the unknown property ${show(child.name)}.`;
    problems.acceptable("custom-domain-property-unknown", child, message, fix);
  });
  const key = readKey(properties.get(kind.key), kind, logicalId, problems);
  const apiNode = properties.get(kind.api);
  const apiId = apiNode?.value;
  const api = apis.find((each) => each.apiId === apiId && (each.type === "REST" || !kind.isBasePath));
  if (api === undefined) {
    const message = `${kind.api} of ${logicalId} is ${show(apiId)}, which is no ${kind.isBasePath ? "REST " : ""}API of this template.`;
    const fix = "Load the API's template with the domain in it, or remove the mapping.";
    if (typeof apiId === "string") problems.acceptable("custom-domain-api-unknown", apiNode, message, fix);
    else problems.final("custom-domain-api-unknown", apiNode, message, fix);
  }
  const stageName = readStageName(resource, kind, api, problems);
  if (key === undefined || typeof apiId !== "string" || stageName === null) return undefined;
  return { key, apiId, ...(stageName !== undefined && { stageName }) };
}

function readKey(
  node: SourceNode | undefined,
  { key: property, isBasePath }: MappingKind,
  logicalId: string,
  problems: DomainProblems,
): string | undefined {
  const key = node?.value;
  if (node === undefined || key === "" || (isBasePath && key === NONE)) return "";
  const isKey = typeof key === "string" && key.length <= MAX_KEY_CHARACTERS && KEY.test(key) && key !== NONE;
  if (isKey && !(isBasePath && key.includes("/"))) return key;
  const [wanted, fix] = !isKey
    ? [
        `up to ${MAX_KEY_CHARACTERS} of the characters A-Z a-z 0-9 $-_.+!*'(), with slashes in between`,
        "Correct it, or leave it out to map every path.",
      ]
    : ["one segment", "Use AWS::ApiGatewayV2::ApiMapping, which maps several levels."];
  const message = `${property} of ${logicalId} is ${show(key)}, wanted ${wanted}.`;
  problems.final("custom-domain-key-invalid", node, message, fix);
  return undefined;
}

/** Undefined where the path names the stage, null after a finding. */
function readStageName(
  { properties, logicalId }: StackResource,
  { needsStage }: MappingKind,
  api: MappableApi | undefined,
  problems: DomainProblems,
): string | undefined | null {
  const node = properties.get("Stage");
  const name = node?.value;
  if (!needsStage && (node === undefined || name === "" || name === NONE)) return undefined;
  const isNamed = typeof name === "string" && name !== "";
  if (isNamed && (api === undefined || api.stageNames.includes(name))) return name;
  const known = api === undefined ? "" : ` (${api.stageNames.join(", ") || "none"})`;
  const message = `Stage of ${logicalId} is ${show(name)}, wanted a stage that the API has in this template${known}.`;
  const fix = "Name one of them, with Ref if it is a resource.";
  if (isNamed) problems.acceptable("custom-domain-stage-unknown", node, message, fix);
  else problems.final("custom-domain-stage-unknown", node, message, fix);
  return isNamed ? name : null;
}
