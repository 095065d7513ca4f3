import { decodeJwt } from "../../token/decode-jwt.ts";
import { judgeClaims, refuseIssuer } from "../../token/judge-claims.ts";
import type { JwsAlgorithm } from "../../token/jws-algorithm.ts";
import type { KeySet } from "../../token/key-set.ts";
import { readRememberedHeader } from "../../token/remember-headers.ts";
import type { KeySetFailure } from "../../token/remote-key-set.ts";
import type { Claims, TokenFailure } from "../../token/token-verdict.ts";
import type { VerifyOptions } from "../../token/verify-jwt.ts";
import { type RemoteTokenVerdict, verifyDecodedWithRemoteKeys } from "../../token/verify-with-remote-keys.ts";
import { RememberedTokens, type VerifiedToken } from "../authorizers/remembered-tokens.ts";
import { summarizeToken } from "../authorizers/summarize-token.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import type { RestApiRefusal } from "./refusal.ts";
import type { Caller } from "./request.ts";

/** An issuer whose tokens an authorizer takes. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly algorithms: readonly JwsAlgorithm[];
}

/** A token that an issuer has signed, and what is worked out from it once. */
export interface IssuerToken extends VerifiedToken {
  /** Authorizers that trust one issuer may take different ones of it. */
  readonly algorithm: JwsAlgorithm;
  readonly record: NonNullable<Trace["authorization"]>;
  caller?: Caller;
}

/** What is particular to a type of authorizer. */
export interface TokenRules<Issuer> {
  readonly type: "JWT" | "COGNITO_USER_POOLS";
  readonly optionsOf: (issuer: Issuer, claims: Claims, nowSeconds: number) => Omit<VerifyOptions, "keys">;
  readonly refuse: (failure: TokenFailure | KeySetFailure, token: string, trace: Trace) => RestApiRefusal;
}

/**
 * The tokens that one type of authorizer is shown: verified with the keys and rules of the one issuer that a token's
 * `iss` names. No decision is kept; a signature that was good is remembered for as long as the keys are the same.
 */
export class IssuerTokens<Issuer extends TrustedIssuer> {
  readonly #rules: TokenRules<Issuer>;
  readonly #remembered = new RememberedTokens<IssuerToken>();

  constructor(rules: TokenRules<Issuer>) {
    this.#rules = rules;
  }

  /** Refuses, or has `grant` judge what is left to be judged. Without a promise when keys are at hand. */
  authorize(
    token: string,
    issuers: ReadonlyMap<string, Issuer>,
    grant: (verified: IssuerToken, issuer: Issuer) => Caller,
    ports: Pick<Ports, "issuerKeys" | "now">,
    trace: Trace,
  ): Caller | Promise<Caller> {
    const { type, optionsOf, refuse } = this.#rules;
    const nowSeconds = ports.now() / 1000;
    const known = this.#remembered.find(token);
    const knownIssuer = known && issuers.get(known.claims.iss as string);
    if (known !== undefined && knownIssuer !== undefined && isStillGood(known, knownIssuer, ports)) {
      const judged = judgeClaims(known.claims, optionsOf(knownIssuer, known.claims, nowSeconds));
      if (!judged.ok) throw refuse(judged, token, trace);
      return grant(known, knownIssuer);
    }
    const decoded = decodeJwt(token, readRememberedHeader);
    if (!decoded.ok) throw refuse(decoded, token, trace);
    // Only which keys are asked for: nothing in the token is believed before one of them has verified it.
    const issuer = issuers.get(decoded.claims.iss as string);
    if (issuer === undefined) {
      throw refuse(refuseIssuer(decoded.claims, { issuers: [...issuers.keys()] }), token, trace);
    }
    const finish = (verdict: RemoteTokenVerdict, keys?: KeySet): Caller => {
      if (!verdict.ok) throw refuse(verdict, token, trace);
      const algorithm = verdict.header.alg as JwsAlgorithm; // it was compared with the list
      const record = { type, token: summarizeToken(token, verdict), decision: "allow" } as const;
      const verified = this.#remembered.add({ token, byKid: keys?.byKid, claims: verdict.claims, algorithm, record });
      return grant(verified, issuer);
    };
    const remote = ports.issuerKeys.of(issuer.issuer);
    const keys = remote.current();
    const verdict = verifyDecodedWithRemoteKeys(decoded, remote, optionsOf(issuer, decoded.claims, nowSeconds));
    // After a fetch it is not said which keys verified the token, so nothing is remembered of it.
    return verdict instanceof Promise ? verdict.then((fetched) => finish(fetched)) : finish(verdict, keys);
  }
}

/** Under the keys that the issuer has now, and the algorithms that this authorizer takes: another's may be more. */
function isStillGood(known: IssuerToken, issuer: TrustedIssuer, ports: Pick<Ports, "issuerKeys">): boolean {
  const keys = ports.issuerKeys.of(issuer.issuer).current();
  return keys !== undefined && known.byKid === keys.byKid && issuer.algorithms.includes(known.algorithm);
}
