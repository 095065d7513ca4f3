import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import { POLICY_VERSION } from "../function/execution-role.ts";
import { isTruthy, member, referencedId } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { LIST_OF_TEXTS, MAPPING, MAPPING_OR_MAPPINGS, type PropertyTypes, required } from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { type ConnectedResource, connectedResource } from "./connected-resource.ts";
import { fillProfile } from "./fill-profile.ts";
import { type PermissionStatement, PROFILES, type Profile, type ProfileStatement } from "./profiles.ts";

const CONNECTOR_PROPERTIES: PropertyTypes = {
  Source: required(MAPPING),
  Destination: required(MAPPING_OR_MAPPINGS),
  Permissions: required(LIST_OF_TEXTS),
};

/**
 * Expands an AWS::Serverless::Connector: the policies and permissions that let one resource use another. It comes last,
 * since it looks at what the others have become.
 */
export function expandConnector({ sam, originalTypes }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  resource.check(CONNECTOR_PROPERTIES);
  const given = resource.get("Destination");
  const source = resource.get("Source") as Made;
  const list = (Array.isArray(given) ? given : [given]) as Made[];
  const made = list.flatMap((each, index) => {
    const ends = { source: lookUp(resource, source, each), destination: lookUp(resource, each, source) };
    return connect(resource, ends, Array.isArray(given) ? `Destination${index}` : "", originalTypes);
  });
  if (made.length === 0) {
    throw resource.refusal("'Destination' is an empty list", "Name a destination.", "Destination");
  }
  const ids = made.map((each) => each.logicalId);
  for (const each of Object.keys(sam.resources)) replaceDependency(sam.resource(each), logicalId, ids);
  return made;
}

interface Ends {
  readonly source: ConnectedResource;
  readonly destination: ConnectedResource;
}

function lookUp(resource: SamResource, end: Made, other: Made): ConnectedResource {
  const found = connectedResource(resource.sam, end, other);
  if (typeof found !== "string") return found;
  throw resource.refusal(found, "Name a resource of this template by Id, or describe one by Type, Arn and the like.", [
    end,
    "Id",
  ]);
}

function connect(
  resource: SamResource,
  ends: Ends,
  suffix: string,
  originalTypes: ReadonlyMap<string, unknown>,
): MadeResource[] {
  const { source, destination } = ends;
  const between = `from ${source.type} to ${destination.type}`;
  const ofSource = Object.hasOwn(PROFILES, source.type) ? PROFILES[source.type] : undefined;
  const profile =
    ofSource && Object.hasOwn(ofSource, destination.type) ? (ofSource[destination.type] as Profile) : undefined;
  if (profile === undefined) {
    const message = `Unable to create connector ${between}; it's not supported or the template is invalid.`;
    throw resource.refusal(message, "Write the policy or permission as a resource of its own.", "Destination");
  }
  const wanted = wantedPermissions(resource, profile, between);
  const attributes = resource.attributes();
  const types = (end: ConnectedResource) => mapping({ Type: typeOf(end, originalTypes) });
  const connector = mapping({ Source: types(source), Destination: types(destination) });
  attributes.Metadata = mapping({
    ...(isMapping(attributes.Metadata) ? attributes.Metadata : {}),
    "aws:sam:connectors": mapping({ [resource.logicalId]: connector }),
  });
  const make = (name: string, type: string, properties: Made) =>
    resource.make(resource.logicalId + name + suffix, type, properties, mapping({ ...attributes }));

  if (profile.kind === "permission") {
    const statements = Object.entries(profile.categories).filter(([name]) => wanted.has(name));
    return statements.flatMap(([name, each]) =>
      each.map((one) => {
        const properties = permission(resource, one, ends);
        return make(`${name}LambdaPermission`, "AWS::Lambda::Permission", properties);
      }),
    );
  }
  const document = policyDocument(resource, profile.categories, wanted, ends);
  if (profile.kind === "queue policy") {
    const queue = known(resource, destination.queueUrl, "SQS queue URL", "Destination");
    return [make("QueuePolicy", "AWS::SQS::QueuePolicy", mapping({ PolicyDocument: document, Queues: [queue] }))];
  }
  if (profile.kind === "topic policy") {
    const topic = known(resource, destination.arn, "SNS topic ARN", "Destination");
    return [make("TopicPolicy", "AWS::SNS::TopicPolicy", mapping({ PolicyDocument: document, Topics: [topic] }))];
  }
  const owner = profile.of === "source" ? source : destination;
  const role = known(resource, owner.roleName, "IAM role name", profile.of === "source" ? "Source" : "Destination");
  const policy = make("Policy", "AWS::IAM::ManagedPolicy", mapping({ PolicyDocument: document, Roles: [role] }));
  dependOnPolicy(resource.sam, profile.neededBy, ends, policy.logicalId);
  return [policy];
}

function known(resource: SamResource, value: unknown, what: string, end: "Source" | "Destination"): unknown {
  if (isTruthy(value)) return value;
  const message = `Unable to get ${what} from '${end}' resource.`;
  throw resource.refusal(message, `Describe the ${end.toLowerCase()} further.`, end);
}

function typeOf(end: ConnectedResource, originalTypes: ReadonlyMap<string, unknown>): unknown {
  const original = end.logicalId === undefined ? undefined : originalTypes.get(end.logicalId);
  return isTruthy(original) ? original : end.type;
}

function wantedPermissions(resource: SamResource, profile: Profile, between: string): ReadonlySet<string> {
  const given = resource.get("Permissions");
  const valid = Object.keys(profile.categories);
  const refuse = (message: string) => resource.refusal(message, `Write ${valid.join(" or ")}.`, "Permissions");
  // A mapping of one member has passed as an intrinsic function.
  if (!Array.isArray(given))
    throw refuse(`Property 'Permissions' should be a list; valid values are: ${valid.join(", ")}.`);
  if (given.length === 0) throw refuse(`'Permissions' cannot be empty; valid values are: ${valid.join(", ")}.`);
  const unsupported = `Unsupported 'Permissions' provided for connector ${between}; valid`;
  if (!given.every((each) => valid.includes(each))) throw refuse(`${unsupported} values are: ${valid.join(", ")}.`);
  const wanted = new Set<string>(given);
  const sets = profile.kind === "role policy" ? profile.sets : undefined;
  if (sets !== undefined && !sets.some((set) => set.length === wanted.size && set.every((each) => wanted.has(each)))) {
    throw refuse(`${unsupported} combinations are: ${sets.map((set) => set.join(" + ")).join(", ")}.`);
  }
  return wanted;
}

function policyDocument(
  resource: SamResource,
  categories: Readonly<Record<string, readonly ProfileStatement[]>>,
  wanted: ReadonlySet<string>,
  ends: Ends,
): Made {
  const fill = (text: string) => fillProfile(resource, text, ends);
  const all = Object.entries(categories).map(([name, statements]) => {
    const written = statements.map(({ actions, on, service }) =>
      mapping({
        Effect: "Allow",
        ...(service !== undefined && { Principal: mapping({ Service: service }) }),
        Action: actions,
        Resource: typeof on === "string" ? fill(on) : on.map(fill),
        ...(service !== undefined && {
          Condition: mapping({ ArnEquals: mapping({ "aws:SourceArn": fill("%{Source.Arn}") }) }),
        }),
      }),
    );
    return wanted.has(name) ? written : [];
  });
  return mapping({ Version: POLICY_VERSION, Statement: all.flat() });
}

function permission(
  resource: SamResource,
  { principal, sourceArn, sourceAccount }: PermissionStatement,
  ends: Ends,
): Made {
  const arn = fillProfile(resource, sourceArn, ends);
  return mapping({
    Action: "lambda:InvokeFunction",
    FunctionName: known(resource, ends.destination.arn, "Lambda function ARN", "Destination"),
    Principal: principal,
    SourceArn: arn,
    ...(sourceAccount !== undefined && { SourceAccount: fillProfile(resource, sourceAccount, ends) }),
  });
}

/** What starts using the permission as soon as it is made waits for it. */
function dependOnPolicy(
  sam: SamTemplate,
  by: string | undefined,
  { source, destination }: Ends,
  policyId: string,
): void {
  if (by === undefined || source.logicalId === undefined) return;
  if (by === "source") {
    addDependency(sam.resource(source.logicalId), policyId);
    return;
  }
  const mappings = Object.keys(sam.resources).filter((logicalId) => {
    const resource = sam.resource(logicalId);
    const properties = resource?.Properties;
    return (
      resource?.Type === "AWS::Lambda::EventSourceMapping" &&
      destination.logicalId !== undefined &&
      referencedId(member(properties, "FunctionName")) === destination.logicalId &&
      referencedId(member(properties, "EventSourceArn")) === source.logicalId
    );
  });
  if (mappings.length === 1) addDependency(sam.resource(mappings[0] as string), policyId);
}

function dependenciesOf(resource: Made): unknown[] {
  const on = member(resource, "DependsOn") ?? [];
  return Array.isArray(on) ? on : [on];
}

function addDependency(resource: Made | undefined, on: string): void {
  if (resource !== undefined) resource.DependsOn = [...new Set([...dependenciesOf(resource), on])];
}

function replaceDependency(resource: Made | undefined, on: string, by: readonly string[]): void {
  if (resource === undefined) return;
  const given = dependenciesOf(resource);
  if (given.includes(on)) resource.DependsOn = [...new Set([...given.filter((each) => each !== on), ...by])];
}
