import type { SourcePosition } from "./finding.ts";
import type { Role } from "./iam.ts";

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
  /** Its further conditions, by property, e.g. `EventSourceToken`: API Gateway's calls meet none of them. */
  readonly narrowedBy?: readonly string[];
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
