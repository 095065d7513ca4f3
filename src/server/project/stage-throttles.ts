import type { Finding } from "../../model/finding.ts";
import type { HttpApi, HttpApiStage, RouteSettings } from "../../model/http-api.ts";
import { ALL_METHODS_KEY, methodSettingsKey } from "../../model/method-settings-key.ts";
import type { MethodSettings, RestApi, Stage } from "../../model/rest-api.ts";
import type { ThrottleSettings } from "../../model/usage-plan.ts";
import type { ProjectStage, ProjectThrottle } from "../../template/project-file/project-stage.ts";

/** A REST API's stages with the project file's throttles over their own. */
export function restThrottles(
  { apiId, resources }: RestApi,
  stages: readonly Stage[],
  own: ProjectStage | undefined,
  findings: Finding[],
): readonly Stage[] {
  const settings: Record<string, MethodSettings> = {};
  for (const throttle of own?.throttle ?? []) {
    const [verb, path = ""] = throttle.routeKey?.split(" ") ?? ["*", "*"];
    const resource = resources.find((each) => each.path === path);
    const isMethod = resource?.resourceMethods.some(({ httpMethod }) => httpMethod === verb) ?? false;
    if (throttle.routeKey === undefined) settings[ALL_METHODS_KEY] = spelled(throttle.settings);
    else if (isMethod && verb !== undefined) settings[methodSettingsKey(path, verb)] = spelled(throttle.settings);
    else findings.push(withoutTarget(throttle, apiId, "method", methodsOf(resources)));
  }
  if (Object.keys(settings).length === 0) return stages;
  return stages.map((stage) => ({ ...stage, methodSettings: { ...stage.methodSettings, ...settings } }));
}

/** An HTTP API's stages with the project file's throttles over their own. */
export function httpThrottles(
  { apiId, routes }: HttpApi,
  stages: readonly HttpApiStage[],
  own: ProjectStage | undefined,
  findings: Finding[],
): readonly HttpApiStage[] {
  let forAll: RouteSettings | undefined;
  const settings: Record<string, RouteSettings> = {};
  const keys = routes.map(({ routeKey }) => routeKey);
  for (const throttle of own?.throttle ?? []) {
    const { routeKey } = throttle;
    if (routeKey === undefined) forAll = spelled(throttle.settings);
    else if (keys.includes(routeKey)) settings[routeKey] = spelled(throttle.settings);
    else findings.push(withoutTarget(throttle, apiId, "route", keys));
  }
  return stages.map((stage) => ({
    ...stage,
    ...(forAll && { defaultRouteSettings: forAll }),
    routeSettings: { ...stage.routeSettings, ...settings },
  }));
}

function spelled({ rateLimit, burstLimit }: ThrottleSettings): RouteSettings {
  return {
    ...(rateLimit === undefined ? {} : { throttlingRateLimit: rateLimit }),
    ...(burstLimit === undefined ? {} : { throttlingBurstLimit: burstLimit }),
  };
}

function methodsOf(resources: RestApi["resources"]): readonly string[] {
  return resources.flatMap(({ path, resourceMethods }) =>
    resourceMethods.map(({ httpMethod }) => `${httpMethod} ${path}`),
  );
}

const MAX_NAMED = 10;

/** What was to be limited would go without a limit. */
function withoutTarget(
  { routeKey, at }: ProjectThrottle,
  apiId: string,
  what: string,
  known: readonly string[],
): Finding {
  const named = known.length === 0 ? "none" : known.slice(0, MAX_NAMED).join(", ");
  return {
    rule: "stage-throttle-unmatched",
    severity: "error",
    effect: "load",
    message: `The stage of ${apiId} throttles ${routeKey}, which is no ${what} of it; there are ${named}.`,
    fix: `Name a ${what} as the API declares it.`,
    at,
  };
}
