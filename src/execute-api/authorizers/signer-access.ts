import { parseArn } from "../../aws/arn.ts";
import type { Identity } from "../../aws/iam/identity.ts";
import type { AccessRequest } from "../../aws/policy/evaluate-policy.ts";
import type { Principal } from "../../aws/policy/principal.ts";
import { type ConditionedRequest, conditionKeys } from "../condition-keys.ts";

/** The action that calling any method or route is. */
export const INVOKE = "execute-api:Invoke";

/**
 * What policies are asked about a signed request: the keys of the request and those that only exist with IAM (D), which
 * cannot replace one another. Read only by policies with conditions or variables; most have none.
 */
export class SignerAccess implements AccessRequest {
  readonly action = INVOKE;
  readonly resource: string;
  readonly otherReadings: readonly string[] | undefined;
  readonly principal: Principal;
  readonly #request: ConditionedRequest;
  readonly #identity: Identity;
  readonly #nowMs: number;

  constructor(
    request: ConditionedRequest,
    { methodArn, otherArns }: { readonly methodArn: string; readonly otherArns: readonly string[] | undefined },
    identity: Identity,
    nowMs: number,
  ) {
    this.resource = methodArn;
    this.otherReadings = otherArns;
    this.principal = identity.principal;
    this.#request = request;
    this.#identity = identity;
    this.#nowMs = nowMs;
  }

  get context(): NonNullable<AccessRequest["context"]> {
    return {
      ...this.#identity.conditionKeys,
      ...callKeys(this.resource),
      ...conditionKeys(this.#request, this.#nowMs),
    };
  }
}

/**
 * Keys that every signed request has (D), so that a Deny that asks for one of them is not passed over. Nobody but the signer
 * sends requests here: no service on somebody's behalf.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
function callKeys(methodArn: string): NonNullable<AccessRequest["context"]> {
  const { region, accountId } = parseArn(methodArn) ?? {};
  return {
    "aws:PrincipalIsAWSService": false,
    "aws:RequestedRegion": region,
    "aws:ResourceAccount": accountId,
    "aws:ViaAWSService": false,
  };
}
