import type { SignatureError, SignatureFailure } from "../../aws/sigv4/signature-verdict.ts";
import { maskTokens } from "../../lambda/mask-tokens.ts";
import type { GatewayResponseType } from "../../model/rest-api.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import { RestApiRefusal } from "./refusal.ts";

/** Which gateway response covers IncompleteSignature (C: customising MISSING_AUTHENTICATION_TOKEN changed that answer). */
const INCOMPLETE_SIGNATURE_RESPONSE_TYPE = "MISSING_AUTHENTICATION_TOKEN";
/** No type of its own is known for keys nobody has: the default (?). */
const UNRECOGNIZED_CLIENT_RESPONSE_TYPE = "DEFAULT_4XX";

/** Types (D) but for the two above. */
const RESPONSE_TYPES: Readonly<Record<SignatureError["errorType"], GatewayResponseType>> = {
  MissingAuthenticationTokenException: "MISSING_AUTHENTICATION_TOKEN",
  IncompleteSignatureException: INCOMPLETE_SIGNATURE_RESPONSE_TYPE,
  InvalidSignatureException: "INVALID_SIGNATURE",
  UnrecognizedClientException: UNRECOGNIZED_CLIENT_RESPONSE_TYPE,
  ExpiredTokenException: "EXPIRED_TOKEN",
};

/**
 * AWS's answer to a signature that is missing or no good: on an AWS_IAM method, and on any path or verb that is not
 * deployed. 403 in every case (C). conformance/rest-api/incomplete-signature
 */
export function refuseSignature({ error, reason }: SignatureFailure, evidence: RefusalEvidence): RestApiRefusal {
  const { errorType, message } = error;
  // Only a MissingAuthenticationToken says no more than its type does.
  if (reason === "signature_missing") return new RestApiRefusal(RESPONSE_TYPES[errorType], evidence);
  return new RestApiRefusal(RESPONSE_TYPES[errorType], evidence, {
    status: 403,
    errorType,
    message,
    loggedMessage: logged(message),
  });
}

/**
 * The answer's text quotes the canonical request after its first paragraph, security token included, and in older
 * wording the whole header.
 */
function logged(message: string): string {
  const [first = ""] = message.split("\n\n", 1);
  const quotesHeader = QUOTING.exec(first);
  return maskTokens(quotesHeader === null ? first : `${first.slice(0, quotesHeader.index)}…`);
}

/** The older wording's quotation of a header, or of a piece of it at the start; today's quotes a digest. */
const QUOTING = /^'| Authorization=(?![A-Za-z0-9+/]{43}=$)/;
