import type { KeySetFailure } from "./remote-key-set.ts";
import type { ScopeVerdict } from "./scopes.ts";
import type { KeyProblem, TokenFailure } from "./token-verdict.ts";

/*
 * Why a token is refused, in words. The verifier does not import this file, so that the shipped authorizer stays small:
 * a failure is plain data there and becomes a sentence here.
 */

export type ScopeFailure = Extract<ScopeVerdict, { readonly ok: false }>;
export type AnyTokenFailure = TokenFailure | KeySetFailure | ScopeFailure;
type FailureOf<R> = AnyTokenFailure extends infer F
  ? F extends { readonly reason: infer Each }
    ? R extends Each
      ? F
      : never
    : never
  : never;

interface ReasonEntry<R> {
  /** What was found and what was wanted, as one sentence without a full stop. */
  sentence(evidence: FailureOf<R>): string;
  /** What to check, as an instruction. */
  readonly check: string;
}

/** Every reason once. The page docs/reference/reasons/token.md has a section for each, in this order. */
export const TOKEN_REASONS = {
  token_too_large: {
    sentence: ({ expected, actual }) => `token has ${actual} characters, at most ${expected} are read`,
    check: "Put fewer permissions, groups or custom claims into the token.",
  },
  not_a_jwt: {
    sentence: ({ actual }) => `token has ${count(actual, "segment")}, a JWT has 3`,
    check:
      "Ask the issuer for the API's audience: without one Auth0 answers an opaque token. Send nothing but the token.",
  },
  jwe_token: {
    sentence: () => "token is encrypted (5 segments), a signed JWT has 3",
    check:
      "Ask the issuer for the API's audience: without one Auth0 answers an opaque token, which is encrypted. Else turn token encryption off for this API.",
  },
  malformed_encoding: {
    sentence: ({ segment, expected }) =>
      expected === "utf-8" ? `token ${segment} is not UTF-8` : `token ${segment} is not base64url without padding`,
    check: "The token was changed or cut on its way: look for quotes, line breaks, padding or a second `Bearer`.",
  },
  malformed_json: {
    sentence: ({ segment, expected }) =>
      expected === "depth"
        ? `token ${segment} is nested too deeply`
        : `token ${segment} is not ${expected === "json" ? "JSON" : "a JSON object"}`,
    check: "Decode the token and look at the segment; the issuer or the tool that made it is at fault.",
  },
  duplicate_member: {
    sentence: ({ segment, expected, actual }) =>
      `token ${segment} has ${count(actual, "member")} with only ${expected} different names`,
    check: "Two readers may take different members of one name: have the issuer write each claim once.",
  },
  crit_unsupported: {
    sentence: ({ member }) => `token header has "${member}", no extension is supported`,
    check: "Have the issuer sign plain JWTs (RFC 7519), without critical header extensions.",
  },
  algorithm_not_allowed: {
    sentence: ({ expected, actual }) => `token algorithm is ${quote(actual)}, authorizer wants ${oneOf(expected)}`,
    check: "Set the API's signing algorithm to RS256 at the issuer; HS256 and `none` can never be accepted.",
  },
  kid_missing: {
    sentence: ({ known }) => `token header has no "kid", the issuer's keys are ${list(known)}`,
    check: "Have the issuer name its key in the header; AWS requires it.",
  },
  kid_malformed: {
    sentence: ({ actual }) => `token header's "kid" is ${article(actual)}, a string is wanted`,
    check: "Have the issuer write the key id as a string.",
  },
  key_not_found: {
    sentence: ({ kid, known, fetchedAt }) =>
      `token is signed with key ${quote(kid)}, the issuer's keys are ${list(known)} (fetched ${fetchedAt.toISOString()})`,
    check: "The token comes from another tenant or environment, or the key was rotated after the last fetch.",
  },
  key_unsuitable: {
    sentence: ({ kid, problem, expected, actual }) =>
      `key ${quote(kid ?? "")} cannot verify ${actual}: ${KEY_PROBLEMS[problem]}${expected.length > 0 ? ` (it is for ${list(expected)})` : ""}`,
    check: "Look at this key in the issuer's JWKS: kty, alg, use, key_ops, size.",
  },
  bad_signature: {
    sentence: ({ kid, algorithm }) => `token's ${algorithm} signature is not by key ${quote(kid ?? "")}`,
    check:
      "The token was altered, or another key with the same kid signed it: compare the issuer and the JWKS address.",
  },
  claim_missing: {
    sentence: ({ claim }) => `token has no "${claim}"`,
    check: "Have the issuer add the claim; iss and exp are required.",
  },
  claim_malformed: {
    sentence: ({ claim, expected, actual }) =>
      `token's "${claim}" is ${article(actual)}, ${article(expected)} is wanted`,
    check: "Have the issuer write the claim in the type of RFC 7519 §4.1; dates are seconds since 1970, as numbers.",
  },
  issuer_mismatch: {
    sentence: ({ expected, actual }) =>
      `token issuer is ${quote(actual)}, authorizer wants ${oneOf(expected)}${slashNote([actual], expected)}`,
    check: "Set the authorizer's issuer to the token's iss, byte for byte; Auth0 issuers end in a slash.",
  },
  audience_missing: {
    sentence: ({ expected }) => `token has no audience, authorizer wants ${oneOf(expected)}`,
    check: "Ask the issuer for the API's audience. Cognito access tokens have client_id instead of aud.",
  },
  audience_mismatch: {
    sentence: ({ claim, expected, actual }) =>
      `token ${claim === "aud" ? "audience" : claim} is ${list(actual)}, authorizer wants ${oneOf(expected)}${slashNote(actual, expected)}`,
    check: "Ask for the API's identifier as audience, or set the authorizer's audience to the token's, byte for byte.",
  },
  token_expired: {
    sentence: ({ expected, actual }) => `token expired ${span(expected - actual)} ago, at ${instant(actual)}`,
    check: "Get a new token; if it is new, compare the clocks.",
  },
  token_not_yet_valid: {
    sentence: ({ expected, actual }) => `token is valid from ${instant(actual)}, in ${span(actual - expected)}`,
    check: "Compare the clocks of issuer and authorizer.",
  },
  issued_in_future: {
    sentence: ({ expected, actual }) =>
      `token was issued ${span(actual - expected)} in the future, at ${instant(actual)}`,
    check: "Compare the clocks of issuer and authorizer; dates are in seconds, not milliseconds.",
  },
  scope_insufficient: {
    sentence: ({ rule, expected, actual, permissions }) =>
      `token has ${actual.length > 0 ? `scopes ${list(actual)}` : "no scopes"}, route wants ${rule === "any" ? oneOf(expected) : list(expected)}${permissions.length > 0 ? ` (${list(permissions)} is in "permissions", which is not read)` : ""}`,
    check: "Ask for the scope when getting the token, and grant it to the application or user.",
  },
  jwks_unreachable: {
    sentence: (failure) => `key set ${quote(failure.url)} cannot be read: ${fetchProblem(failure)}`,
    check: "Open the URL from where the authorizer runs; look at DNS, proxy, certificate and the time it takes.",
  },
  discovery_unreachable: {
    sentence: (failure) => `discovery document ${quote(failure.url)} cannot be read: ${fetchProblem(failure)}`,
    check: "Open the URL from where the authorizer runs; the issuer must serve it without a login.",
  },
  redirect_refused: {
    sentence: ({ url, detail }) => `${quote(url)} answers with a redirect (${detail}), redirects are not followed`,
    check: "Configure the final address: http instead of https and a missing path are the usual causes.",
  },
  url_refused: {
    sentence: (failure) => `address ${quote(failure.url)} is refused: ${fetchProblem(failure)}`,
    check: "Use an https URL; plain http only for a local issuer, with the switch that allows it.",
  },
  discovery_malformed: {
    sentence: ({ url, detail }) => `discovery document ${quote(url)} is unusable: ${detail}`,
    check: "Open the URL: it must be an OpenID Connect discovery document, not a login or error page.",
  },
  jwks_malformed: {
    sentence: ({ url, detail }) => `key set ${quote(url)} is unusable: ${detail}`,
    check: 'Open the URL: it must be a JWKS document, {"keys": […]}.',
  },
  issuer_mismatch_discovery: {
    sentence: ({ url, expected, actual }) =>
      `discovery document ${quote(url)} names issuer ${quote(actual)}, configured is ${quote(expected)}${slashNote([actual], [expected], "the document's")}`,
    check: "Configure the issuer exactly as the document writes it, slash included.",
  },
} as const satisfies { readonly [R in AnyTokenFailure["reason"]]: ReasonEntry<R> };

export type TokenReason = keyof typeof TOKEN_REASONS;

/**
 * A failure as one sentence: what was found, what was wanted, and the difference if it is easily overlooked. Values are
 * quoted as JSON and cut, so that none can break out of a log line.
 *
 *     describeTokenVerdict(verdict) // token audience is "https://other", authorizer wants "https://pets"
 */
export function describeTokenVerdict(verdict: { readonly ok: true } | AnyTokenFailure): string {
  if (verdict.ok) return "token is valid";
  // The table's type guarantees that the entry of a reason takes that reason's failure.
  const entry = TOKEN_REASONS[verdict.reason] as { sentence(evidence: AnyTokenFailure): string };
  return entry.sentence(verdict);
}

const KEY_PROBLEMS: Readonly<Record<KeyProblem, string>> = {
  algorithm: "it is for another algorithm",
  curve: "its curve is not supported",
  exponent: "its exponent is too small",
  key_ops: 'its "key_ops" lacks "verify"',
  kid_ambiguous: "several keys have this kid",
  kid_malformed: 'its "kid" is not a string',
  kty: "its key type is not supported",
  malformed: "it cannot be read",
  modulus_size: "its modulus is not of 2048 to 8192 bits",
  private_key_published: "its private part is published",
  use: 'its "use" is not "sig"',
};

const FETCH_PROBLEMS: Readonly<Record<Extract<KeySetFailure, { readonly problem: string }>["problem"], string>> = {
  connection: "no connection",
  credentials: "it contains credentials",
  encoding: "compressed answers are not read",
  not_a_url: "it is not a URL",
  query_or_fragment: "an issuer has no query or fragment",
  redirect: "a redirect",
  scheme: "the scheme is not https",
  status: "status",
  timeout: "no answer in time",
  too_large: "the answer is too large",
};

function fetchProblem({ problem, detail }: Extract<KeySetFailure, { readonly problem: string }>): string {
  return detail ? `${FETCH_PROBLEMS[problem]} (${detail})` : FETCH_PROBLEMS[problem];
}

const MAX_VALUE_CHARS = 128;
const MAX_LISTED = 8;

function quote(value: string): string {
  return JSON.stringify(value.length > MAX_VALUE_CHARS ? `${value.slice(0, MAX_VALUE_CHARS)}…` : value);
}

function list(values: readonly string[]): string {
  if (values.length === 0) return "none";
  const more = values.length - MAX_LISTED;
  return values.slice(0, MAX_LISTED).map(quote).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function oneOf(values: readonly string[]): string {
  return values.length > 1 ? `one of ${list(values)}` : list(values);
}

/** What the eye misses: two values that differ by a final slash only. Says which of them lacks it. */
function slashNote(actual: readonly string[], expected: readonly string[], whose = "the token's"): string {
  if (actual.some((value) => expected.includes(`${value}/`))) return ` (${whose} lacks the trailing slash)`;
  const isConfigured = expected.some((value) => actual.includes(`${value}/`));
  return isConfigured ? " (the configured one lacks the trailing slash)" : "";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function article(noun: string): string {
  if (noun === "null" || noun === "missing") return noun;
  return `${/^[aeio]/.test(noun) ? "an" : "a"} ${noun}`;
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

function span(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120) return count(whole, "second");
  if (whole < 7200) return count(Math.round(whole / 60), "minute");
  return whole < 172_800 ? count(Math.round(whole / 3600), "hour") : count(Math.round(whole / 86_400), "day");
}
