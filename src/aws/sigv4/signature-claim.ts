import type { SignatureFailure } from "./signature-verdict.ts";

/** What a request says of its signature, in either form, with nothing believed yet. */
export interface SignatureClaim {
  readonly form: "header" | "query";
  /** E.g. `AWS4-HMAC-SHA256`. */
  readonly algorithm: string;
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  /** Of the query form. */
  readonly expires?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Whether two places name a session token, and not the same one. */
  readonly hasTwoTokens?: boolean;
}

export type ParsedClaim = { readonly ok: true; readonly claim: SignatureClaim } | SignatureFailure;

/** What is refused without a look at the rest: no signer comes near. */
export const MAX_SIGNED_HEADERS = 100;

/** Counted without splitting: the text is not trusted yet. */
export function countSignedHeaders(list: string): number {
  let count = 1;
  for (let at = list.indexOf(";"); at >= 0; at = list.indexOf(";", at + 1)) count++;
  return count;
}

/** Schemes that may be named: the first word of a header may also be a token that was sent without one. */
const SCHEMES: ReadonlySet<string> = new Set(["apikey", "basic", "bearer", "digest", "jwt", "negotiate", "token"]);

/** A name for what stands where the algorithm is expected. */
export function nameOfAlgorithm(text: string): string {
  if (/^AWS4-[A-Z0-9-]{1,40}$/.test(text)) return text;
  return SCHEMES.has(text.toLowerCase()) ? text : "something without a known scheme";
}

/**
 * The access key id if it has the shape of one: who takes one for the other sends the secret in its place, and that must
 * not be kept.
 */
export function shownKeyId(text: string): string | undefined {
  return /^\w{1,32}$/.test(text) ? text : undefined;
}
