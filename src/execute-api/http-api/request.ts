import type { Identity } from "../../aws/iam/identity.ts";
import type { MatchedMapping } from "../custom-domains.ts";
import type { HeaderFields } from "../header-fields.ts";
import type { QueryValues } from "../query-string.ts";
import type { IncomingRequest } from "../transport.ts";
import type { CompiledRoute } from "./deployment.ts";

/** One request to a stage of an HTTP API, as every later step reads it. */
export interface HttpApiRequest {
  /** As it was on the wire, which is what a signature speaks of. */
  readonly incoming: IncomingRequest;
  readonly method: string;
  /** Path inside the stage as on the wire: percent-encoded, doubled and trailing slashes kept. */
  readonly path: string;
  /** `rawPath` and `$context.path`: percent-decoded (R), the stage in front of it unless that is `$default` (R). */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly query: QueryValues;
  readonly headers: HeaderFields;
  readonly body: Buffer;
  /** 15 URL-safe Base64 characters and one `=` (R). */
  readonly requestId: string;
  readonly requestTimeEpoch: number;
  readonly sourceIp: string;
  /** Empty when absent (R). */
  readonly userAgent: string;
  /** Host header without port. */
  readonly domainName: string;
  readonly scheme: "http" | "https";
  /** Present when the request came through a custom domain; its path percent-decoded like `rawPath`. */
  readonly mapping?: MatchedMapping | undefined;
}

/** The route a request matched. */
export interface MatchedRoute {
  readonly route: CompiledRoute;
  /** Percent-decoded (D). */
  readonly pathParameters: Readonly<Record<string, string>>;
  /** `arn:…:{apiId}/{stage}/{VERB}/{path}` with the actual verb and path, the stage `$default` literally (R). */
  readonly routeArn: string;
  /** The same by the other paths that the path may be read as. What they deny is denied, too (?). */
  readonly otherArns: readonly string[] | undefined;
}

/** Who calls, once the route's authorization has said yes. Nothing on an open route. */
export interface Caller {
  /** Claims as strings (R); scopes null unless the route asks for some (R). */
  readonly jwt?: { readonly claims: Readonly<Record<string, string>>; readonly scopes: readonly string[] | null };
  /** A Lambda authorizer's context, JSON types kept (D); null when it returned none (R). */
  readonly lambda?: Readonly<Record<string, unknown>> | null;
  /** Of a Lambda authorizer that answered a policy. */
  readonly principalId?: string;
  /** Who signed. Has the secret: never written out whole. */
  readonly iam?: Identity;
}
