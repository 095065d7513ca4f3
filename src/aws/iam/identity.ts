import type { ConditionValue } from "../policy/evaluate-policy.ts";
import type { Policy } from "../policy/policy.ts";
import type { Principal } from "../policy/principal.ts";
import type { SigningCredential } from "../sigv4/signature-verdict.ts";

/** Who signs with an access key, and everything that decides what it may do: parsed once, never changed. */
export interface Identity {
  readonly credential: SigningCredential;
  /** As resource policies see it: a user, or an assumed-role session with its role. */
  readonly principal: Extract<Principal, { readonly type: "aws" }>;
  readonly accountId: string;
  /** `arn:aws:iam::…:user/name` or `arn:aws:sts::…:assumed-role/Role/session`. */
  readonly arn: string;
  /** `AIDA…`, or `AROA…:session`: `aws:userid`, and an event's `caller` and `user`. */
  readonly userId: string;
  readonly principalOrgId?: string;
  /** Of a Cognito identity pool's caller. */
  readonly cognito?: CognitoIdentity;
  readonly policies: CompiledIdentityPolicies;
  /** `aws:PrincipalArn`, `aws:PrincipalTag/…`, `aws:TokenIssueTime` and the others that only exist with IAM (D). */
  readonly conditionKeys: Readonly<Record<string, ConditionValue | readonly ConditionValue[]>>;
}

export interface CognitoIdentity {
  readonly identityId: string;
  readonly identityPoolId: string;
  /** `authenticated` or `unauthenticated` */
  readonly authenticationType: string;
  readonly authenticationProvider: string | null;
  readonly amr: readonly string[];
}

/** All of them have to allow, except that a list that is absent does not take part; any Deny denies. */
export interface CompiledIdentityPolicies {
  readonly identity: readonly Policy[];
  readonly boundary?: Policy;
  readonly session?: readonly Policy[];
  /** Attached policies whose text is not known here: they allow nothing. */
  readonly unknownPolicyArns: readonly string[];
}

/** Who may sign here. */
export interface Identities {
  /** From memory, at once; undefined when the key is not known, or known and inactive. */
  find(accessKeyId: string): Identity | undefined;
  /**
   * Reads what another process may have written since: a key just made, a session just begun. Answers whether anything
   * changed. Asked for at most a few times a second however often unknown keys come.
   */
  refresh(): Promise<boolean>;
}
