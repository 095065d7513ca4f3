import type { SourcePosition } from "./finding.ts";

/*
 * API keys and usage plans of REST APIs as the API Gateway SDK spells them
 * (https://docs.aws.amazon.com/apigateway/latest/api/API_UsagePlan.html).
 */

export interface ApiKey {
  /** 10 lower-case letters and digits. */
  readonly id: string;
  readonly name: string;
  /** 20 to 128 characters (R). Absent: generated for the project and kept in its data folder. */
  readonly value?: string;
  readonly enabled: boolean;
  readonly at: SourcePosition;
}

export interface UsagePlan {
  readonly id: string;
  readonly name: string;
  readonly apiStages: readonly UsagePlanStage[];
  /** For each key, over all API stages of the plan together. */
  readonly throttle?: ThrottleSettings;
  readonly quota?: QuotaSettings;
  /** Ids of the keys that are on the plan. */
  readonly keyIds: readonly string[];
  readonly at: SourcePosition;
}

export interface UsagePlanStage {
  readonly apiId: string;
  readonly stageName: string;
  /** `/{resourcePath}/{METHOD}` → limits of each key on that method. */
  readonly throttle: Readonly<Record<string, ThrottleSettings>>;
}

/** A token bucket; what is absent does not limit. */
export interface ThrottleSettings {
  /** Requests per second, added to the bucket. */
  readonly rateLimit?: number;
  /** What the bucket holds. */
  readonly burstLimit?: number;
}

export interface QuotaSettings {
  readonly limit: number;
  /**
   * Requests taken off the limit of the first period, for a plan that starts in the middle of one (D: API Gateway's API
   * reference, QuotaSettings, and CloudFormation's AWS::ApiGateway::UsagePlan QuotaSettings).
   */
  readonly offset: number;
  readonly period: "DAY" | "WEEK" | "MONTH";
}
