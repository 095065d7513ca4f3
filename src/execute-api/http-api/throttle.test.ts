import { expect, test } from "vitest";
import { httpPorts, httpRefusalOf, sampleDeployment, sampleRoute } from "../../../test/http-api-samples.ts";
import type { HttpApiStage } from "../../model/http-api.ts";
import { compileThrottles, throttle } from "./throttle.ts";

function stage(given: Partial<HttpApiStage>): HttpApiStage {
  const at = { file: "api.yaml", line: 1, column: 1 };
  return { stageName: "$default", variables: {}, isDeployed: true, routeSettings: {}, at, ...given };
}

test("burst at once, then rate each second, then 429 before anything else", async () => {
  let nowMs = 0;
  const bucket = compileThrottles(stage({ defaultRouteSettings: { throttlingRateLimit: 2, throttlingBurstLimit: 3 } }))(
    "GET /pets",
  );
  const ask = () =>
    throttle(
      sampleRoute("GET /pets", { ...(bucket && { throttle: bucket }) }),
      sampleDeployment(),
      httpPorts({ monotonic: () => nowMs }),
    );
  for (let at = 0; at < 3; at++) ask();
  expect(await httpRefusalOf(ask)).toMatchObject({ status: 429, text: "Too Many Requests" });
  nowMs += 500;
  ask();
  await httpRefusalOf(ask);
  nowMs += 10_000;
  for (let at = 0; at < 3; at++) ask();
  await httpRefusalOf(ask);
});

test("routes with settings of their own have a bucket of their own, the others share the stage's", () => {
  const of = compileThrottles(
    stage({
      defaultRouteSettings: { throttlingRateLimit: 10, throttlingBurstLimit: 20 },
      routeSettings: { "GET /pets": { throttlingRateLimit: 1 } },
    }),
  );
  expect(of("GET /pets")).toMatchObject({ rate: 1, burst: 20, origin: "route GET /pets" });
  expect(of("GET /toys")).toBe(of("POST /toys"));
  expect(of("GET /toys")).toMatchObject({ rate: 10, burst: 20, origin: "stage $default" });
});

test("limits that are not set do not limit, 0 stops everything (R)", () => {
  expect(compileThrottles(stage({}))("GET /pets")).toBeUndefined();
  const none = compileThrottles(stage({ defaultRouteSettings: { throttlingRateLimit: 0, throttlingBurstLimit: 0 } }));
  expect(none("GET /pets")?.take(0)).toBe(false);
  expect(none("GET /pets")?.take(1e9)).toBe(false);
});
