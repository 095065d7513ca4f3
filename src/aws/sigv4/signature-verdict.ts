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

/** Why a signature is refused, in the order in which AWS looks (C). */
export type SignatureReason =
  | "signature_missing"
  /** Header and query signature at once. */
  | "signature_twice"
  | "authorization_not_key_value"
  | "authorization_incomplete"
  | "query_signature_incomplete"
  /** SigV4A, or any other algorithm that begins with AWS4-. */
  | "signature_algorithm_unsupported"
  | "host_not_signed"
  | "signature_date_malformed"
  | "signature_expired"
  | "signature_not_yet_current"
  | "presigned_expires_invalid"
  | "credential_malformed"
  | "credential_scope_wrong"
  | "session_token_invalid"
  | "session_expired"
  | "access_key_unknown"
  | "payload_unsigned"
  | "signature_mismatch"
  /** Good, and of another request than the one that was routed. */
  | "signature_routed_otherwise";

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
