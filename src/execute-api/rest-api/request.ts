import type { Identity } from "../../aws/iam/identity.ts";
import type { MatchedMapping } from "../custom-domains.ts";
import type { HeaderFields } from "../header-fields.ts";
import type { IdentifiedApiKey } from "../limits/limits.ts";
import type { QueryValues } from "../query-string.ts";
import type { IncomingRequest } from "../transport.ts";

/** One request to a stage of a REST API, as every later step reads it. */
export interface RestRequest {
  /** As it was on the wire, which is what a signature speaks of. */
  readonly incoming: IncomingRequest;
  /** The effective HTTP method, after `X-HTTP-Method-Override` (D). */
  readonly method: string;
  /** Path inside the stage as on the wire: percent-encoded, trailing slash kept, leading slashes collapsed to one (R). */
  readonly path: string;
  /**
   * `$context.path` and `requestContext.path`: `/{stage}` and the raw rest, doubled slashes kept (R); through a custom
   * domain the path as the client sent it (C).
   */
  readonly requestPath: string;
  readonly rawQuery: string;
  readonly query: QueryValues;
  /** Without the fields that never reach mapping or any integration. conformance/rest-api/headers/dropped-at-parse */
  readonly headers: HeaderFields;
  readonly body: Buffer;
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly requestTimeEpoch: number;
  readonly sourceIp: string;
  readonly userAgent: string | null;
  /** Host header without port. */
  readonly domainName: string;
  readonly scheme: "http" | "https";
  /** Present when the request came through a custom domain. */
  readonly mapping?: MatchedMapping | undefined;
}

/** The method a request matched. */
export interface MatchedMethod<Compiled> {
  readonly method: Compiled;
  /** Still percent-encoded, as sent (R). */
  readonly pathParameters: Readonly<Record<string, string>>;
  /** `arn:…:{apiId}/{stage}/{VERB}/{path}` with the actual verb and path (C). */
  readonly methodArn: string;
  /** The same by the other paths that the path may be read as. What they deny is denied, too (?). */
  readonly otherArns: readonly string[] | undefined;
}

/** What a Lambda authorizer said. */
export type AuthorizerVariables = Readonly<Record<string, string | number | null>>;
/** What a JWT authorizer verified. */
export interface ClaimVariables {
  readonly claims: Readonly<Record<string, string>>;
}

/** Who calls, once the method's authorization has said yes. */
export interface Caller {
  /** `$context.authorizer.*`: principalId, integrationLatency and a Lambda authorizer's context as strings, or claims as JSON. */
  readonly authorizer?: AuthorizerVariables | ClaimVariables;
  /** `requestContext.authorizer` of an event, where it is not the same. */
  readonly eventAuthorizer?: Readonly<Record<string, unknown>>;
  readonly usageIdentifierKey?: string;
  /** Of a method that requires one: it is good, its limits are judged after it. */
  readonly apiKey?: IdentifiedApiKey;
  /** Who signed: `requestContext.identity` and `$context.identity` name it. Has the secret: never written out whole. */
  readonly iam?: Identity;
}
