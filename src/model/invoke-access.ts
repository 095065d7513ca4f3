import type { SourcePosition } from "./finding.ts";

/** A role as far as it decides whether API Gateway may invoke a function with it. */
export interface Role {
  readonly arn: string;
  readonly name: string;
  /** The trust policy as a parsed JSON document. */
  readonly assumeRolePolicyDocument: unknown;
  /** Documents of its inline and attached policies whose text is known. */
  readonly policyDocuments: readonly unknown[];
  /** Attached managed policies whose text is not known here, by ARN. */
  readonly unknownPolicyArns: readonly string[];
  readonly at: SourcePosition;
}

/** One statement of a function's resource policy, as Lambda's AddPermission takes it. */
export interface FunctionPermission {
  /** With version or alias when it was given for one. */
  readonly functionArn: string;
  /** e.g. `lambda:InvokeFunction`. */
  readonly action: string;
  /** e.g. `apigateway.amazonaws.com`. */
  readonly principal: string;
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
  readonly at: SourcePosition;
}

/**
 * Who may invoke which function, as a template declares it. Absent where the files say nothing of permissions (an OpenAPI
 * file alone): invoking is then not held against them.
 */
export interface InvokeAccess {
  readonly roles: readonly Role[];
  readonly permissions: readonly FunctionPermission[];
}
