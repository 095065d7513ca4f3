import { evaluateTrust } from "../aws/iam/trust-policy.ts";
import { stableUniqueId } from "../aws/iam/unique-id.ts";
import { formatPolicyProblem } from "../aws/policy/parse-policy.ts";
import type { Finding, SourcePosition } from "../model/finding.ts";
import type { DeclaredAccessKey, IdentityPolicies, Organization, Role, User } from "../model/iam.ts";
import { readDocument } from "./document.ts";
import { IamPolicies, nodeAt } from "./iam-policies.ts";
import { capitalised } from "./project-file/field-reader.ts";
import { eachUnknownKey, Report } from "./report.ts";
import { readWord } from "./scalar.ts";
import { kindOf, SourceNode, show } from "./source-node.ts";

/** Where the file's users and roles live. */
export interface IamPlace {
  readonly accountId: string;
  readonly partition: string;
}

/** `iam.yaml`: nobody at all when a finding keeps the project from being loaded. */
export interface IamFile {
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  /** The file's `policies` by ARN: users and roles of other files may have them attached. */
  readonly managedPolicies: ReadonlyMap<string, unknown>;
  readonly findings: readonly Finding[];
}

/** A user or role before it is read: whose it is decides what it is called. */
interface Holder {
  readonly node: SourceNode;
  readonly name: string;
  readonly accountId: string;
}

const ROOT_KEYS = new Set(["organizationId", "organizationPath", "policies", "groups", "users", "roles"]);
const GROUP_KEYS = new Set(["policies"]);
const HOLDER_KEYS = [
  "account",
  "organizationId",
  "organizationPath",
  "path",
  "policies",
  "permissionsBoundary",
  "tags",
];
const USER_KEYS = new Set([...HOLDER_KEYS, "groups", "accessKeys"]);
const ROLE_KEYS = new Set([...HOLDER_KEYS, "trust", "assumeRolePolicyDocument"]);
const ACCESS_KEY_KEYS = new Set(["name", "status", "accessKeyId", "secretAccessKey"]);

/** Names, paths and ids as IAM takes them (D: IAM and AWS STS quotas; IAM API reference). */
const NAME = /^[\w+=,.@-]{1,64}$/;
const LONG_NAME = /^[\w+=,.@-]{1,128}$/;
const PATH = /^\/(?:[!-~]*\/)?$/;
const ACCESS_KEY_ID = /^\w{16,128}$/;
const ACCOUNT_ID = /^\d{12}$/;
/** Of another account, as its keys are asked for: `111122223333/alice`. */
const QUALIFIED_NAME = /^(\d{12})\/(.*)$/s;
const ORGANIZATION_ID = /^o-[a-z0-9]{10,32}$/;
const ORGANIZATION_PATH = /^o-[a-z0-9]{10,32}\/r-[a-z0-9]{4,32}\/(?:ou-[a-z0-9-]+\/)*$/;
export const MAX_TAGS = 50;
const MAX_TAG_VALUE_CHARACTERS = 256;

const NOBODY = { users: [], roles: [], managedPolicies: new Map<string, unknown>() } as const;

/**
 * Reads `iam.yaml`: who may sign requests, and what they may do. Whatever is not understood of users, groups and roles stops
 * the load, since a word that is not read may have been a limit; a policy document that is not understood denies everything
 * to whoever has it.
 *
 * @example readIamFile("users: { alice: { policies: [] } }", "/app/iam.yaml", place).users[0].arn
 */
export function readIamFile(text: string, file: string, place: IamPlace): IamFile {
  const verdict = readDocument(file, text);
  if (!verdict.ok) return { ...NOBODY, findings: verdict.findings };
  const reader = new IamReader(place);
  const { users, roles } = reader.read(SourceNode.root(verdict.document));
  const { findings } = reader.report;
  const isStopped = findings.some(({ effect }) => effect === "load");
  return isStopped ? { ...NOBODY, findings } : { users, roles, managedPolicies: reader.managedPolicies(), findings };
}

class IamReader {
  readonly report = new Report();
  readonly #place: IamPlace;
  readonly #policies = new IamPolicies(this.report, (node, wanted) => this.#invalid(node, show(node.value), wanted));
  readonly #groups = new Map<string, readonly SourceNode[]>();

  constructor(place: IamPlace) {
    this.#place = place;
  }

  read(root: SourceNode): { readonly users: readonly User[]; readonly roles: readonly Role[] } {
    // An empty file is a project with nobody in it.
    if (root.value !== null && !this.#expectMapping(root, "the file")) return { users: [], roles: [] };
    this.#refuseUnknownKeys(root, ROOT_KEYS, "file");
    const organization = this.#organization(root);
    for (const node of this.#named(root.get("policies"), LONG_NAME)) {
      this.#policies.declare([node.name, this.#arn("policy", "/", node.name, this.#place.accountId)], node);
    }
    for (const node of this.#named(root.get("groups"), LONG_NAME)) {
      if (!this.#expectMapping(node, `the group ${node.name}`)) continue;
      this.#refuseUnknownKeys(node, GROUP_KEYS, `group ${node.name}`);
      this.#groups.set(node.name, this.#list(node.get("policies")));
    }
    const users = this.#holders(root.get("users")).map((holder) => {
      return { ...this.#user(holder), ...this.#membership(holder, organization) };
    });
    const roles = this.#holders(root.get("roles")).map((holder) => {
      return { ...this.#role(holder), ...this.#membership(holder, organization) };
    });
    return { users, roles };
  }

  managedPolicies(): ReadonlyMap<string, unknown> {
    return this.#policies.byArn();
  }

  #user({ node, name, accountId }: Holder): User {
    // `alice:` with nothing under it is a user who may do nothing.
    if (node.value !== null) this.#expectMapping(node, `the user ${name}`);
    this.#refuseUnknownKeys(node, USER_KEYS, `user ${name}`);
    const groups: string[] = [];
    const ofGroups = this.#list(node.get("groups")).flatMap((each) => {
      const policies = typeof each.value === "string" ? this.#groups.get(each.value) : undefined;
      if (policies === undefined) this.#invalid(each, show(each.value), "the name of a group under groups");
      else groups.push(String(each.value));
      return policies ?? [];
    });
    return {
      arn: this.#arn("user", this.#path(node), name, accountId),
      name,
      userId: stableUniqueId("AIDA", accountId, name),
      ...(groups.length > 0 && { groups }),
      tags: this.#tags(node.get("tags")),
      accessKeys: this.#accessKeys(node),
      ...this.#permissions(node, ofGroups),
      at: node.keyAt(),
    };
  }

  #role({ node, name, accountId }: Holder): Role {
    this.#expectMapping(node, `the role ${name}`);
    this.#refuseUnknownKeys(node, ROLE_KEYS, `role ${name}`);
    return {
      arn: this.#arn("role", this.#path(node), name, accountId),
      name,
      roleId: stableUniqueId("AROA", accountId, name),
      assumeRolePolicyDocument: this.#trust(node),
      tags: this.#tags(node.get("tags")),
      ...this.#permissions(node, []),
      at: node.keyAt(),
    };
  }

  #permissions(owner: SourceNode, ofGroups: readonly SourceNode[]): IdentityPolicies {
    const { documents, unknownArns } = this.#policies.readList([...this.#list(owner.get("policies")), ...ofGroups]);
    const boundary = owner.get("permissionsBoundary");
    return {
      policyDocuments: documents,
      unknownPolicyArns: unknownArns,
      ...(boundary && { permissionsBoundary: this.#policies.readBoundary(boundary) }),
    };
  }

  #trust(owner: SourceNode): unknown {
    const [node, twice] = [owner.get("trust"), owner.get("assumeRolePolicyDocument")].filter((each) => each);
    if (node === undefined) {
      const message = `The role ${owner.name} has no trust, wanted a policy document that says who may assume it.`;
      this.#refuse(owner.keyAt(), message, "Add the trust policy.");
      return undefined;
    }
    if (twice) this.#refuse(twice.keyAt(), `The role ${owner.name} has two trust policies.`, "Remove one.");
    // Asked about nobody: only whether it can be read.
    const { problem } = evaluateTrust(node.value, { action: "sts:AssumeRole", resource: "*" });
    if (problem) {
      const message = `The trust policy of ${owner.name} is not understood: ${formatPolicyProblem(problem)}.`;
      this.#refuse(nodeAt(node, problem.path).at(), message, "Correct the policy document.");
    }
    return node.value;
  }

  #accessKeys(owner: SourceNode): readonly DeclaredAccessKey[] {
    const names = new Set<string>();
    return this.#list(owner.get("accessKeys")).flatMap((node, index) => {
      if (!this.#expectMapping(node, `access key ${index + 1} of ${owner.name}`)) return [];
      this.#refuseUnknownKeys(node, ACCESS_KEY_KEYS, "access key");
      const name = this.#text(node.get("name"), LONG_NAME, "a name") ?? String(index + 1);
      if (names.has(name))
        this.#refuse(node.at(), `${owner.name} has two access keys named ${show(name)}.`, "Rename one.");
      names.add(name);
      const status = readWord(node.get("status"), ["Active", "Inactive"], this.#invalid) ?? "Active";
      return [{ name, status, ...this.#pair(node), at: node.at() }];
    });
  }

  #pair(node: SourceNode): Pick<DeclaredAccessKey, "accessKeyId" | "secretAccessKey"> {
    const idNode = node.get("accessKeyId");
    const secretNode = node.get("secretAccessKey");
    if (idNode === undefined && secretNode === undefined) return {};
    if (idNode === undefined || secretNode === undefined) {
      const message = "The access key has only one of accessKeyId and secretAccessKey, wanted both or neither.";
      this.#refuse(node.at(), message, "Remove it, and a pair is generated and kept in the data folder.");
      return {};
    }
    const accessKeyId = this.#text(idNode, ACCESS_KEY_ID, "16 to 128 letters, digits and _");
    const secretAccessKey = secretNode.value;
    if (typeof secretAccessKey !== "string" || secretAccessKey === "") {
      this.#invalid(secretNode, kindOf(secretAccessKey), "text");
      return {};
    }
    this.report.note("warning", {
      rule: "iam-secret-in-file",
      at: secretNode.at(),
      message: "A secret access key is written in the file, where others may read it.",
      fix: "Remove accessKeyId and secretAccessKey: a pair is generated and kept in the data folder.",
    });
    return accessKeyId === undefined ? {} : { accessKeyId, secretAccessKey };
  }

  /** The file's organization is its own account's; whoever is of another account is in the one that is named there. */
  #membership({ node, name, accountId }: Holder, ours: Organization | undefined): Pick<User, "organization"> {
    const isOurs = accountId === this.#place.accountId;
    const own = this.#organization(node);
    if (isOurs && own !== undefined) {
      const message = `${name} has an organizationId, and the organization of its account stands at the top of the file.`;
      this.#refuse(node.get("organizationId")?.at() ?? node.keyAt(), message, "Move it there.");
    }
    const organization = isOurs ? ours : own;
    return organization === undefined ? {} : { organization };
  }

  #organization(root: SourceNode): Organization | undefined {
    const id = this.#text(root.get("organizationId"), ORGANIZATION_ID, "an id such as o-a1b2c3d4e5");
    const pathNode = root.get("organizationPath");
    const wanted = "a path such as o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/";
    const path = this.#text(pathNode, ORGANIZATION_PATH, wanted);
    if (pathNode && path !== undefined && !path.startsWith(`${id}/`)) {
      this.#invalid(pathNode, show(path), "a path that begins with organizationId");
    }
    return id === undefined ? undefined : { id, ...(path !== undefined && { path }) };
  }

  #tags(node: SourceNode | undefined): Record<string, string> {
    if (!node || node.value === null || !this.#expectMapping(node, "tags")) return {};
    const entries = node.entries();
    if (entries.length > MAX_TAGS)
      this.#refuse(node.at(), `There are ${entries.length} tags, at most ${MAX_TAGS}.`, "Remove some.");
    const read = entries.flatMap((each): [string, string][] => {
      const { value } = each;
      if (typeof value === "string" && value.length <= MAX_TAG_VALUE_CHARACTERS) return [[each.name, value]];
      this.#invalid(each, show(value), `text of at most ${MAX_TAG_VALUE_CHARACTERS} characters, in quotes`);
      return [];
    });
    return Object.fromEntries(read);
  }

  #path(owner: SourceNode): string {
    return this.#text(owner.get("path"), PATH, "text that begins and ends with /") ?? "/";
  }

  #arn(kind: "user" | "role" | "policy", path: string, name: string, accountId: string): string {
    return `arn:${this.#place.partition}:iam::${accountId}:${kind}${path}${name}`;
  }

  /** The members of a mapping, their names checked. */
  #named(node: SourceNode | undefined, wanted: RegExp): SourceNode[] {
    const { accountId } = this.#place;
    const members = this.#members(node);
    this.#checkNames(
      members.map((each) => ({ node: each, name: each.name, accountId })),
      wanted,
    );
    return members;
  }

  /** Users or roles: of the project's account, of the one that `account` names, or of that in the name. */
  #holders(node: SourceNode | undefined): Holder[] {
    const holders = this.#members(node).map((each): Holder => {
      const [, ofName, name = each.name] = QUALIFIED_NAME.exec(each.name) ?? [];
      const accountNode = each.get("account");
      const account = this.#text(accountNode, ACCOUNT_ID, 'twelve digits in quotes, such as "111122223333"');
      if (accountNode && account !== undefined && ofName !== undefined && account !== ofName) {
        this.#invalid(accountNode, show(account), `the account of the name, ${ofName}, or none`);
      }
      return { node: each, name, accountId: ofName ?? account ?? this.#place.accountId };
    });
    this.#checkNames(holders, NAME);
    return holders;
  }

  #members(node: SourceNode | undefined): SourceNode[] {
    return !node || node.value === null || !this.#expectMapping(node, node.name) ? [] : node.entries();
  }

  /** IAM's names are unique in an account, whatever their case (D). */
  #checkNames(all: readonly Holder[], wanted: RegExp): void {
    const seen = new Map<string, string>();
    for (const { node, name, accountId } of all) {
      if (!wanted.test(name)) {
        const message = `The name ${show(name)} is not one, wanted letters, digits and _ + = , . @ -`;
        this.#refuse(node.keyAt(), message, "Rename it.");
      }
      const key = `${accountId}/${name.toLowerCase()}`;
      const same = seen.get(key);
      if (same === name) this.#refuse(node.keyAt(), `${name} is declared twice in ${accountId}.`, "Rename one.");
      else if (same !== undefined)
        this.#refuse(node.keyAt(), `The names ${same} and ${name} differ only in case.`, "Rename one.");
      seen.set(key, name);
    }
  }

  #list(node: SourceNode | undefined): SourceNode[] {
    if (!node || node.value === null) return [];
    if (!node.isList) this.#invalid(node, show(node.value), "a list");
    return node.items();
  }

  #text(node: SourceNode | undefined, pattern: RegExp, wanted: string): string | undefined {
    if (!node) return undefined;
    if (typeof node.value === "string" && pattern.test(node.value)) return node.value;
    this.#invalid(node, show(node.value), wanted);
    return undefined;
  }

  #expectMapping(node: SourceNode, what: string): boolean {
    if (node.isMapping) return true;
    this.#refuse(node.at(), `${capitalised(what)} is ${show(node.value)}, wanted a mapping.`);
    return false;
  }

  #refuseUnknownKeys(node: SourceNode, known: ReadonlySet<string>, what: string): void {
    eachUnknownKey(node, known, (child, advice) => {
      const message = `The ${what} has the unknown key ${show(child.name)}, known are ${[...known].join(", ")}.`;
      this.report.stopLoad({ rule: "iam-file-key-unknown", at: child.keyAt(), message, fix: advice });
    });
  }

  readonly #invalid = (node: SourceNode, found: string, wanted: string): void => {
    const name = typeof node.key === "number" ? `${node.parent?.name} item ${node.key + 1}` : node.name;
    this.#refuse(node.at(), `${name} is ${found}, wanted ${wanted}.`);
  };

  #refuse(at: SourcePosition, message: string, fix = "Correct the value."): void {
    this.report.stopLoad({ rule: "iam-file-invalid", at, message, fix });
  }
}
