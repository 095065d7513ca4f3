import type { AccessRequest } from "../../aws/policy/evaluate-policy.ts";
import { INVOKE } from "../authorizers/signer-access.ts";
import { conditionKeys } from "../condition-keys.ts";
import type { MatchedMethod, RestRequest } from "./request.ts";

/**
 * What the policies are asked. Its condition keys are read only by policies with conditions or variables; most have none.
 * A class, since every object literal with a getter gets a hidden class of its own, which keeps the request alive until
 * the next major collection.
 */
export class MethodAccess implements AccessRequest {
  readonly action = INVOKE;
  readonly resource: string;
  readonly otherReadings: readonly string[] | undefined;
  readonly #request: RestRequest;
  readonly #now: () => number;

  constructor(request: RestRequest, { methodArn, otherArns }: MatchedMethod<unknown>, now: () => number) {
    this.resource = methodArn;
    this.otherReadings = otherArns;
    this.#request = request;
    this.#now = now;
  }

  get context(): NonNullable<AccessRequest["context"]> {
    return conditionKeys(this.#request, this.#now());
  }
}
