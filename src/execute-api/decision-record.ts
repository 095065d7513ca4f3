import type { MismatchEvidence } from "../aws/sigv4/signature-verdict.ts";
import type { GatewayResponseType } from "../model/rest-api.ts";
import type { GatewayReason } from "./reasons.ts";

/**
 * What one request was, what was decided and why. Header and query names are kept, values only by allow-list; never an
 * identity source, cookie, API key, security token, body or authorizer context. A token appears as its kid,
 * allow-listed claims and a digest.
 */
export interface DecisionRecord {
  readonly requestId: string;
  readonly extendedRequestId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly api: { readonly apiId: string; readonly name: string; readonly type: "REST" | "HTTP" };
  readonly stage: string;
  readonly deploymentId: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly queryNames: readonly string[];
    readonly headerNames: readonly string[];
    readonly headers: Readonly<Record<string, string>>;
    readonly sourceIp: string;
  };
  /** The custom domain the request came through, and the key of the mapping that took it. */
  readonly customDomain?: { readonly domainName: string; readonly key: string };
  readonly route?: { readonly resourcePath: string; readonly httpMethod: string; readonly methodArn: string };
  readonly authorization?: AuthorizationRecord;
  readonly integration?: IntegrationRecord;
  readonly answer: {
    readonly status: number;
    readonly responseType?: GatewayResponseType;
    readonly errorType?: string;
    readonly bodyBytes: number;
  };
  readonly refusal?: RefusalRecord;
  /** Step name → milliseconds, in the order the steps ran. */
  readonly steps: readonly { readonly step: string; readonly ms: number }[];
}

export interface RefusalRecord {
  readonly reason: GatewayReason | string;
  readonly message: string;
  readonly check: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

export interface AuthorizationRecord {
  readonly type: "NONE" | "AWS_IAM" | "CUSTOM" | "COGNITO_USER_POOLS" | "JWT";
  readonly authorizerId?: string;
  readonly authorizerName?: string;
  readonly cache?: "off" | "miss" | "hit" | "shared";
  /** The route whose request filled the cache entry, e.g. `GET /pets`. */
  readonly cachedFrom?: string;
  readonly cachedAt?: string;
  readonly token?: TokenSummary;
  readonly principalId?: string;
  /** Who signed, once the signature is verified. */
  readonly principalArn?: string;
  /** Of the signature, its last four characters. */
  readonly accessKeyId?: string;
  /** Of a signature that differs: ours, masked, beside what can be inferred of the client's. */
  readonly mismatch?: MismatchEvidence;
  readonly decision?: "allow" | "explicit_deny" | "implicit_deny";
  /** The policy statement that decided, by index and Sid, with the patterns that matched. */
  readonly statement?: unknown;
  readonly nearMisses?: unknown;
  /** Whose policies decided on a signed request. */
  readonly decidedBy?: "identity" | "boundary" | "session" | "resource";
  readonly functionLogs?: readonly string[];
  readonly latencyMs?: number;
}

export interface TokenSummary {
  readonly kid?: string;
  readonly alg?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** First 16 hex digits of SHA-256 over the identity value. */
  readonly digest: string;
}

export interface IntegrationRecord {
  readonly type: string;
  readonly target?: string;
  readonly status?: number;
  readonly latencyMs?: number;
  readonly functionLogs?: readonly string[];
}

/** Header values that may be kept; everything else shows as a name only. */
export const RECORDED_HEADER_VALUES: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "access-control-request-headers",
  "access-control-request-method",
  "content-length",
  "content-type",
  "host",
  "origin",
  "user-agent",
]);

/** Claims that may be kept of a token that was shown to an authorizer. */
export const RECORDED_CLAIMS: readonly string[] = [
  "iss",
  "aud",
  "sub",
  "azp",
  "client_id",
  "exp",
  "iat",
  "nbf",
  "scope",
  "scp",
  "permissions",
  "token_use",
  "gty",
];

/** What the function logs of all kept records may have together: one chatty function could fill the memory otherwise. */
export const RING_MAX_LOG_CHARACTERS = 16 * 1024 * 1024;

const LOGS_DROPPED: readonly string[] = ["[gatewarden] the log lines of this request were dropped to make room"];

/** Keeps the last records in a ring: adding overwrites the oldest and nothing else; asking, which is rare, looks through. */
export class DecisionRing {
  readonly #records: (DecisionRecord | undefined)[];
  /** Beside the records, since those that are overwritten are old and far away in memory. */
  readonly #logCharactersAt: Float64Array;
  #next = 0;
  #logCharacters = 0;

  constructor(capacity: number) {
    this.#records = new Array<DecisionRecord | undefined>(capacity).fill(undefined);
    this.#logCharactersAt = new Float64Array(capacity);
  }

  add(record: DecisionRecord): void {
    this.#put(this.#next, record);
    this.#next = (this.#next + 1) % this.#records.length;
    if (this.#logCharacters > RING_MAX_LOG_CHARACTERS) this.#dropOldestLogs();
  }

  /** The newest of that id: a client may choose its own and repeat it. */
  get(requestId: string): DecisionRecord | undefined {
    return this.list().find((record) => record.requestId === requestId);
  }

  /** Newest first. */
  list(): readonly DecisionRecord[] {
    const oldestFirst = [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)];
    return oldestFirst.filter((record) => record !== undefined).reverse();
  }

  #dropOldestLogs(): void {
    for (let age = 0; age < this.#records.length - 1 && this.#logCharacters > RING_MAX_LOG_CHARACTERS; age++) {
      const at = (this.#next + age) % this.#records.length;
      const record = this.#records[at];
      if (record === undefined || !hasLogs(record)) continue;
      this.#put(at, withoutLogs(record));
    }
  }

  #put(at: number, record: DecisionRecord): void {
    const characters = logCharactersOf(record);
    this.#logCharacters += characters - (this.#logCharactersAt[at] ?? 0);
    this.#logCharactersAt[at] = characters;
    this.#records[at] = record;
  }
}

function hasLogs({ authorization, integration }: DecisionRecord): boolean {
  return [authorization?.functionLogs, integration?.functionLogs].some(isDroppable);
}

function isDroppable(lines: readonly string[] | undefined): boolean {
  return lines !== undefined && lines !== LOGS_DROPPED && lines.length > 0;
}

function logCharactersOf({ authorization, integration }: DecisionRecord): number {
  return lengthOf(authorization?.functionLogs) + lengthOf(integration?.functionLogs);
}

function lengthOf(lines: readonly string[] | undefined): number {
  if (lines === undefined) return 0;
  let length = 0;
  for (const line of lines) length += line.length;
  return length;
}

function withoutLogs(record: DecisionRecord): DecisionRecord {
  const { authorization, integration } = record;
  return {
    ...record,
    ...(authorization && { authorization: shortened(authorization) }),
    ...(integration && { integration: shortened(integration) }),
  };
}

function shortened<Part extends { readonly functionLogs?: readonly string[] }>(part: Part): Part {
  return isDroppable(part.functionLogs) ? { ...part, functionLogs: LOGS_DROPPED } : part;
}
