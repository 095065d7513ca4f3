import type { HttpApiStage, RouteSettings } from "../../model/http-api.ts";
import type { Ports } from "../ports.ts";
import type { CompiledRoute, HttpApiDeployment } from "./deployment.ts";
import { HttpApiRefusal } from "./refusal.ts";

/** A token bucket: `burst` requests at once, `rate` more each second (D). Its level is this process's own. */
export class RouteThrottle {
  readonly rate: number;
  readonly burst: number;
  /** What set the limit, as a refusal names it. */
  readonly origin: string;
  #level: number;
  #atMs: number | undefined;

  constructor(rate: number, burst: number, origin: string) {
    this.rate = rate;
    this.burst = burst;
    this.origin = origin;
    this.#level = burst;
  }

  /** Takes one token, if there is one. */
  take(nowMs: number): boolean {
    const elapsedMs = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#level = Math.min(this.burst, this.#level + (elapsedMs / 1000) * this.rate);
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}

/**
 * The buckets of a stage: one for each route with settings of its own, which replace the stage's limit by limit (?), one
 * for all the others together. A limit that is not set does not limit; one that is 0 stops everything (R).
 */
export function compileThrottles(stage: HttpApiStage): (routeKey: string) => RouteThrottle | undefined {
  const shared = bucketOf(stage.defaultRouteSettings, `stage ${stage.stageName}`);
  return (routeKey) => {
    const own = Object.hasOwn(stage.routeSettings, routeKey) ? stage.routeSettings[routeKey] : undefined;
    if (own?.throttlingRateLimit === undefined && own?.throttlingBurstLimit === undefined) return shared;
    return bucketOf({ ...stage.defaultRouteSettings, ...own }, `route ${routeKey}`);
  };
}

function bucketOf(settings: RouteSettings | undefined, origin: string): RouteThrottle | undefined {
  const { throttlingRateLimit: rate, throttlingBurstLimit: burst } = settings ?? {};
  if (rate === undefined && burst === undefined) return undefined;
  return new RouteThrottle(rate ?? Number.POSITIVE_INFINITY, burst ?? Math.max(1, rate ?? 1), origin);
}

/** Refuses before the authorizer is asked (C). The body and the absence of Retry-After are (?). conformance/http-api/throttling */
export function throttle(
  { throttle: bucket }: CompiledRoute,
  _deployment: HttpApiDeployment,
  ports: Pick<Ports, "monotonic">,
): void {
  if (bucket === undefined || bucket.take(ports.monotonic())) return;
  throw new HttpApiRefusal(429, "Too Many Requests", {
    reason: "http_throttled",
    message: `the limit of ${bucket.origin} is ${bucket.rate} requests a second and ${bucket.burst} at once`,
    expected: { throttlingRateLimit: bucket.rate, throttlingBurstLimit: bucket.burst },
  });
}
