import { hash, timingSafeEqual } from "node:crypto";
import {
  absentHeaders,
  CanonicalHeaders,
  type CanonicalParts,
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  compareTexts,
  firstQueryValue,
  type QueryPiece,
  readQuery,
  stringToSign,
} from "./canonical-request.ts";
import { inferMistake } from "./infer-mistake.ts";
import { type ClaimOptions, cut, judgeClaim, quote, type SoundClaim } from "./judge-claim.ts";
import { maskCanonicalRequest } from "./mask-canonical-request.ts";
import { parseAuthorization } from "./parse-authorization.ts";
import { ALGORITHM_PARAMETER, parsePresigned, SIGNATURE_PARAMETER, TOKEN_PARAMETER } from "./parse-presigned.ts";
import { type ParsedClaim, type SignatureClaim, shownKeyId } from "./signature-claim.ts";
import { expiredToken, missingToken, signatureMismatch, twoSignatures, unrecognizedClient } from "./signature-error.ts";
import type {
  SignatureFailure,
  SignatureVerdict,
  SignatureWording,
  SignedRequest,
  SigningCredential,
} from "./signature-verdict.ts";
import type { SigningKeys } from "./signing-keys.ts";

export interface SigV4Options extends ClaimOptions {
  readonly region: string;
  /** E.g. `execute-api`. */
  readonly service: string;
  readonly nowMs: number;
  /** The credential of an access key id; undefined when nobody here has it. */
  readonly find: (accessKeyId: string) => SigningCredential | undefined;
  readonly signingKeys: SigningKeys;
  /** Default `current`. */
  readonly wording?: SignatureWording;
}

/**
 * Judges the SigV4 signature of a request, in AWS's order of checks (C). Never throws, whatever the request holds.
 *
 *     verifySigV4(request, { region: "us-east-1", service: "execute-api", nowMs: Date.now(), find, signingKeys })
 */
export function verifySigV4(request: SignedRequest, options: SigV4Options): SignatureVerdict {
  const headers = new CanonicalHeaders(request.headers);
  const question = request.target.indexOf("?");
  const path = question < 0 ? request.target : request.target.slice(0, question);
  const query = readQuery(question < 0 ? "" : request.target.slice(question + 1));
  const parsed = readClaim(headers, query, options.wording ?? "current");
  if (!parsed.ok) return parsed;
  const { claim } = parsed;
  const sound = judgeClaim(claim, options);
  if (!sound.ok) return sound;
  const found = findCredential(claim, sound.accessKeyId, options);
  if (!found.ok) return found;
  return compare({ request, path, query, headers, claim, sound, credential: found.credential }, options);
}

/** The claim of the header or of the query: exactly one of them has to make one. */
function readClaim(headers: CanonicalHeaders, query: readonly QueryPiece[], wording: SignatureWording): ParsedClaim {
  // Of several the last counts (?).
  const authorization = headers.last("authorization");
  const algorithm = firstQueryValue(query, ALGORITHM_PARAMETER);
  if (authorization === undefined) {
    if (algorithm !== undefined) return parsePresigned(algorithm, query, headers);
    return {
      ok: false,
      reason: "signature_missing",
      message: `the request has neither an Authorization header nor ${ALGORITHM_PARAMETER} in its query`,
      error: missingToken(),
    };
  }
  if (algorithm === undefined) return parseAuthorization(authorization, headers, wording);
  return {
    ok: false,
    reason: "signature_twice",
    message: `the request has an Authorization header and ${ALGORITHM_PARAMETER} in its query, one of them is wanted`,
    error: twoSignatures(),
  };
}

/** The key must be known, and a session's token be the one it was given with. */
function findCredential(
  claim: SignatureClaim,
  accessKeyId: string,
  { find, nowMs }: SigV4Options,
): { readonly ok: true; readonly credential: SigningCredential } | SignatureFailure {
  const { sessionToken, hasTwoTokens } = claim;
  const shown = shownKeyId(accessKeyId);
  const key = shown === undefined ? "access key (which has not the shape of one)" : `access key ${shown}`;
  const ofKey = shown === undefined ? {} : { accessKeyId: shown };
  const invalidToken = (message: string): SignatureFailure => ({
    ok: false,
    reason: "session_token_invalid",
    message,
    ...ofKey,
    error: unrecognizedClient(),
  });
  if (hasTwoTokens === true) return invalidToken("the request has two different session tokens");
  if (accessKeyId.startsWith("ASIA") && !isToken(sessionToken)) {
    return invalidToken(
      `${key} is a session's, its session token is ${sessionToken === undefined ? "missing" : quote(sessionToken)}`,
    );
  }
  const credential = find(accessKeyId);
  if (credential === undefined) {
    return {
      ok: false,
      reason: "access_key_unknown",
      message: `${key} is not known here, or not active`,
      ...(shown !== undefined && { actual: shown }),
      ...ofKey,
      error: unrecognizedClient(),
    };
  }
  if (credential.sessionToken === undefined) {
    if (sessionToken !== undefined) {
      return invalidToken(`${key} is not a session's, and the request has a session token`);
    }
  } else if (sessionToken === undefined || !areEqual(sessionToken, credential.sessionToken)) {
    return invalidToken(`the session token is ${sessionToken === undefined ? "missing" : "not the one"} of ${key}`);
  }
  const { expiresAtMs } = credential;
  if (expiresAtMs !== undefined && !(nowMs < expiresAtMs)) {
    const at = Math.abs(expiresAtMs) <= 8.64e15 ? new Date(expiresAtMs).toISOString() : String(expiresAtMs);
    return {
      ok: false,
      reason: "session_expired",
      message: `the session of ${key} ended at ${at}`,
      expected: { before: at },
      ...ofKey,
      error: expiredToken(),
    };
  }
  return { ok: true, credential };
}

/** JavaScript clients send these words where they have no token (C). */
function isToken(text: string | undefined): boolean {
  return text !== undefined && text !== "" && text !== "undefined" && text !== "null";
}

/** Takes as long whatever is equal. */
function areEqual(one: string, other: string): boolean {
  return timingSafeEqual(hash("sha256", one, "buffer"), hash("sha256", other, "buffer"));
}

/** A claim with everything it was made about. */
interface Comparison {
  readonly request: SignedRequest;
  readonly path: string;
  readonly query: readonly QueryPiece[];
  readonly headers: CanonicalHeaders;
  readonly claim: SignatureClaim;
  readonly sound: SoundClaim;
  readonly credential: SigningCredential;
}

/** The hash is always of the body: a declared one could be kept while the body changes. */
function compare(comparison: Comparison, { signingKeys }: SigV4Options): SignatureVerdict {
  const { request, path, query, headers, claim, sound, credential } = comparison;
  const { accessKeyId, scope, signedAtMs } = sound;
  const listed = claim.signedHeaders.split(";");
  const isCanonicalList = isCanonical(listed);
  const names = isCanonicalList ? listed : toCanonical(listed);
  const signedQuery = claim.form === "query" ? withoutFirst(query, SIGNATURE_PARAMETER) : query;
  const parts: CanonicalParts = {
    method: request.method,
    path: canonicalPath(path),
    query: canonicalQuery(signedQuery),
    headers: canonicalHeaders(names, headers),
    signedHeaders: names.join(";"),
    payloadHash: hash("sha256", request.body, "hex"),
  };
  const scopeText = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  const signingKey = signingKeys.of(credential, scope);
  // As UTF-8: a character beyond ASCII never becomes one of a signature's.
  const isSignature = claim.signature.length === 64 && CLAIMED.write(claim.signature) === 64;
  const isSignedBy = (some: CanonicalParts): boolean => {
    COMPUTED.write(signingKey.sign(stringToSign(claim.date, scopeText, canonicalRequest(some))));
    return isSignature && timingSafeEqual(COMPUTED, CLAIMED);
  };
  const declared =
    headers.get("x-amz-content-sha256") ??
    (claim.form === "query" ? firstQueryValue(query, "X-Amz-Content-Sha256") : undefined);
  const isDeclaredRight = declared === undefined || declared === parts.payloadHash;
  const absent = absentHeaders(names, headers);
  if (isDeclaredRight && isCanonicalList && absent.length === 0) {
    // The session token of a presigned request may have been appended after signing (D).
    const accepted =
      isSignedBy(parts) ||
      (claim.form === "query" &&
        query.some(({ name }) => name === TOKEN_PARAMETER) &&
        isSignedBy({ ...parts, query: canonicalQuery(withoutFirst(signedQuery, TOKEN_PARAMETER)) }));
    if (accepted) return { ok: true, credential, form: claim.form, scope, signedHeaders: names, signedAtMs };
  }
  const { isPayloadUnsigned, inferred } = inferMistake({
    parts,
    path,
    query: signedQuery,
    headers,
    listed,
    names,
    absent,
    declaredHash: declared,
    isSignedBy,
  });
  const canonical = canonicalRequest(parts);
  const toSign = stringToSign(claim.date, scopeText, canonical);
  return {
    ok: false,
    ...(isPayloadUnsigned
      ? {
          reason: "payload_unsigned",
          message: `key ${quote(accessKeyId)} signed the request without its body (${declared === undefined ? "UNSIGNED-PAYLOAD" : cut(declared)}), the SHA-256 of the body is wanted`,
          expected: parts.payloadHash,
          actual: declared === undefined ? "UNSIGNED-PAYLOAD" : cut(declared),
        }
      : {
          reason: "signature_mismatch",
          message: `the signature by key ${quote(accessKeyId)} is not of this request${inferred.length > 0 ? `: ${inferred.join("; ")}` : ", or made with another secret"}`,
        }),
    accessKeyId,
    mismatch: { canonicalRequest: maskCanonicalRequest(parts), stringToSign: toSign, inferred },
    error: signatureMismatch(canonical, toSign),
  };
}

/** Lower-case hex, filled and compared in one go. */
const COMPUTED = Buffer.alloc(64);
const CLAIMED = Buffer.alloc(64);
const HEADER_NAME = /^:?[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Lower case, in order, each once: what signers send, and the only list that names its headers in one way. */
function isCanonical(names: readonly string[]): boolean {
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    if (!HEADER_NAME.test(name) || (at > 0 && (names[at - 1] as string) >= name)) return false;
  }
  return true;
}

function toCanonical(names: readonly string[]): readonly string[] {
  const lower = names.map((name) => name.trim().toLowerCase()).filter((name) => HEADER_NAME.test(name));
  return [...new Set(lower)].sort(compareTexts);
}

/** One only: a second of the name was never part of the signature's making, so it stays and breaks it. */
function withoutFirst(query: readonly QueryPiece[], name: string): readonly QueryPiece[] {
  const at = query.findIndex((piece) => piece.name === name);
  return at < 0 ? query : query.toSpliced(at, 1);
}
