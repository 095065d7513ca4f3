import type { AccessRequest } from "../../aws/policy/evaluate-policy.ts";
import type { RestRequest } from "./request.ts";

/** The action that calling any method is. */
export const INVOKE = "execute-api:Invoke";

/**
 * What the policies are asked. Its condition keys are read only by policies with conditions or variables; most have none.
 * A class, since every object literal with a getter gets a hidden class of its own, which keeps the request alive until
 * the next major collection.
 */
export class MethodAccess implements AccessRequest {
  readonly action = INVOKE;
  readonly resource: string;
  readonly #request: RestRequest;
  readonly #now: () => number;

  constructor(request: RestRequest, methodArn: string, now: () => number) {
    this.resource = methodArn;
    this.#request = request;
    this.#now = now;
  }

  get context(): NonNullable<AccessRequest["context"]> {
    return conditionKeys(this.#request, this.#now());
  }
}

/** The condition keys that exist without IAM (D). */
function conditionKeys(request: RestRequest, nowMs: number): NonNullable<AccessRequest["context"]> {
  return {
    "aws:SourceIp": request.sourceIp,
    "aws:UserAgent": request.userAgent ?? undefined,
    "aws:Referer": request.headers.last("referer"),
    // AWS is always reached over TLS; here the listener says.
    "aws:SecureTransport": request.scheme === "https",
    "aws:EpochTime": Math.floor(nowMs / 1000),
    "aws:CurrentTime": new Date(nowMs).toISOString(),
  };
}
