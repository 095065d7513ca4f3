import type { Identity } from "../../aws/iam/identity.ts";
import type { MismatchEvidence, SignatureFailure } from "../../aws/sigv4/signature-verdict.ts";
import type { AuthorizationRecord } from "../decision-record.ts";

/** Of each text: a request target has up to 10 KB, and records are kept by the thousand. */
const MAX_RECORDED_CHARACTERS = 4096;

/** What a record says of a verified signer, before policies are asked. */
export function signerRecord({ arn, credential }: Identity): AuthorizationRecord {
  return { type: "AWS_IAM", principalArn: arn, accessKeyId: maskAccessKeyId(credential.accessKeyId) };
}

/** What a record says of a signature that was refused: never the signature itself. */
export function refusedSignatureRecord({ accessKeyId, mismatch }: SignatureFailure): AuthorizationRecord {
  return {
    type: "AWS_IAM",
    ...(accessKeyId !== undefined && { accessKeyId: maskAccessKeyId(accessKeyId) }),
    ...(mismatch !== undefined && { mismatch: bounded(mismatch, accessKeyId) }),
  };
}

/** Access key ids are no secrets, and whose they are is not everybody's business. */
function maskAccessKeyId(accessKeyId: string): string {
  return `****${accessKeyId.slice(-4)}`;
}

/** No access key id is shorter (D: IAM, `accessKeyIdType`); a shorter word would be torn out of sentences. */
const MIN_ACCESS_KEY_ID_CHARACTERS = 16;

/** A text about a signature without the whole access key id in it. */
export function withoutAccessKeyId(text: string, accessKeyId: string | undefined): string {
  if (accessKeyId === undefined || accessKeyId.length < MIN_ACCESS_KEY_ID_CHARACTERS) return text;
  return text.replaceAll(accessKeyId, maskAccessKeyId(accessKeyId));
}

function bounded({ canonicalRequest, stringToSign, inferred }: MismatchEvidence, accessKeyId: string | undefined) {
  const canonical = cut(withoutAccessKeyId(canonicalRequest, accessKeyId));
  return { canonicalRequest: canonical, stringToSign: cut(stringToSign), inferred };
}

function cut(text: string): string {
  if (text.length <= MAX_RECORDED_CHARACTERS) return text;
  return `${text.slice(0, MAX_RECORDED_CHARACTERS)}… and ${text.length - MAX_RECORDED_CHARACTERS} more characters`;
}
