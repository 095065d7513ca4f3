import type { Finding } from "../../model/finding.ts";
import type { StackPlace } from "../cloudformation/stack.ts";
import type { SourceDocument } from "../document.ts";
import { nearestName } from "../nearest-name.ts";
import type { SourceNode } from "../source-node.ts";
import { addDefaultDefinitions } from "./api/default-definition.ts";
import { expansionOrder } from "./api/expansion-order.ts";
import { expandHttpApi } from "./api/http-api.ts";
import { addImplicitApis } from "./api/implicit-apis.ts";
import { expandRestApi } from "./api/rest-api.ts";
import { checkNames, checkStructure, isSamType } from "./check-structure.ts";
import { addEmbeddedConnectors, CONNECTOR } from "./connector/embedded-connectors.ts";
import { expandConnector } from "./connector/expand-connector.ts";
import { Expansion } from "./expansion.ts";
import { expandFunction } from "./function/expand-function.ts";
import { mergeGlobals } from "./globals.ts";
import { expandGraphQlApi } from "./graphql-api/expand-graphql-api.ts";
import { asText } from "./intrinsic.ts";
import { putLocalIncludes } from "./local-includes.ts";
import { type MadeResource, templateResource } from "./made-resource.ts";
import { parameterValues } from "./parameters.ts";
import { References } from "./references.ts";
import { expandApplication } from "./resources/application.ts";
import { expandCapacityProvider } from "./resources/capacity-provider.ts";
import { expandLayerVersion } from "./resources/layer-version.ts";
import { expandSimpleTable } from "./resources/simple-table.ts";
import { expandWebSocketApi } from "./resources/websocket-api.ts";
import { SamRefusal } from "./sam-refusal.ts";
import { requireAlphanumeric } from "./sam-resource.ts";
import { type Made, SamTemplate } from "./sam-template.ts";
import { expandStateMachine } from "./state-machine/expand-state-machine.ts";

export interface ExpandSamOptions {
  readonly parameters: Readonly<Record<string, string>>;
  readonly place: StackPlace;
  /** Absolute: what relative locations of the template start from. */
  readonly baseFolder: string;
  /** Text of a file by its absolute path; undefined when it cannot be read. Without it no file is read. */
  readonly readFile?: (file: string) => string | undefined;
}

export interface ExpandedSam {
  /** Its places are those of what the user wrote. */
  readonly document: SourceDocument;
  readonly findings: readonly Finding[];
  /** Files read besides the template, absolute. */
  readonly files: ReadonlySet<string>;
}

/** Expands one resource; what it gives takes the place of the resource. */
type Expand = (expansion: Expansion, logicalId: string, body: Made) => readonly MadeResource[];

/** An API puts what it comes to itself. */
const putsItself =
  (expand: (sam: SamTemplate, logicalId: string) => void): Expand =>
  ({ sam }, logicalId) => {
    expand(sam, logicalId);
    return [];
  };

/** In SAM's order: functions and state machines write into APIs, and connectors look at what all have become. */
const STEPS: readonly Readonly<Record<string, Expand>>[] = [
  { "AWS::Serverless::Function": expandFunction },
  { "AWS::Serverless::StateMachine": expandStateMachine },
  {
    "AWS::Serverless::Api": putsItself(expandRestApi),
    "AWS::Serverless::HttpApi": putsItself(expandHttpApi),
    "AWS::Serverless::WebSocketApi": expandWebSocketApi,
  },
  {
    "AWS::Serverless::LayerVersion": expandLayerVersion,
    "AWS::Serverless::SimpleTable": expandSimpleTable,
    "AWS::Serverless::Application": expandApplication,
    "AWS::Serverless::CapacityProvider": expandCapacityProvider,
    "AWS::Serverless::GraphQLApi": expandGraphQlApi,
  },
  { [CONNECTOR]: expandConnector },
];

/**
 * Expands the AWS::Serverless resources of a template as SAM's translator does, into the CloudFormation resources that
 * AWS deploys for them. Everything made points at what the user wrote. Never throws for what stands in the template: a
 * finding of effect `load` says why SAM, and so this, refuses it.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
 */
export function expandSam(
  template: SourceNode,
  { parameters, place, baseFolder, readFile = () => undefined }: ExpandSamOptions,
): ExpandedSam {
  const sam = new SamTemplate(template, { parameters: parameterValues(template, parameters, place), place });
  attempt(sam, () => checkStructure(sam, template));
  const files = sam.isRefused ? new Set<string>() : putLocalIncludes(sam, { baseFolder, readFile });
  if (!sam.isRefused) attempt(sam, () => prepare(sam));
  if (!sam.isRefused) expandResources(sam);
  checkNames(sam, template);
  delete sam.body.Transform;
  return { document: sam.document(), findings: sam.report.findings, files };
}

/** Turns what a step refuses into a finding. */
function attempt(sam: SamTemplate, step: () => void): void {
  try {
    step();
  } catch (refusal) {
    if (!(refusal instanceof SamRefusal)) throw refusal;
    sam.refuse(refusal.at, refusal.rule, refusal.message, refusal.fix);
  }
}

/** What SAM does to the template before it expands any resource, in its order. */
function prepare(sam: SamTemplate): void {
  addDefaultDefinitions(sam);
  addImplicitApis(sam);
  mergeGlobals(sam);
}

function expandResources(sam: SamTemplate): void {
  addEmbeddedConnectors(sam, (step) => attempt(sam, step));
  const expansion = new Expansion(sam);
  const references = new References();
  refuseUnknownTypes(expansion);
  const order = expansionOrder(sam);
  for (const step of STEPS) {
    for (const logicalId of order) {
      const type = expansion.originalTypes.get(logicalId);
      const expand = typeof type === "string" && Object.hasOwn(step, type) ? step[type] : undefined;
      if (expand !== undefined) attempt(sam, () => expandResource(expansion, references, logicalId, expand));
    }
  }
  attempt(sam, () => {
    for (const made of expansion.deployments.resources(expansion)) {
      sam.put(made.logicalId, templateResource(made), made.at);
    }
  });
  if (sam.isRefused) return;
  references.rewrite(sam.body);
  expansion.orderResources();
}

function expandResource(expansion: Expansion, references: References, logicalId: string, expand: Expand): void {
  const { sam, originalTypes } = expansion;
  const body = sam.resource(logicalId);
  if (body === undefined) return;
  sam.takePuts();
  const made = expand(expansion, logicalId, body);
  if (made.length > 0) {
    sam.remove(logicalId);
    putAll(sam, logicalId, made, originalTypes);
  }
  const type = asText(originalTypes.get(logicalId));
  const added = [...sam.takePuts()].filter((each) => Object.hasOwn(sam.resources, each));
  expansion.cameFrom(logicalId, added);
  const others = added.filter((each) => !made.some((one) => one.logicalId === each));
  references.add(type, logicalId, [...others.map((each) => ({ logicalId: each, type: typeOf(sam, each) })), ...made]);
  if (type === "AWS::Serverless::LayerVersion") references.rename(logicalId, made[0]?.logicalId ?? logicalId);
}

/** Refuses types that SAM does not have: AWS would refuse the expanded template for them. */
function refuseUnknownTypes({ sam, originalTypes }: Expansion): void {
  const known = STEPS.flatMap((step) => Object.keys(step));
  for (const [logicalId, type] of originalTypes) {
    if (!isSamType(type) || known.includes(type)) continue;
    const resource = sam.resource(logicalId);
    const at = resource === undefined ? sam.resourceAt(logicalId) : sam.at(resource, "Type");
    const meant = nearestName(type, known);
    const fix = meant ? `Write ${meant} if that is what is meant.` : `SAM has ${known.join(", ")}.`;
    sam.refuse(at, "sam-type-unknown", `${logicalId} is of type ${type}, which SAM does not have.`, fix);
  }
}

/** Resources of the user that events write into. */
const MAY_CHANGE = new Set(["AWS::S3::Bucket", "AWS::Cognito::UserPool"]);

function putAll(
  sam: SamTemplate,
  logicalId: string,
  made: readonly MadeResource[],
  types: ReadonlyMap<string, unknown>,
): void {
  for (const each of made) {
    requireAlphanumeric(each.logicalId, each.at);
    if (types.has(each.logicalId) && each.logicalId !== logicalId && !MAY_CHANGE.has(each.type)) {
      const message = `Transforming resource with id [${logicalId}] attempts to create a new resource with id [${each.logicalId}] and type "${each.type}". A resource with that id already exists within this template. Please use a different id for that resource.`;
      const fix = `Rename the resource ${each.logicalId}.`;
      sam.refuse(sam.resourceAt(each.logicalId), "sam-logical-id-taken", message, fix);
    } else sam.put(each.logicalId, templateResource(each), each.at);
  }
}

function typeOf(sam: SamTemplate, logicalId: string): string {
  return asText(sam.resource(logicalId)?.Type);
}
