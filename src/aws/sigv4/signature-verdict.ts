import type { SignatureReason } from "./reasons.ts";

/** A request as it came, for a signature to be held against: nothing decoded, nothing rewritten. */
export interface SignedRequest {
  /** As on the wire, whatever overrides it later. */
  readonly method: string;
  /** Path and query exactly as on the wire, any prefix that was used to route it included. */
  readonly target: string;
  /** Names and values alternating, in wire order and casing. */
  readonly headers: readonly string[];
  /** The bytes as sent. */
  readonly body: Buffer;
}

/** A pair that signs; a session's has a token and an end. */
export interface SigningCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Epoch milliseconds; of a session. */
  readonly expiresAtMs?: number;
}

/** The four parts of `Credential` behind the access key id. */
export interface CredentialScope {
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** What AWS's own error says; `errorType` is the value of `x-amzn-ErrorType`. */
export interface SignatureError {
  readonly errorType:
    | "MissingAuthenticationTokenException"
    | "IncompleteSignatureException"
    | "InvalidSignatureException"
    | "UnrecognizedClientException"
    | "ExpiredTokenException";
  readonly message: string;
}

/** What is known of a failed comparison, masked: it may be recorded. */
export interface MismatchEvidence {
  /** Our canonical request; security tokens and cookies masked as in records. */
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  /** What can be inferred of the client's: the mistake under which its signature would be right, e.g. "the path was encoded once". */
  readonly inferred: readonly string[];
}

export interface SignatureFailure {
  readonly ok: false;
  readonly reason: SignatureReason;
  /** One sentence with the value found and the value wanted; never a signature, a token or a secret. */
  readonly message: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly accessKeyId?: string;
  readonly mismatch?: MismatchEvidence;
  /** AWS's answer. It may quote the whole header (older wording) or a security token: for the client only, never recorded. */
  readonly error: SignatureError;
}

export interface SignatureAccepted {
  readonly ok: true;
  readonly credential: SigningCredential;
  readonly form: "header" | "query";
  readonly scope: CredentialScope;
  /** Lower case, as listed. */
  readonly signedHeaders: readonly string[];
  readonly signedAtMs: number;
}

export type SignatureVerdict = SignatureAccepted | SignatureFailure;

/** Which generation of AWS's texts to answer with: today's hash the header, those until about 2023 quoted it (C). */
export type SignatureWording = "current" | "before-2023";
