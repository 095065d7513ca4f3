import { hash } from "node:crypto";
import { Refusal, type RefusalEvidence } from "../refusal.ts";
import type { RestRequest } from "./request.ts";

/** Which gateway response covers IncompleteSignature (C: customising MISSING_AUTHENTICATION_TOKEN changed that answer). */
const INCOMPLETE_SIGNATURE_RESPONSE_TYPE = "MISSING_AUTHENTICATION_TOKEN";

const HASHED = "(hashed with SHA-256 and encoded with Base64)";
const DATE_SENTENCE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";

/** What we know in each case: no signature, something else in the Authorization header, a complete signature. */
export interface SignatureEvidence {
  readonly unsigned: RefusalEvidence;
  readonly notSigV4: RefusalEvidence;
  /** The sentence for a complete signature, whose key nobody here knows. */
  readonly signed: string;
}

/**
 * The answer to a request that the SigV4 parser meets without being able to verify it: on an AWS_IAM method and on any
 * path or verb that is not deployed. Parsing follows AWS's own messages: the first word is cut off whatever it is, the
 * rest is split on commas, each piece must contain `=` (C). conformance/rest-api/incomplete-signature
 */
export function refuseAsUnsigned(request: RestRequest, evidence: SignatureEvidence): Refusal {
  const authorization = request.headers.last("authorization");
  if (authorization === undefined) {
    if (request.query.has("X-Amz-Algorithm")) return refuseQuerySignature(request, evidence);
    return new Refusal("MISSING_AUTHENTICATION_TOKEN", evidence.unsigned);
  }
  const digest = hash("sha256", authorization, "base64");
  const space = authorization.indexOf(" ");
  const rest = space < 0 ? "" : authorization.slice(space + 1).trim();
  const pieces = rest === "" ? [] : rest.split(",").map((piece) => piece.trim());
  if (pieces.some((piece) => !piece.includes("="))) {
    return incomplete(
      evidence.notSigV4,
      `Invalid key=value pair (missing equal-sign) in Authorization header ${HASHED}: '${digest}'.`,
    );
  }
  const given = new Set(pieces.map((piece) => piece.slice(0, piece.indexOf("="))));
  const missing = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !given.has(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!request.headers.has("x-amz-date") && !request.headers.has("date")) missing.push(DATE_SENTENCE);
  if (missing.length > 0) {
    return incomplete(
      evidence.notSigV4,
      `${missing.join(" ")} (Hashed with SHA-256 and encoded with Base64) Authorization=${digest}`,
    );
  }
  return unknownKey(evidence);
}

function refuseQuerySignature(request: RestRequest, evidence: SignatureEvidence): Refusal {
  const missing = ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]
    .filter((name) => !request.query.has(name))
    .map((name) => `AWS query-string parameters must include '${name}'.`);
  if (missing.length > 0) {
    return incomplete(evidence.unsigned, `${missing.join(" ")} Re-examine the query-string parameters.`);
  }
  return unknownKey(evidence);
}

function incomplete(evidence: RefusalEvidence, message: string): Refusal {
  return new Refusal(INCOMPLETE_SIGNATURE_RESPONSE_TYPE, evidence, {
    errorType: "IncompleteSignatureException",
    message,
  });
}

/** A complete signature by a key nobody here knows (C). */
function unknownKey({ signed }: SignatureEvidence): Refusal {
  return new Refusal(
    "DEFAULT_4XX",
    { reason: "iam_unknown_key", message: signed },
    {
      status: 403,
      errorType: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    },
  );
}
