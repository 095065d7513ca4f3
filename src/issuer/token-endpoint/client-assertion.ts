import { createHash } from "node:crypto";
import { decodeJwt } from "../../token/decode-jwt.ts";
import { judgeClaims } from "../../token/judge-claims.ts";
import { isSignedBy, readJwk } from "../../token/jwk.ts";
import type { JwsAlgorithm } from "../../token/jws-algorithm.ts";
import type { VerificationKey } from "../../token/key-set.ts";
import type { Client } from "../tenant/tenant.ts";

/** A client's proof by signature (`private_key_jwt`, RFC 7523 §3), judged; `because` is for the developer, not the wire. */
export type AssertionVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly because: string; readonly expected?: unknown; readonly actual?: unknown };

/** Assertions are good once (D). In memory: a restart forgets them, and they end within minutes. */
export interface UsedAssertions {
  /** False when it was used before, or when too many are remembered to take another. */
  use(clientId: string, jti: string, expiresAtSeconds: number): boolean;
}

/** Auth0's algorithms (D). None of the HMAC family: a public key is no secret. */
const ASSERTION_ALGORITHMS: readonly JwsAlgorithm[] = ["RS256", "RS384", "PS256"];
/** Auth0's longest lifetime (D). */
export const MAX_ASSERTION_LIFETIME_SECONDS = 300;
/** Auth0's tolerance for `iat` and `nbf`; `exp` has none (D). */
export const ASSERTION_CLOCK_SKEW_SECONDS = 10;
/** Auth0's longest `jti` (D). */
export const MAX_JTI_CHARS = 64;
export const MAX_USED_ASSERTIONS = 10_000;

export function createUsedAssertions({ clock }: { readonly clock: () => number }): UsedAssertions {
  /** When each ends, by a digest of client and `jti`; oldest first. */
  const used = new Map<string, number>();

  return {
    use(clientId, jti, expiresAtSeconds) {
      const nowSeconds = clock() / 1000;
      if (used.size >= MAX_USED_ASSERTIONS) {
        for (const [id, endSeconds] of used) if (endSeconds <= nowSeconds) used.delete(id);
      }
      const id = createHash("sha256")
        .update(JSON.stringify([clientId, jti]))
        .digest("base64url");
      const endSeconds = used.get(id);
      const isFull = used.size >= MAX_USED_ASSERTIONS;
      if (isFull || (endSeconds !== undefined && endSeconds > nowSeconds)) return false;
      used.set(id, expiresAtSeconds);
      return true;
    },
  };
}

/** The client that an assertion claims to be from; nothing is verified yet. */
export function assertedClientId(assertion: string): string | undefined {
  const decoded = decodeJwt(assertion);
  return decoded.ok && typeof decoded.claims.sub === "string" ? decoded.claims.sub : undefined;
}

/**
 * Judges an assertion against the client's own keys. Nothing in it chooses a key: a `kid` that the client's keys know
 * narrows them (D: it is optional), and `alg` must be one that the key is for.
 */
export function judgeClientAssertion(
  assertion: string,
  {
    client,
    issuerUrl,
    nowSeconds,
    used,
  }: {
    readonly client: Client;
    readonly issuerUrl: string;
    readonly nowSeconds: number;
    readonly used: UsedAssertions;
  },
): AssertionVerdict {
  const decoded = decodeJwt(assertion);
  if (!decoded.ok) return { ok: false, because: decoded.reason };
  const { claims, header } = decoded;

  const algorithm = ASSERTION_ALGORITHMS.find((each) => each === header.alg);
  if (algorithm === undefined) {
    return { ok: false, because: "algorithm_not_allowed", expected: ASSERTION_ALGORITHMS, actual: asText(header.alg) };
  }
  if (header.crit !== undefined || header.b64 !== undefined) return { ok: false, because: "crit_unsupported" };
  const keys = client.publicKeys.map(readJwk).filter((key): key is VerificationKey => !("problem" in key));
  const named = keys.filter(({ kid }) => kid !== undefined && kid === header.kid);
  const isSigned = (named.length > 0 ? named : keys).some(
    (key) => key.algorithms.includes(algorithm) && isSignedBy(key, algorithm, decoded),
  );
  if (!isSigned) return { ok: false, because: "bad_signature", expected: `one of ${keys.length} public_keys` };

  const judged = judgeClaims(claims, {
    issuers: [client.clientId],
    // (D) the tenant's URL with its slash; the token endpoint is in Auth0's community answers (C); without slash: ours.
    audiences: [issuerUrl, issuerUrl.slice(0, -1), `${issuerUrl}oauth/token`],
    leewaySeconds: ASSERTION_CLOCK_SKEW_SECONDS,
    nowSeconds,
  });
  if (!judged.ok) {
    const { reason: because, ok, ...evidence } = judged;
    return { ok, because, ...evidence };
  }
  const { exp, jti, sub } = claims;
  if (sub !== client.clientId) {
    return { ok: false, because: "subject_mismatch", expected: client.clientId, actual: asText(sub) };
  }
  // judgeClaims has seen that it is a number.
  const lifetimeSeconds = (exp as number) - nowSeconds;
  if (lifetimeSeconds <= 0) return { ok: false, because: "token_expired", expected: nowSeconds, actual: exp };
  if (lifetimeSeconds > MAX_ASSERTION_LIFETIME_SECONDS) {
    return {
      ok: false,
      because: "lifetime_too_long",
      expected: MAX_ASSERTION_LIFETIME_SECONDS,
      actual: lifetimeSeconds,
    };
  }
  if (typeof jti !== "string" || jti === "" || jti.length > MAX_JTI_CHARS) {
    return { ok: false, because: "jti_malformed", expected: `1 to ${MAX_JTI_CHARS} characters` };
  }
  return used.use(client.clientId, jti, exp as number) ? { ok: true } : { ok: false, because: "assertion_reused" };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 64) : typeof value;
}
