import { DENY_EVERYTHING } from "../../../aws/iam/compile-identity.ts";
import { stableUniqueId } from "../../../aws/iam/unique-id.ts";
import type { SourcePosition } from "../../../model/finding.ts";
import type { DeclaredAccessKey, IdentityPolicies, PolicyAttachment, Role, User } from "../../../model/iam.ts";
import type { Problem } from "../../report.ts";
import { readInteger, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { createReferenceValues } from "../reference-values.ts";
import { holdsUnresolved } from "../rest-api/holds-unresolved.ts";
import type { StackResource } from "../stack.ts";
import { type GrantedPolicies, type PolicyHolder, StackPolicies } from "./iam-policies.ts";
import {
  ResourceProblems,
  readJsonDocument,
  readScalarText,
  readTextList,
  referenced,
  refuseUnknownKeys,
  type StackContext,
} from "./stack-context.ts";

/** Who may sign requests, and the roles that may be assumed. */
export interface StackIdentities {
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  /** What the template gives to users, groups and roles of other files. */
  readonly attachments: readonly PolicyAttachment[];
  /** Managed policies by ARN; undefined for one that cannot be read. */
  readonly managedPolicies: ReadonlyMap<string, unknown>;
}

/** (D: IAM API reference, CreateUser and CreateRole) */
const NAME = /^[\w+=,.@-]{1,64}$/;
const PATH = /^\/(?:[!-~]{1,510}\/)?$/;

const HOLDER_KEYS = ["ManagedPolicyArns", "Path", "Policies"];
const GROUP_KEYS = [...HOLDER_KEYS, "GroupName"];
const API_GATEWAY = "apigateway.amazonaws.com";
/** A login profile is a password for the console. */
const USER_KEYS = [...HOLDER_KEYS, "Groups", "LoginProfile", "PermissionsBoundary", "Tags", "UserName"];
const ROLE_KEYS = [
  ...HOLDER_KEYS,
  "AssumeRolePolicyDocument",
  "Description",
  "MaxSessionDuration",
  "PermissionsBoundary",
  "RoleName",
  "Tags",
];

/**
 * Reads the AWS::IAM::* types that decide who may do what
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html). A user or role of which
 * something cannot be read may do nothing.
 */
export function readIdentities(resources: readonly StackResource[], context: StackContext): StackIdentities {
  const policies = new StackPolicies(resources, context);
  const ofType = (type: string): StackResource[] => resources.filter((each) => each.type === `AWS::IAM::${type}`);
  const groups = new Map(
    ofType("Group").map((each) => [context.refOf(each), readGroup(each, policies, context)] as const),
  );
  const additions = ofType("UserToGroupAddition").map((each) => readAddition(each, context));
  const userResources = ofType("User");
  const accessKeys = readAccessKeys(ofType("AccessKey"), new Set(userResources.map(context.refOf)), context);
  return {
    users: userResources.map((each) => readUser(each, policies, groups, additions, accessKeys, context)),
    roles: ofType("Role").map((each) => readRole(each, policies, context)),
    attachments: [
      ...policies.attachments,
      ...additions.flatMap((each) => attachmentsByGroup(each, groups, new Set(userResources.map(context.refOf)))),
    ],
    managedPolicies: policies.byArn(),
  };
}

function readGroup(resource: StackResource, policies: StackPolicies, context: StackContext): GrantedPolicies {
  const { properties } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, GROUP_KEYS, problems);
  const name = context.refOf(resource);
  const granted = policies.grantedTo("Group", name, properties, problems);
  const isWhole = granted.isWhole && problems.all.length === 0;
  noteProblems(problems.all, resource, context);
  return { ...granted, isWhole };
}

/** Users that are put into a group from outside. */
interface GroupAddition {
  readonly groupName: string | undefined;
  readonly userNames: ReadonlySet<string>;
  readonly isWhole: boolean;
  readonly logicalId: string;
  readonly at: SourcePosition;
}

/** A group's policies, for the users of other files that are put into it; a group that is not known may deny. */
function attachmentsByGroup(
  { groupName = "", userNames, isWhole, logicalId, at }: GroupAddition,
  groups: ReadonlyMap<string, GrantedPolicies>,
  inTemplate: ReadonlySet<string>,
): readonly PolicyAttachment[] {
  const group = groups.get(groupName);
  const policyDocuments = group?.isWhole ? group.documents : [DENY_EVERYTHING];
  const unknownPolicyArns = group?.unknownPolicyArns ?? [];
  const others = [...userNames].filter((name) => !inTemplate.has(name));
  const toAny = { holder: "User", policyDocuments: [DENY_EVERYTHING], unknownPolicyArns: [], logicalId, at } as const;
  return [
    ...others.map((name) => ({ holder: "User", name, policyDocuments, unknownPolicyArns, logicalId, at }) as const),
    ...(isWhole ? [] : [toAny]),
  ];
}

function readAddition(resource: StackResource, context: StackContext): GroupAddition {
  const { properties } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, ["GroupName", "Users"], problems);
  const groupName = readText(properties.get("GroupName"), problems.invalid);
  const userNames = new Set(readTextList(properties.get("Users"), problems.invalid));
  if (!properties.get("GroupName")) problems.missing("GroupName", "a group");
  if (!properties.get("Users")) problems.missing("Users", "a list of users");
  noteProblems(problems.all, resource, context);
  return { groupName, userNames, isWhole: problems.all.length === 0, logicalId: resource.logicalId, at: resource.at };
}

function readUser(
  resource: StackResource,
  policies: StackPolicies,
  groups: ReadonlyMap<string, GrantedPolicies>,
  additions: readonly GroupAddition[],
  accessKeys: ReadonlyMap<string, readonly DeclaredAccessKey[]>,
  context: StackContext,
): User {
  const { properties, at } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, USER_KEYS, problems);
  const { ref: name, attribute } = createReferenceValues(context.place)(referenced(resource));
  const own = policies.grantedTo("User", name, properties, problems);
  const added = additions.filter(({ userNames, isWhole }) => userNames.has(name) || !isWhole);
  const names = new Set([
    ...(readTextList(properties.get("Groups"), problems.invalid) ?? []),
    ...added.flatMap(({ groupName }) => groupName ?? []),
  ]);
  const ofGroups = [...names].map((groupName): GrantedPolicies => {
    const group = groups.get(groupName);
    if (group !== undefined) return group;
    const message = `The group ${groupName} of ${name} is not in this template: its policies may deny something.`;
    problems.add("group-unknown", properties.get("Groups"), message, "Declare it as AWS::IAM::Group here.");
    return { documents: [], unknownPolicyArns: [], isWhole: false };
  });
  const tags = readTags(properties.get("Tags"), problems);
  checkNames(properties, "UserName", problems);
  const boundary = policies.boundary(properties.get("PermissionsBoundary"), name, problems);
  const isWhole = added.every((each) => each.isWhole);
  return {
    arn: attribute("Arn") ?? "",
    name,
    userId: stableUniqueId("AIDA", context.place.accountId, name),
    ...(names.size > 0 && { groups: [...names] }),
    tags,
    accessKeys: accessKeys.get(name) ?? [],
    ...settled("User", name, [own, ...ofGroups], boundary, isWhole, problems, resource, context),
    at,
  };
}

function readRole(resource: StackResource, policies: StackPolicies, context: StackContext): Role {
  const { properties, at } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, ROLE_KEYS, problems);
  const { ref: name, attribute } = createReferenceValues(context.place)(referenced(resource));
  const granted = policies.grantedTo("Role", name, properties, problems);
  const tags = readTags(properties.get("Tags"), problems);
  checkNames(properties, "RoleName", problems);
  const boundary = policies.boundary(properties.get("PermissionsBoundary"), name, problems);
  const assumeRolePolicyDocument = readJsonDocument(properties.get("AssumeRolePolicyDocument"), problems.invalid);
  if (!properties.get("AssumeRolePolicyDocument")) problems.missing("AssumeRolePolicyDocument", "a trust policy");
  return {
    arn: attribute("Arn") ?? "",
    name,
    roleId: attribute("RoleId") ?? "",
    tags,
    // Nobody may assume a role whose trust policy is not known.
    assumeRolePolicyDocument: holdsUnresolved(assumeRolePolicyDocument) ? undefined : assumeRolePolicyDocument,
    ...settled("Role", name, [granted], boundary, true, problems, resource, context, assumeRolePolicyDocument),
    at,
  };
}

/** What everything that was read of an identity comes to, once all its problems are known. */
function settled(
  holder: PolicyHolder,
  name: string,
  granted: readonly GrantedPolicies[],
  permissionsBoundary: unknown,
  isWhole: boolean,
  problems: ResourceProblems,
  resource: StackResource,
  context: StackContext,
  trust?: unknown,
): IdentityPolicies {
  const isReadable = isWhole && granted.every((each) => each.isWhole) && problems.all.length === 0;
  if (!isReadable) {
    const kind = holder.toLowerCase();
    const message = `Not everything that decides what the ${kind} ${name} may do can be read: it is taken to allow nothing.`;
    problems.add(`${kind}-policy-unreadable`, undefined, message, "Correct what is reported beside this.");
  }
  if (isOfOtherServices(trust)) noteProblems(slipsOf(problems), resource, context);
  else noteProblems(problems.all, resource, context);
  return {
    policyDocuments: isReadable ? granted.flatMap(({ documents }) => documents) : [DENY_EVERYTHING],
    unknownPolicyArns: [...new Set(granted.flatMap(({ unknownPolicyArns }) => unknownPolicyArns))],
    ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
  };
}

/**
 * Whether only services other than API Gateway may assume a role, as with what functions run as: whatever it may do, no
 * caller and no integration gets it here, so what is not known of it is not worth a word: only what AWS would refuse.
 */
function isOfOtherServices(trust: unknown): boolean {
  const statements: unknown = (trust as { Statement?: unknown } | undefined)?.Statement;
  const all = Array.isArray(statements) ? statements : [statements];
  return (
    all.length > 0 &&
    all.every((each: unknown) => {
      const principal: unknown = (each as { Principal?: unknown } | undefined)?.Principal;
      if (typeof principal !== "object" || principal === null || Object.keys(principal).join() !== "Service")
        return false;
      const services = [(principal as { Service: unknown }).Service].flat();
      return services.every((service) => typeof service === "string" && service !== "*" && service !== API_GATEWAY);
    })
  );
}

function slipsOf({ all }: ResourceProblems): readonly Problem[] {
  return all.filter(({ rule }) => rule.startsWith("resource-property-"));
}

function checkNames(properties: SourceNode, nameProperty: string, problems: ResourceProblems): void {
  const check = (property: string, form: RegExp, wanted: string): void => {
    const node = properties.get(property);
    const text = readScalarText(node, problems.invalid);
    if (node && text !== undefined && !form.test(text)) problems.invalid(node, show(text), wanted);
  };
  check(nameProperty, NAME, "up to 64 letters, digits and _+=,.@-");
  check("Path", PATH, "a path that begins and ends with /");
}

/** Tags as a list of Key and Value; they decide in conditions. */
function readTags(node: SourceNode | undefined, problems: ResourceProblems): Record<string, string> {
  if (node && !node.isList) problems.invalid(node, show(node.value), "a list of Key and Value");
  const tags: [string, string][] = [];
  for (const item of node?.items() ?? []) {
    const key = readText(item.get("Key"), problems.invalid);
    const value = readScalarText(item.get("Value"), problems.invalid);
    if (key !== undefined && value !== undefined) tags.push([key, value]);
    else problems.invalid(item, show(item.value), "a Key and a Value");
  }
  return Object.fromEntries(tags);
}

/** The access keys of a stack by user name; one that is not understood signs nothing. */
function readAccessKeys(
  resources: readonly StackResource[],
  userNames: ReadonlySet<string>,
  context: StackContext,
): ReadonlyMap<string, readonly DeclaredAccessKey[]> {
  const byUser = new Map<string, DeclaredAccessKey[]>();
  for (const resource of resources) {
    const { properties, logicalId, at } = resource;
    const problems = new ResourceProblems(resource);
    refuseUnknownKeys(properties, ["Serial", "Status", "UserName"], problems);
    const userName = readText(properties.get("UserName"), problems.invalid);
    if (!properties.get("UserName")) problems.missing("UserName", "a user");
    const status = readWord(properties.get("Status"), ["Active", "Inactive"], problems.invalid) ?? "Active";
    const serial = readInteger(properties.get("Serial"), 0, Number.MAX_SAFE_INTEGER, problems.invalid);
    if (userName !== undefined && !userNames.has(userName)) {
      const message = `The user ${userName} of the access key ${logicalId} is not in this template.`;
      problems.add(
        "access-key-user-unknown",
        properties.get("UserName"),
        message,
        "Declare it as AWS::IAM::User here.",
      );
    }
    noteProblems(problems.all, resource, context);
    if (userName === undefined || problems.all.length > 0) continue;
    // (D) A greater serial number makes a new pair.
    const name = serial === undefined ? logicalId : `${logicalId}.${serial}`;
    byUser.set(userName, [...(byUser.get(userName) ?? []), { name, status, at }]);
  }
  return byUser;
}

/** What is wrong here can only take permissions away: the routes that need them answer AWS's 403 or 500. */
function noteProblems(problems: readonly Problem[], { logicalId }: StackResource, { report }: StackContext): void {
  for (const problem of problems) report.note("warning", problem, logicalId);
}
