import { formatAmzDate, parseAmzDate } from "./amz-date.ts";
import { nameOfAlgorithm, type SignatureClaim, shownKeyId } from "./signature-claim.ts";
import {
  expiredSignature,
  hostNotSigned,
  invalidExpires,
  malformedCredential,
  malformedDate,
  notYetCurrent,
  unsupportedAlgorithm,
  wrongScope,
} from "./signature-error.ts";
import type { CredentialScope, SignatureFailure } from "./signature-verdict.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";
/** Either way, on API Gateway; STS has 15 minutes (C). */
export const CLOCK_WINDOW_SECONDS = 300;
/** Of a presigned request: a week (D). */
export const MAX_EXPIRES_SECONDS = 604_800;

/** A claim that may be believed once its signature is found right. */
export interface SoundClaim {
  readonly ok: true;
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  readonly signedAtMs: number;
}

export interface ClaimOptions {
  readonly region: string;
  readonly service: string;
  readonly nowMs: number;
}

/** What of a signature can be judged without its key, in AWS's order (C). */
export function judgeClaim(claim: SignatureClaim, options: ClaimOptions): SoundClaim | SignatureFailure {
  const { algorithm, credential, date } = claim;
  if (algorithm !== ALGORITHM) {
    return {
      ok: false,
      reason: "signature_algorithm_unsupported",
      message: `signature algorithm is ${nameOfAlgorithm(algorithm)}, only ${ALGORITHM} is verified`,
      expected: ALGORITHM,
      actual: nameOfAlgorithm(algorithm),
      error: unsupportedAlgorithm(algorithm),
    };
  }
  if (!signsHost(claim.signedHeaders)) {
    return {
      ok: false,
      reason: "host_not_signed",
      message: `SignedHeaders is ${quote(claim.signedHeaders)}, host must be in it`,
      expected: "host",
      actual: cut(claim.signedHeaders),
      error: hostNotSigned(),
    };
  }
  const signedAtMs = parseAmzDate(date);
  if (signedAtMs === undefined) {
    return {
      ok: false,
      reason: "signature_date_malformed",
      message: `date of the signature is ${quote(date)}, YYYYMMDDTHHMMSSZ is wanted`,
      expected: "YYYYMMDDTHHMMSSZ",
      actual: cut(date),
      error: malformedDate(date),
    };
  }
  const untimely = judgeTime(claim, signedAtMs, options.nowMs);
  if (untimely !== undefined) return untimely;
  return judgeScope(credential, date, signedAtMs, options);
}

/** AWS does not look at the case here (C); the list is held against the canonical one later. */
function signsHost(signedHeaders: string): boolean {
  return /(?:^|;)(?:host|:authority)(?:;|$)/i.test(signedHeaders);
}

function judgeTime({ form, date, expires }: SignatureClaim, signedAtMs: number, nowMs: number) {
  let windowSeconds = CLOCK_WINDOW_SECONDS;
  if (form === "query" && expires !== undefined) {
    windowSeconds = /^\d{1,6}$/.test(expires) ? Number(expires) : 0;
    if (windowSeconds < 1 || windowSeconds > MAX_EXPIRES_SECONDS) {
      return {
        ok: false,
        reason: "presigned_expires_invalid",
        message: `X-Amz-Expires is ${quote(expires)}, a number of seconds from 1 to ${MAX_EXPIRES_SECONDS} is wanted`,
        expected: [1, MAX_EXPIRES_SECONDS],
        actual: cut(expires),
        error: invalidExpires(expires),
      } satisfies SignatureFailure;
    }
  }
  // Written so that a clock that is no number refuses.
  const nowSecondMs = Math.floor(nowMs / 1000) * 1000;
  const earliestMs = nowSecondMs - windowSeconds * 1000;
  if (!(signedAtMs >= earliestMs)) {
    const now = formatClock(nowSecondMs);
    return {
      ok: false,
      reason: "signature_expired",
      message: `signed at ${date}, ${span(nowSecondMs - signedAtMs)} ago by the clock here (${now}); a signature is good for ${span(windowSeconds * 1000)}`,
      expected: { notBefore: formatClock(earliestMs) },
      actual: date,
      error: expiredSignature(date, formatClock(earliestMs), now, windowSeconds),
    } satisfies SignatureFailure;
  }
  const latestMs = nowSecondMs + CLOCK_WINDOW_SECONDS * 1000;
  if (!(signedAtMs <= latestMs)) {
    const now = formatClock(nowSecondMs);
    return {
      ok: false,
      reason: "signature_not_yet_current",
      message: `signed at ${date}, ${span(signedAtMs - nowSecondMs)} ahead of the clock here (${now}); ${span(CLOCK_WINDOW_SECONDS * 1000)} are allowed`,
      expected: { notAfter: formatClock(latestMs) },
      actual: date,
      error: notYetCurrent(date, formatClock(latestMs), now, CLOCK_WINDOW_SECONDS),
    } satisfies SignatureFailure;
  }
  return undefined;
}

/** What else stands there may be a part of a secret with a slash in it. */
const SCOPE = /^\d{8}\/[\w-]{1,32}\/[\w-]{1,32}\/\w{1,32}$/;

function judgeScope(
  credential: string,
  dateTime: string,
  signedAtMs: number,
  { region, service }: ClaimOptions,
): SoundClaim | SignatureFailure {
  const parts = credential.split("/");
  if (parts.length !== 5) {
    return {
      ok: false,
      reason: "credential_malformed",
      message: `Credential has ${parts.length} parts between slashes, 5 are wanted: KEY_ID/YYYYMMDD/REGION/SERVICE/aws4_request`,
      expected: 5,
      actual: parts.length,
      error: malformedCredential(credential),
    };
  }
  const [accessKeyId, scopeDate, scopeRegion, scopeService, terminator] = parts as [
    string,
    string,
    string,
    string,
    string,
  ];
  const date = dateTime.slice(0, 8);
  if (scopeRegion !== region || scopeService !== service || terminator !== "aws4_request" || scopeDate !== date) {
    const scope = parts.slice(1).join("/");
    const actual = SCOPE.test(scope) ? scope : "something that is no scope";
    const keyId = shownKeyId(accessKeyId);
    const expected = `${date}/${region}/${service}/aws4_request`;
    return {
      ok: false,
      reason: "credential_scope_wrong",
      message: `the signature is for ${actual}, this API wants ${expected}`,
      expected,
      actual,
      ...(keyId !== undefined && { accessKeyId: keyId }),
      error: wrongScope({
        region: scopeRegion === region ? undefined : scopeRegion,
        service: scopeService === service ? undefined : service,
        terminator: terminator === "aws4_request" ? undefined : terminator,
        date: scopeDate === date ? undefined : { scope: scopeDate, dateTime },
      }),
    };
  }
  return { ok: true, accessKeyId, scope: { date, region, service }, signedAtMs };
}

const MAX_QUOTED_CHARS = 128;

/** What may be kept of a value that a stranger sent. */
export function cut(text: string): string {
  return text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}…` : text;
}

export function quote(text: string): string {
  return JSON.stringify(cut(text));
}

function formatClock(epochMs: number): string {
  return Math.abs(epochMs) <= 8.64e15 ? formatAmzDate(epochMs) : String(epochMs);
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (Math.abs(seconds) < 120) return `${seconds} seconds`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
