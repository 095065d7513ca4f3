import type { HttpApi, HttpApiStage, RouteSettings } from "../../model/http-api.ts";
import { bucketOf } from "../limits/bucket-of.ts";
import type { Bucket, Exceeded } from "../limits/limits.ts";
import type { Ports } from "../ports.ts";
import type { CompiledRoute } from "./deployment.ts";
import { HttpApiRefusal } from "./refusal.ts";

/**
 * The buckets of a stage: one for each route with settings of its own, which replace the stage's limit by limit (?), one
 * for all the others together. A limit that is not set does not limit; one that is 0 stops everything (R).
 */
export function compileThrottles(
  { apiId }: Pick<HttpApi, "apiId">,
  stage: HttpApiStage,
): (routeKey: string) => Bucket | undefined {
  const at = `${apiId}/${stage.stageName}`;
  const bucketIn = (settings: RouteSettings | undefined, named: Pick<Bucket, "scope" | "key" | "origin">) => {
    const { throttlingRateLimit: rateLimit, throttlingBurstLimit: burstLimit } = settings ?? {};
    return bucketOf(
      { ...(rateLimit !== undefined && { rateLimit }), ...(burstLimit !== undefined && { burstLimit }) },
      named,
    );
  };
  const shared = bucketIn(stage.defaultRouteSettings, {
    scope: "stage",
    key: `stage/${at}`,
    origin: `stage ${stage.stageName}`,
  });
  return (routeKey) => {
    const own = Object.hasOwn(stage.routeSettings, routeKey) ? stage.routeSettings[routeKey] : undefined;
    if (own?.throttlingRateLimit === undefined && own?.throttlingBurstLimit === undefined) return shared;
    const named = { scope: "route", key: `route/${at}/${routeKey}`, origin: `route ${routeKey}` } as const;
    return bucketIn({ ...stage.defaultRouteSettings, ...own }, named);
  };
}

/**
 * Takes one of the route's or the stage's bucket, then of the account's (D); refuses before the authorizer is asked (C).
 * The body and the absence of Retry-After are (?). Without a promise unless the state is shared with other processes.
 * conformance/http-api/throttling
 */
export function throttle({ throttle: bucket }: CompiledRoute, { limits }: Pick<Ports, "limits">): void | Promise<void> {
  const { account } = limits;
  const applying =
    bucket === undefined
      ? account === undefined
        ? []
        : [account]
      : account === undefined
        ? [bucket]
        : [bucket, account];
  const exceeded = limits.spend(applying);
  return exceeded instanceof Promise ? exceeded.then(conclude) : conclude(exceeded);
}

function conclude(exceeded: Exceeded | undefined): void {
  if (exceeded?.limit.type !== "bucket") return;
  const { origin, rate, burst } = exceeded.limit;
  throw new HttpApiRefusal(429, "Too Many Requests", {
    reason: "http_throttled",
    message: `the limit of ${origin} is ${rate} requests a second and ${burst} at once`,
    expected: { throttlingRateLimit: rate, throttlingBurstLimit: burst },
  });
}
