import type { SignatureFailure } from "../../aws/sigv4/signature-verdict.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import type { IncomingRequest } from "../transport.ts";
import { withoutAccessKeyId } from "./signer-record.ts";

/** What we know of a failed signature on a method or route with AWS_IAM authorization, e.g. `GET /pets`. */
export function signatureEvidence(
  failure: SignatureFailure,
  incoming: IncomingRequest,
  route: string,
): RefusalEvidence {
  const { reason, message, expected, actual, accessKeyId } = failure;
  const instead = reason === "signature_missing" ? "no signature" : foundInstead(failure, incoming);
  if (instead !== undefined) {
    return {
      reason: reason === "signature_missing" ? "iam_unsigned" : "iam_bearer_token",
      message: `${route} has AWS_IAM authorization and the request has ${instead}`,
      expected: "AWS4-HMAC-SHA256 …",
      actual: instead,
    };
  }
  return {
    reason,
    message: withoutAccessKeyId(message, accessKeyId),
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && {
      actual: typeof actual === "string" ? withoutAccessKeyId(actual, accessKeyId) : actual,
    }),
  };
}

/** What an Authorization header that was read as a signature is in truth; undefined when it is one, however broken. */
export function foundInstead({ reason }: SignatureFailure, { headers }: IncomingRequest): string | undefined {
  if (reason !== "authorization_not_key_value" && reason !== "authorization_incomplete") return undefined;
  let isBearer = false;
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() !== "authorization") continue;
    const value = headers[at + 1] ?? "";
    if (value.includes("AWS4-")) return undefined;
    if (/^bearer\b/i.test(value)) isBearer = true;
  }
  return isBearer ? "a Bearer token" : "an Authorization header that is no signature";
}
