import { sha256Base64 } from "./canonical-request.ts";
import type { SignatureError, SignatureWording } from "./signature-verdict.ts";

/*
 * AWS's own texts (C unless said otherwise), in the naming of API Gateway: STS says SignatureDoesNotMatch and
 * InvalidClientTokenId where these say InvalidSignatureException and UnrecognizedClientException.
 */

const DOES_NOT_MATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/** (R) */
export function missingToken(): SignatureError {
  return { errorType: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
}

/**
 * Header and query signature at once: this family (C), of which STS then says nothing more. A JSON answer without any
 * message was never seen, so that this sentence stands in its place (?). conformance/iam/credentials/both-text
 */
export function twoSignatures(): SignatureError {
  return invalidSignature(DOES_NOT_MATCH);
}

/** A signature that is good, of a request that leads elsewhere. What AWS answers is not known (?). */
export function routedOtherwise(): SignatureError {
  return invalidSignature(DOES_NOT_MATCH);
}

/** The digest is over the whole header value (C: recomputed from a capture that shows both). */
export function notKeyValue(piece: string, authorization: string, wording: SignatureWording): SignatureError {
  return incomplete(
    wording === "before-2023"
      ? `'${piece}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`
      : `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${sha256Base64(authorization)}'.`,
  );
}

/** In AWS's order. */
export type AuthorizationParameter = "Credential" | "Signature" | "SignedHeaders";

/** All that is missing in one text. */
export function incompleteAuthorization(
  missing: readonly AuthorizationParameter[],
  hasDate: boolean,
  authorization: string,
  wording: SignatureWording,
): SignatureError {
  const sentences = missing.map((name) => `Authorization header requires '${name}' parameter.`);
  if (!hasDate) {
    sentences.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  sentences.push(
    wording === "before-2023"
      ? `Authorization=${authorization}`
      : `(Hashed with SHA-256 and encoded with Base64) Authorization=${sha256Base64(authorization)}`,
  );
  return incomplete(sentences.join(" "));
}

export function incompleteQuery(missing: readonly string[]): SignatureError {
  const sentences = missing.map((name) => `AWS query-string parameters must include '${name}'.`);
  return incomplete([...sentences, "Re-examine the query-string parameters."].join(" "));
}

/** The text of STS and IAM; that API Gateway says the same is not known (?). conformance/iam/errors/algorithm-text */
export function unsupportedAlgorithm(algorithm: string): SignatureError {
  return incomplete(`Unsupported AWS 'algorithm': '${algorithm}'.`);
}

export function hostNotSigned(): SignatureError {
  return invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

export function malformedDate(date: string): SignatureError {
  return incomplete(
    `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  );
}

/**
 * S3's texts for the same parameter; that API Gateway says them is not known (?). S3 has none for 0, of which only the range
 * is documented: that text is ours. conformance/iam/presigned/expires-text
 */
export function invalidExpires(expires: string): SignatureError {
  if (!/^-?\d+$/.test(expires)) return incomplete("X-Amz-Expires should be a number");
  if (/^-?0+$/.test(expires)) return incomplete("X-Amz-Expires must be between 1 and 604800 seconds");
  return incomplete(
    expires.startsWith("-")
      ? "X-Amz-Expires must be non-negative"
      : "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
  );
}

/** `earliest` and `now` in the form of `date`: `YYYYMMDDTHHMMSSZ`. That presigned requests name their own window is not known (?). */
export function expiredSignature(date: string, earliest: string, now: string, windowSeconds: number): SignatureError {
  return invalidSignature(
    `Signature expired: ${date} is now earlier than ${earliest} (${now} - ${Math.round(windowSeconds / 60)} min.)`,
  );
}

export function notYetCurrent(date: string, latest: string, now: string, windowSeconds: number): SignatureError {
  return invalidSignature(
    `Signature not yet current: ${date} is still later than ${latest} (${now} + ${Math.round(windowSeconds / 60)} min.)`,
  );
}

export function malformedCredential(credential: string): SignatureError {
  return incomplete(
    `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
  );
}

/** What of a credential's scope is wrong, and how; what is absent is right. */
export interface WrongScope {
  readonly region?: string | undefined;
  /** The service that it should be. */
  readonly service?: string | undefined;
  readonly terminator?: string | undefined;
  readonly date?: { readonly scope: string; readonly dateTime: string } | undefined;
}

/** All that is wrong in one text; region and service end in a blank. */
export function wrongScope({ region, service, terminator, date }: WrongScope): SignatureError {
  let message = "";
  if (region !== undefined) message += `Credential should be scoped to a valid region, not '${region}'. `;
  if (service !== undefined) message += `Credential should be scoped to correct service: '${service}'. `;
  const rest: string[] = [];
  if (terminator !== undefined) {
    rest.push(`Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.`);
  }
  if (date !== undefined) {
    const { scope, dateTime } = date;
    rest.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope}' != '${dateTime.slice(0, 8)}', from '${dateTime}'.`,
    );
  }
  return invalidSignature(message + rest.join(" "));
}

/** An access key that nobody has, or a session token that is not its. */
export function unrecognizedClient(): SignatureError {
  return {
    errorType: "UnrecognizedClientException",
    message: "The security token included in the request is invalid.",
  };
}

export function expiredToken(): SignatureError {
  return { errorType: "ExpiredTokenException", message: "The security token included in the request is expired" };
}

export function signatureMismatch(canonical: string, toSign: string): SignatureError {
  return invalidSignature(
    `${DOES_NOT_MATCH}\n\nThe Canonical String for this request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'${toSign}'\n`,
  );
}

function incomplete(message: string): SignatureError {
  return { errorType: "IncompleteSignatureException", message };
}

function invalidSignature(message: string): SignatureError {
  return { errorType: "InvalidSignatureException", message };
}
