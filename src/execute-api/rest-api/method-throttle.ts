import { ALL_METHODS_KEY, methodSettingsKey } from "../../model/method-settings-key.ts";
import type { MethodSettings, RestApi, Stage } from "../../model/rest-api.ts";
import { ACCOUNT_THROTTLE, bucketOf } from "../limits/bucket-of.ts";
import type { Bucket } from "../limits/limits.ts";

/**
 * The bucket of each method of a stage: one of its own where the method has settings (C: they override the stage's), one
 * that all the others share (?). A first setting makes a whole object (R: with the account's limits), so a limit that is
 * absent beside one that is set is the account's.
 */
export function compileMethodThrottles(
  { apiId }: Pick<RestApi, "apiId">,
  { stageName, methodSettings = {} }: Pick<Stage, "stageName" | "methodSettings">,
): (resourcePath: string, httpMethod: string) => Bucket | undefined {
  const stage = bucketIn(methodSettings[ALL_METHODS_KEY], "stage", `${apiId}/${stageName}`, `stage ${stageName}`);
  return (resourcePath, httpMethod) => {
    const key = methodSettingsKey(resourcePath, httpMethod);
    const own = Object.hasOwn(methodSettings, key) ? methodSettings[key] : undefined;
    const route = `${httpMethod} ${resourcePath}`;
    return bucketIn(own, "method", `${apiId}/${stageName}/${route}`, `method ${route} in stage ${stageName}`) ?? stage;
  };
}

function bucketIn(
  settings: MethodSettings | undefined,
  scope: "method" | "stage",
  key: string,
  origin: string,
): Bucket | undefined {
  const { throttlingRateLimit: rate, throttlingBurstLimit: burst } = settings ?? {};
  if (rate === undefined && burst === undefined) return undefined;
  const { rateLimit, burstLimit } = ACCOUNT_THROTTLE;
  return bucketOf(
    { rateLimit: rate ?? rateLimit, burstLimit: burst ?? burstLimit },
    { scope, key: `${scope}/${key}`, origin },
  );
}
