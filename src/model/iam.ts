import type { SourcePosition } from "./finding.ts";

/*
 * IAM's nouns as far as they decide who may invoke what
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/intro-structure.html), whole and unresolved: what a template or
 * iam.yaml describes and what identities are compiled from.
 */

/** What decides what a user or role may do: documents as parsed JSON, unresolved. */
export interface IdentityPolicies {
  /** Of its inline and attached policies, a user's groups' included. */
  readonly policyDocuments: readonly unknown[];
  /** Attached managed policies whose text is not known here, by ARN: they allow nothing, and a refusal names them. */
  readonly unknownPolicyArns: readonly string[];
  /** Allows at most what this document allows, too. */
  readonly permissionsBoundary?: unknown;
}

/** The organization of the account, for `aws:PrincipalOrgID` and `aws:PrincipalOrgPaths`. */
export interface Organization {
  /** `o-…` */
  readonly id: string;
  /** `o-…/r-…/ou-…/`: where the account is in it. */
  readonly path?: string;
}

/** A user, with what its groups give it. */
export interface User extends IdentityPolicies {
  /** `arn:aws:iam::{account}:user/{path}{name}` */
  readonly arn: string;
  readonly name: string;
  /** `AIDA…` */
  readonly userId: string;
  /** Names of its groups, whose policies stand among its own: those of another file may be attached to a group, too. */
  readonly groups?: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Keys that the file names, with their secrets, or that are to be generated. */
  readonly accessKeys: readonly DeclaredAccessKey[];
  readonly organization?: Organization;
  readonly at: SourcePosition;
}

/** A role: who may assume it, and what it may do. */
export interface Role extends IdentityPolicies {
  /** `arn:aws:iam::{account}:role/{path}{name}` */
  readonly arn: string;
  readonly name: string;
  /** `AROA…` */
  readonly roleId: string;
  /** The trust policy as a parsed JSON document. */
  readonly assumeRolePolicyDocument: unknown;
  readonly tags: Readonly<Record<string, string>>;
  readonly organization?: Organization;
  readonly at: SourcePosition;
}

/** What a file gives to somebody whom it does not declare itself. */
export interface PolicyAttachment extends Pick<IdentityPolicies, "policyDocuments" | "unknownPolicyArns"> {
  readonly holder: "User" | "Group" | "Role";
  /** Absent where it cannot be read: it may be anybody. */
  readonly name?: string;
  /** The attaching resource. */
  readonly logicalId: string;
  readonly at: SourcePosition;
}

export interface DeclaredAccessKey {
  /** What tells the keys of a user apart: a logical id, or the key's place in the file. */
  readonly name: string;
  /** Both, or neither: a pair that is generated for the project and kept in its data folder. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly status: "Active" | "Inactive";
  readonly at: SourcePosition;
}
