import { isString } from "./json.ts";
import type { JwsAlgorithm } from "./jws-algorithm.ts";
import type { KeySetFailure } from "./remote-key-set.ts";

/*
 * What the judges of this folder answer. Every failure is plain data that may be logged as JSON: it carries what was
 * expected and what was found, and never the token, a segment of it or a signature. Values that nobody has vouched for
 * yet (header members of an unverified token) are cut to MAX_EVIDENCE_CHARS. The sentences are in reasons.ts.
 */

/** A JSON object of the token; members are the issuer's, so every one is `unknown` until looked at. */
export type Claims = Readonly<Record<string, unknown>>;

/** What was sent holds no token to look at. */
export type CredentialFailure = { readonly ok: false; readonly reason: "token_missing" | "bearer_missing" };

export type TokenSegment = "header" | "payload" | "signature";

export type DecodeFailure =
  | { readonly ok: false; readonly reason: "token_too_large"; readonly expected: number; readonly actual: number }
  | { readonly ok: false; readonly reason: "not_a_jwt"; readonly expected: 3; readonly actual: number }
  | { readonly ok: false; readonly reason: "jwe_token"; readonly expected: 3; readonly actual: number }
  | {
      readonly ok: false;
      readonly reason: "malformed_encoding";
      readonly segment: TokenSegment;
      readonly expected: "base64url" | "utf-8";
    }
  | {
      readonly ok: false;
      readonly reason: "malformed_json";
      readonly segment: TokenSegment;
      readonly expected: "json" | "object" | "depth";
    }
  /** `actual` members are written, only `expected` of them have different names. */
  | {
      readonly ok: false;
      readonly reason: "duplicate_member";
      readonly segment: TokenSegment;
      readonly expected: number;
      readonly actual: number;
    };

/** Why a key of the issuer's document cannot verify this token. */
export type KeyProblem =
  | "algorithm"
  | "curve"
  | "exponent"
  | "key_ops"
  | "kid_ambiguous"
  | "kid_malformed"
  | "kty"
  | "malformed"
  | "modulus_size"
  | "private_key_published"
  | "use";

export type SignatureFailure =
  | {
      readonly ok: false;
      readonly reason: "algorithm_not_allowed";
      readonly expected: readonly string[];
      readonly actual: string;
    }
  | { readonly ok: false; readonly reason: "crit_unsupported"; readonly member: "crit" | "b64" }
  | { readonly ok: false; readonly reason: "kid_missing"; readonly known: readonly string[] }
  | { readonly ok: false; readonly reason: "kid_malformed"; readonly expected: "string"; readonly actual: string }
  | {
      readonly ok: false;
      readonly reason: "key_not_found";
      readonly kid: string;
      readonly known: readonly string[];
      readonly fetchedAt: Date;
    }
  | {
      readonly ok: false;
      readonly reason: "key_unsuitable";
      readonly kid: string | null;
      readonly problem: KeyProblem;
      /** The algorithms the key is good for; empty when it is good for nothing. */
      readonly expected: readonly JwsAlgorithm[];
      readonly actual: JwsAlgorithm;
    }
  | {
      readonly ok: false;
      readonly reason: "bad_signature";
      readonly kid: string | null;
      readonly algorithm: JwsAlgorithm;
    };

export type ClaimsFailure =
  | { readonly ok: false; readonly reason: "claim_missing"; readonly claim: string }
  | {
      readonly ok: false;
      readonly reason: "claim_malformed";
      readonly claim: string;
      readonly expected: string;
      readonly actual: string;
    }
  | {
      readonly ok: false;
      readonly reason: "issuer_mismatch";
      readonly expected: readonly string[];
      readonly actual: string;
    }
  | { readonly ok: false; readonly reason: "audience_missing"; readonly expected: readonly string[] }
  | {
      readonly ok: false;
      readonly reason: "audience_mismatch";
      readonly claim: "aud" | "client_id";
      readonly expected: readonly string[];
      readonly actual: readonly string[];
    }
  /** The claim's value is `actual`, the judge's clock `expected` (both seconds since 1970). */
  | LateFailure<"token_expired">
  | LateFailure<"token_not_yet_valid">
  | LateFailure<"issued_in_future">;

export interface LateFailure<R> {
  readonly ok: false;
  readonly reason: R;
  readonly expected: number;
  readonly actual: number;
  readonly leewaySeconds: number;
}

export type TokenFailure = DecodeFailure | SignatureFailure | ClaimsFailure;

export type ClaimsVerdict = { readonly ok: true; readonly claims: Claims } | ClaimsFailure;

export type TokenVerdict = { readonly ok: true; readonly header: Claims; readonly claims: Claims } | TokenFailure;

type AnyFailure = CredentialFailure | TokenFailure | KeySetFailure;

/** The failure with a given reason. */
export type FailureOf<R extends AnyFailure["reason"], F = AnyFailure> = F extends { readonly reason: infer Each }
  ? R extends Each
    ? F
    : never
  : never;

/** A refusal with the evidence its reason asks for. */
export const refuse = <R extends AnyFailure["reason"]>(
  reason: R,
  evidence: Omit<FailureOf<R>, "ok" | "reason">,
): FailureOf<R> => ({ ok: false, reason, ...evidence }) as unknown as FailureOf<R>; // the parameters are its members

type Mismatch = Extract<AnyFailure, { readonly expected: unknown; readonly actual: unknown }>;
type FurtherEvidence<F> = Omit<F, "ok" | "reason" | "expected" | "actual">;

/** A refusal of what is not as it should be: expected and actual, and whatever else its reason asks for. */
export const mismatch: <R extends Mismatch["reason"]>(
  reason: R,
  expected: FailureOf<R, Mismatch>["expected"],
  actual: FailureOf<R, Mismatch>["actual"],
  ...more: keyof FurtherEvidence<FailureOf<R>> extends never ? [] : [FurtherEvidence<FailureOf<R>>]
) => FailureOf<R> = (reason, expected, actual, more?: object) => refuse(reason, { ...more, expected, actual } as never);

/** Longest piece of an unverified header that may appear in evidence. */
export const MAX_EVIDENCE_CHARS = 128;

/** A value as evidence: a string cut to MAX_EVIDENCE_CHARS, anything else by its JSON type. */
export const asEvidence = (value: unknown): string =>
  isString(value) ? value.slice(0, MAX_EVIDENCE_CHARS) : jsonTypeOf(value);

/** `missing`, `null`, `array`, or what `typeof` says. */
export const jsonTypeOf = (value: unknown): string => {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
};
