import {
  type Allowance,
  type ApiKeyGrant,
  type Bucket,
  type Exceeded,
  type Limit,
  maskApiKey,
} from "../limits/limits.ts";
import type { Ports } from "../ports.ts";
import type { GatewayReason } from "../reasons.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { MatchedMethod, RestRequest } from "./request.ts";

/**
 * Takes one of everything that limits a request, in AWS's order (D): the quota of the key's usage plan, its throttle on
 * the method, its throttle; then the method's or the stage's and the account's. All of it comes after the key check, so
 * after authorization; for what is not of the usage plan that place is (?). A request that a throttle refuses has used its
 * quota (?). There is no Retry-After (C). Without a promise unless the state is shared with other processes.
 */
export function throttle(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  grant: ApiKeyGrant | undefined,
  deployment: RestDeployment,
  { limits }: Pick<Ports, "limits">,
): void | Promise<void> {
  const { method } = matched;
  const applying: Limit[] = [];
  if (grant !== undefined) {
    applying.push(grant.allowance);
    const { methods } = grant;
    // Keyed by the method as it is declared (D: `/path/GET`).
    const own = methods.size === 0 ? undefined : methods.get(`${method.resourcePath}/${method.httpMethod}`);
    if (own !== undefined) applying.push(own);
    if (grant.plan !== undefined) applying.push(grant.plan);
  }
  if (method.throttle !== undefined) applying.push(method.throttle);
  if (limits.account !== undefined) applying.push(limits.account);
  const conclude = (exceeded: Exceeded | undefined): void => {
    if (exceeded !== undefined) throw refusalOf(exceeded, { request, matched, grant, deployment });
  };
  const exceeded = limits.spend(applying);
  return exceeded instanceof Promise ? exceeded.then(conclude) : conclude(exceeded);
}

interface Around {
  readonly request: RestRequest;
  readonly matched: MatchedMethod<CompiledMethod>;
  readonly grant: ApiKeyGrant | undefined;
  readonly deployment: RestDeployment;
}

function refusalOf({ limit, because, detail }: Exceeded, around: Around): RestApiRefusal {
  if (limit.type === "bucket") return throttled(limit, around);
  if (because === "store_lost") return uncounted(limit, detail);
  return quotaExceeded(limit, around);
}

const REASONS = {
  plan_method: "throttled_by_plan_method",
  plan: "throttled_by_plan",
  method: "throttled_by_method",
  stage: "throttled_by_stage",
  route: "throttled_by_method",
  account: "throttled_by_account",
} as const satisfies Record<Bucket["scope"], GatewayReason>;

function throttled(bucket: Bucket, around: Around): RestApiRefusal {
  const { rate, burst, scope, origin } = bucket;
  const limits = `Limit: ${rate.toFixed(2)} Burst: ${burst}`;
  const { matched, grant, request, deployment } = around;
  const isPlan = grant !== undefined && (scope === "plan" || scope === "plan_method");
  return new RestApiRefusal("THROTTLED", {
    reason: REASONS[scope],
    // In the words of AWS's execution log (D repost), where it has any.
    message: isPlan
      ? `API Key ${maskApiKey(grant.apiKey.value)} exceeded throttle limit for API Stage ${stageOf(deployment)}: Key throttle limit exceeded for Usage Plan ID ${grant.planId}, RestApi ${deployment.apiId}, Stage ${deployment.stageName}, Resource ${matched.method.resourceId}, HttpMethod ${request.method}. ${limits}`
      : `the throttle limit of ${origin} is exceeded. ${limits}`,
    expected: {
      limitOf: origin,
      rateLimit: rate,
      burstLimit: burst,
      ...(isPlan && { usagePlanId: grant.planId, apiKeyId: grant.apiKey.id }),
    },
    actual: "no token left",
  });
}

function quotaExceeded({ planId, keyId, quota }: Allowance, { grant, deployment }: Around): RestApiRefusal {
  return new RestApiRefusal("QUOTA_EXCEEDED", {
    reason: "quota_exceeded",
    message: `API Key ${maskApiKey(grant?.apiKey.value ?? "")} exceeded quota limit for API Stage ${stageOf(deployment)}: Key quota exhausted for Usage Plan ID ${planId}. Limit: ${quota?.limit} Period: ${quota?.period}`,
    expected: {
      usagePlanId: planId,
      apiKeyId: keyId,
      limit: quota?.limit,
      period: quota?.period,
      ...(quota?.offset && { offset: quota.offset }),
    },
    actual: "used up",
  });
}

/** Ours, not AWS's: whether the quota is used up is not known, and a quota is never opened by that. */
function uncounted({ planId, keyId }: Allowance, detail: string | undefined): RestApiRefusal {
  return new RestApiRefusal("DEFAULT_5XX", {
    reason: "quota_not_countable",
    message: `the quota of API key ${keyId} on usage plan ${planId} cannot be counted: ${detail ?? "the store is lost"}`,
    expected: { usagePlanId: planId, apiKeyId: keyId },
    actual: "store lost",
  });
}

function stageOf({ apiId, stageName }: RestDeployment): string {
  return `${apiId}/${stageName}`;
}
