import { parseArn } from "../../aws/arn.ts";
import { DENY_EVERYTHING } from "../../aws/iam/compile-identity.ts";
import type { Finding } from "../../model/finding.ts";
import type { Organization, PolicyAttachment, Role, User } from "../../model/iam.ts";

/** Users and roles of one file, and what it says of those of others. */
export interface FileIdentities {
  readonly users?: readonly User[];
  readonly roles?: readonly Role[];
  readonly attachments?: readonly PolicyAttachment[];
  /** By ARN; undefined for one that cannot be read. */
  readonly managedPolicies?: ReadonlyMap<string, unknown>;
}

export interface IdentitiesPlace {
  /** The project's own: templates declare and attach in no other. */
  readonly accountId: string;
  readonly stackName: string;
}

type Identity = User | Role;

/**
 * The users and roles of all files together, each with what any of the files attaches to it. Two that a user named alike
 * stop the load: which one signs would depend on the order of files. Names that templates had made for them collide only
 * here, since on AWS each stack makes its own: nobody signs as one of those.
 */
export function mergeIdentities(
  files: readonly FileIdentities[],
  place: IdentitiesPlace,
  findings: Finding[],
): { readonly users: readonly User[]; readonly roles: readonly Role[] } {
  const users = files.flatMap((each) => each.users ?? []);
  const roles = files.flatMap((each) => each.roles ?? []);
  const organizations = organizationsOf([...users, ...roles]);
  const managedPolicies = managedPoliciesOf(files);
  const attachments = files.flatMap((each) => each.attachments ?? []);
  const used = new Set<PolicyAttachment>();

  const complete = <Kind extends Identity>(all: readonly Kind[]): Kind[] =>
    all.map((identity) => {
      const account = accountOf(identity);
      const own = files.find(
        (each) => each.users?.includes(identity as User) || each.roles?.includes(identity as Role),
      );
      const given = attachments.filter(
        (each) => account === place.accountId && !own?.attachments?.includes(each) && isFor(each, identity),
      );
      for (const each of given) used.add(each);
      const organization = identity.organization ?? organizations.get(account);
      return { ...identity, ...(organization && { organization }), ...policiesOf(identity, given, managedPolicies) };
    });
  const merged = {
    users: complete(distinct(users, "user", place.stackName, findings)),
    roles: complete(distinct(roles, "role", place.stackName, findings)),
  };
  for (const each of attachments) {
    if (each.name === undefined && used.has(each)) findings.push(targetUnreadable(each));
    if (each.name !== undefined && !used.has(each)) findings.push(targetUnknown(each));
  }
  return merged;
}

/** The organization is the account's, whichever file names it. */
function organizationsOf(all: readonly Identity[]): ReadonlyMap<string, Organization> {
  const named = all.flatMap((each): [string, Organization][] =>
    each.organization ? [[accountOf(each), each.organization]] : [],
  );
  return new Map(named.toReversed());
}

/** Of two with one ARN it is not known which is meant: neither can be read. */
function managedPoliciesOf(files: readonly FileIdentities[]): ReadonlyMap<string, unknown> {
  const byArn = Map.groupBy(
    files.flatMap(({ managedPolicies }) => [...(managedPolicies ?? [])]),
    ([arn]) => arn,
  );
  return new Map([...byArn].map(([arn, same]) => [arn, same.length === 1 ? same[0]?.[1] : undefined]));
}

function isFor({ holder, name }: PolicyAttachment, identity: Identity): boolean {
  const isUser = "userId" in identity;
  if (holder === "Group") return isUser && name !== undefined && (identity.groups?.includes(name) ?? false);
  return (holder === "User") === isUser && (name === undefined || name === identity.name);
}

/** A managed policy of another file is known after all; one of them that cannot be read may deny. */
function policiesOf(
  identity: Identity,
  given: readonly PolicyAttachment[],
  managedPolicies: ReadonlyMap<string, unknown>,
): Pick<Identity, "policyDocuments" | "unknownPolicyArns"> {
  const arns = new Set([identity, ...given].flatMap(({ unknownPolicyArns }) => unknownPolicyArns));
  const known = [...arns].filter((arn) => managedPolicies.has(arn));
  return {
    policyDocuments: [
      ...[identity, ...given].flatMap(({ policyDocuments }) => policyDocuments),
      ...known.map((arn) => managedPolicies.get(arn) ?? DENY_EVERYTHING),
    ],
    unknownPolicyArns: [...arns].filter((arn) => !known.includes(arn)),
  };
}

/** IAM's names are unique in an account whatever their path and case (D: IAM User Guide, IAM identifiers). */
function distinct<Kind extends Identity>(
  all: readonly Kind[],
  what: string,
  stackName: string,
  findings: Finding[],
): Kind[] {
  const byName = Map.groupBy(all, (each) => `${accountOf(each)}/${each.name.toLowerCase()}`);
  return [...byName.values()].flatMap((same) => {
    const [first, other] = same;
    if (first === undefined || other === undefined) return same;
    const isMade = same.every(({ name }) => name.startsWith(`${stackName}-`));
    const { file, line } = first.at;
    findings.push({
      rule: "iam-name-collision",
      severity: isMade ? "warning" : "error",
      effect: isMade ? "none" : "load",
      message: `The ${what} ${other.name} is declared here and at ${file}:${line}${isMade ? ": neither can be used to sign" : ""}.`,
      fix: isMade ? `Give one a ${what === "user" ? "UserName" : "RoleName"}, or another logical id.` : "Rename one.",
      at: other.at,
    });
    return [];
  });
}

function targetUnknown({ holder, name, logicalId, at }: PolicyAttachment): Finding {
  const kind = holder.toLowerCase();
  return {
    rule: "policy-target-unknown",
    severity: "warning",
    effect: "none",
    message: `${logicalId} is attached to the ${kind} ${name}, which no file declares.`,
    fix: `Declare the ${kind}, or correct its name.`,
    at,
    logicalId,
  };
}

function targetUnreadable({ holder, logicalId, at }: PolicyAttachment): Finding {
  return {
    rule: "policy-target-unreadable",
    severity: "error",
    effect: "none",
    message: `${logicalId} may deny, and whom it is attached to cannot be read: no ${holder.toLowerCase()} of another file may do anything.`,
    fix: "Correct what is reported of it.",
    at,
    logicalId,
  };
}

function accountOf({ arn }: Identity): string {
  return parseArn(arn)?.accountId ?? "";
}
