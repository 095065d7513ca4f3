/**
 * What to check for each reason that a signature is refused for, in the order of the checks, as far as known AWS's (C). A
 * session token is looked at once more when its key is found.
 */
export const SIGNATURE_REASONS = {
  signature_missing:
    "Sign the request with Signature Version 4, in the Authorization header or in the query; only X-Amz-Algorithm in the query begins a presigned URL.",
  signature_twice:
    "Send the signature in the Authorization header or in the query, not in both: a browser or proxy may have added an Authorization header to a presigned URL.",
  authorization_not_key_value:
    "The header is no SigV4 signature, most often a Bearer token: sign the request, or give the route the authorizer the token is for. In a signature look for a stray blank or line break in the access key id.",
  authorization_incomplete:
    "The Authorization header needs Credential, SignedHeaders and Signature, separated by commas, and the request an X-Amz-Date header; look for a proxy that drops headers.",
  query_signature_incomplete:
    "A presigned URL needs X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-SignedHeaders and X-Amz-Signature, in this spelling: copy the URL whole.",
  signature_algorithm_unsupported:
    "Have the client sign with AWS4-HMAC-SHA256: AWS4-ECDSA-P256-SHA256 (SigV4A, several regions) is not verified here.",
  host_not_signed: "Have the client sign the Host header: it must be in SignedHeaders.",
  signature_date_malformed: "Send X-Amz-Date once, as YYYYMMDDTHHMMSSZ in UTC, without separators and milliseconds.",
  presigned_expires_invalid: "Presign with an X-Amz-Expires of 1 to 604800 seconds, which is a week.",
  signature_expired:
    "Sign each request anew: a signer or signed headers kept from an earlier call are the usual cause, a slow clock the other. A presigned URL is good for its X-Amz-Expires.",
  signature_not_yet_current: "Set the client's clock: it is more than five minutes ahead.",
  credential_malformed:
    "Write the Credential as KEY_ID/YYYYMMDD/REGION/execute-api/aws4_request; a slash in the key id, or a lost part, breaks it.",
  credential_scope_wrong:
    "Sign for the region the API is in, the service execute-api, and the day of X-Amz-Date in UTC.",
  session_token_invalid:
    "Send the session token that came with the key, whole and once, as X-Amz-Security-Token; a long-lived key has none, and the word undefined is none.",
  access_key_unknown:
    "Use an access key of this project: its users are in the templates and in iam.yaml, and an inactive key counts as unknown. A real AWS key is not known here.",
  session_expired: "Get new credentials: those of a session end, and the client has to renew them.",
  payload_unsigned: "Have the client hash the body: UNSIGNED-PAYLOAD and streaming signatures are for S3.",
  signature_mismatch:
    "Compare the canonical request here with the client's, line by line: the path is encoded once more than it is sent, Host and every signed header must arrive as signed; if all lines agree the secret is another.",
  signature_routed_otherwise:
    "Send the path without dot segments and doubled slashes and a ; of the query as %3B, which a signature does not tell apart, and sign X-HTTP-Method-Override where it is sent: else a link for one method would open another.",
} as const;

/** Why a signature is refused. */
export type SignatureReason = keyof typeof SIGNATURE_REASONS;
