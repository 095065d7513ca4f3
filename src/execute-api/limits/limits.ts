import type { QuotaSettings } from "../../model/usage-plan.ts";

/** What the data plane asks before it serves a request: which usage plan a key is on, and whether there is room for one more. */
export interface Limits {
  /** The bucket of the whole account in this region; undefined does not limit. */
  readonly account: Bucket | undefined;
  /** What an API key's value opens at a stage. Only configured keys are found, so nobody makes buckets by sending values. */
  findKey(value: string, apiId: string, stageName: string): ApiKeyVerdict;
  /**
   * Takes one of each limit in the order given; the first that has none left refuses, and what was taken of those before
   * it stays taken (?). With a promise only where the state is shared with other processes and has to be asked.
   */
  spend(limits: readonly Limit[]): Exceeded | undefined | Promise<Exceeded | undefined>;
}

export type Limit = Bucket | Allowance;

/** A token bucket: `burst` requests at once, `rate` more each second (D). A rate or burst of 0 refuses everything. */
export interface Bucket {
  readonly type: "bucket";
  readonly scope: "plan_method" | "plan" | "method" | "stage" | "route" | "account";
  /** Names its state in the store, so it lives through a new deployment. */
  readonly key: string;
  readonly rate: number;
  readonly burst: number;
  /** What set the limit, as a refusal names it. */
  readonly origin: string;
}

/** What a key may use of a plan in a period, over all of the plan's stages together (D). Without a quota it only counts. */
export interface Allowance {
  readonly type: "allowance";
  readonly planId: string;
  /** The first of the keys that have this value: they are the same key (D). */
  readonly keyId: string;
  readonly quota?: QuotaSettings;
  /** When the plan was first served here, epoch milliseconds: its first period begins no later. */
  readonly firstServedMs: number;
}

/** Why a request goes no further. */
export interface Exceeded {
  readonly limit: Limit;
  /** A quota whose store cannot be asked is closed; a bucket's is not, each process then has one of its own. */
  readonly because: "exceeded" | "store_lost";
  /** What went wrong with the store. */
  readonly detail?: string;
}

export type ApiKeyVerdict =
  | { readonly ok: true; readonly grant: ApiKeyGrant }
  | { readonly ok: false; readonly reason: "api_key_unknown" }
  | { readonly ok: false; readonly reason: "api_key_disabled"; readonly keyId: string }
  | {
      readonly ok: false;
      readonly reason: "api_key_not_on_stage";
      readonly keyId: string;
      /** Plans that have both the key and the stage, when there is more than one: AWS allows one (D). */
      readonly conflict?: readonly string[];
    };

/** An API key at a stage that one of its usage plans has. */
export interface ApiKeyGrant {
  readonly apiKey: IdentifiedApiKey;
  readonly planId: string;
  readonly allowance: Allowance;
  readonly plan?: Bucket;
  /** `/{resourcePath}/{METHOD}` → the key's bucket on that method. */
  readonly methods: ReadonlyMap<string, Bucket>;
}

/** `$context.identity.apiKeyId` and `apiKey`. The value goes to the integration, never into a record or log. */
export interface IdentifiedApiKey {
  readonly id: string;
  readonly value: string;
}

/** As AWS's log lines show a key (C): its last six characters. */
export function maskApiKey(value: string): string {
  return `****${value.slice(-6)}`;
}
