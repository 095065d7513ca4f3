import type { Identities } from "../aws/iam/identity.ts";
import type { SignatureWording } from "../aws/sigv4/signature-verdict.ts";
import type { SigningKeys } from "../aws/sigv4/signing-keys.ts";
import type { LambdaInvoker } from "../lambda/invoke.ts";
import type { AuthorizerCache } from "./authorizers/authorizer-cache.ts";
import type { IssuerKeys } from "./authorizers/issuer-keys.ts";
import type { DecisionRecord } from "./decision-record.ts";
import type { RequestAuthorizerResult } from "./http-api/request-authorizer.ts";
import type { HttpClient } from "./integrations/http-client/http-client.ts";
import type { Limits } from "./limits/limits.ts";

/** Everything the data plane takes from outside: with other ports every step is a function one can test in a line. */
export interface Ports {
  readonly lambda: LambdaInvoker;
  readonly http: HttpClient;
  /** Of REST APIs. */
  readonly authorizerCache: AuthorizerCache;
  /** Of HTTP APIs. */
  readonly requestAuthorizerCache: AuthorizerCache<RequestAuthorizerResult>;
  readonly issuerKeys: IssuerKeys;
  /** Who may sign requests. */
  readonly identities: Identities;
  readonly signingKeys: SigningKeys;
  readonly signatureWording: SignatureWording;
  /** API keys, quotas and throttles. */
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that never goes back, for durations. */
  readonly monotonic: () => number;
  readonly newRequestId: () => string;
  readonly newExtendedRequestId: () => string;
  readonly record: (record: DecisionRecord) => void;
  readonly writeAccessLog: (destination: string, line: string) => void;
}
