import type { AccessRequest } from "../aws/policy/evaluate-policy.ts";
import type { HeaderFields } from "./header-fields.ts";

/** What of a request of either kind of API policies can put conditions on. */
export interface ConditionedRequest {
  readonly sourceIp: string;
  /** Null or empty when the client sent none. */
  readonly userAgent: string | null;
  readonly headers: HeaderFields;
  readonly scheme: "http" | "https";
}

/** The condition keys that exist without IAM (D: "AWS condition keys that can be used in API Gateway resource policies"). */
export function conditionKeys(request: ConditionedRequest, nowMs: number): NonNullable<AccessRequest["context"]> {
  return {
    "aws:SourceIp": request.sourceIp,
    "aws:UserAgent": request.userAgent || undefined,
    "aws:Referer": request.headers.last("referer"),
    // Always true on AWS, which is reached over TLS only (D), and in development; else the listener says.
    "aws:SecureTransport": request.scheme === "https",
    "aws:EpochTime": Math.floor(nowMs / 1000),
    "aws:CurrentTime": new Date(nowMs).toISOString(),
  };
}
