import { expect, test } from "vitest";
import {
  httpPorts,
  httpRefusalOf,
  sampleDeployment,
  sampleRequest,
  sampleRoute,
} from "../../../test/http-api-samples.ts";
import { sharedStore } from "../../../test/usage-plan-samples.ts";
import type { HttpApiStage } from "../../model/http-api.ts";
import { createMemoryEphemeral } from "../../store/memory-ephemeral.ts";
import { ACCOUNT_THROTTLE } from "../limits/bucket-of.ts";
import type { Bucket } from "../limits/limits.ts";
import { RequestLimits } from "../limits/request-limits.ts";
import { answer } from "./answer.ts";
import { compileThrottles, throttle } from "./throttle.ts";

function stage(given: Partial<HttpApiStage>): HttpApiStage {
  const at = { file: "api.yaml", line: 1, column: 1 };
  return { stageName: "$default", variables: {}, isDeployed: true, routeSettings: {}, at, ...given };
}

/** Asks for a route again and again, at a time of the test's own. */
function asking(bucket: Bucket | undefined, accountThrottle: { rateLimit: number; burstLimit: number } | null = null) {
  const clock = { nowMs: 0 };
  const now = () => clock.nowMs;
  const store = createMemoryEphemeral({ clock: now });
  const ports = httpPorts({ limits: new RequestLimits({ store, usageStore: store, now, accountThrottle }) });
  const route = sampleRoute("GET /pets", { ...(bucket && { throttle: bucket }) });
  return { clock, ask: () => throttle(route, ports) };
}

test("burst at once, then rate each second, then 429 before anything else", async () => {
  const settings = { throttlingRateLimit: 2, throttlingBurstLimit: 3 };
  const { clock, ask } = asking(
    compileThrottles({ apiId: "a" }, stage({ defaultRouteSettings: settings }))("GET /pets"),
  );
  for (let at = 0; at < 3; at++) ask();
  expect(await httpRefusalOf(ask)).toMatchObject({ status: 429, text: "Too Many Requests" });
  clock.nowMs += 500;
  ask();
  await httpRefusalOf(ask);
  clock.nowMs += 10_000;
  for (let at = 0; at < 3; at++) ask();
  await httpRefusalOf(ask);
});

test("routes without any limit are held to the account's", async () => {
  const { clock, ask } = asking(undefined, { rateLimit: 1, burstLimit: 2 });
  ask();
  ask();
  const refused = await httpRefusalOf(ask);
  expect(refused).toMatchObject({ status: 429, evidence: { message: expect.stringContaining("the account") } });
  clock.nowMs += 1000;
  ask();
});

test("a route's own limit takes of the account's as well (D)", async () => {
  const own = compileThrottles({ apiId: "a" }, stage({ routeSettings: { "GET /pets": { throttlingRateLimit: 100 } } }));
  const { clock, ask } = asking(own("GET /pets"), { rateLimit: 1, burstLimit: 2 });
  ask();
  ask();
  const refused = await httpRefusalOf(ask);
  expect(refused).toMatchObject({ status: 429, evidence: { message: expect.stringContaining("the account") } });
  clock.nowMs += 1000;
  ask();
});

test("an account has 10000 requests a second and 5000 at once (D)", () => {
  expect(ACCOUNT_THROTTLE).toEqual({ rateLimit: 10_000, burstLimit: 5_000 });
  const store = createMemoryEphemeral();
  const limits = new RequestLimits({ store, usageStore: store, now: Date.now });
  expect(limits.account).toMatchObject({ scope: "account", rate: 10_000, burst: 5_000 });
});

test("routes with settings of their own have a bucket of their own, the others share the stage's", () => {
  const of = compileThrottles(
    { apiId: "a" },
    stage({
      defaultRouteSettings: { throttlingRateLimit: 10, throttlingBurstLimit: 20 },
      routeSettings: { "GET /pets": { throttlingRateLimit: 1 } },
    }),
  );
  expect(of("GET /pets")).toMatchObject({ rate: 1, burst: 20, origin: "route GET /pets" });
  expect(of("GET /toys")).toBe(of("POST /toys"));
  expect(of("GET /toys")).toMatchObject({ rate: 10, burst: 20, origin: "stage $default" });
});

test("limits that are not set do not limit, 0 stops everything (R)", async () => {
  expect(compileThrottles({ apiId: "a" }, stage({}))("GET /pets")).toBeUndefined();
  const settings = { throttlingRateLimit: 0, throttlingBurstLimit: 0 };
  const { clock, ask } = asking(
    compileThrottles({ apiId: "a" }, stage({ defaultRouteSettings: settings }))("GET /pets"),
  );
  await httpRefusalOf(ask);
  clock.nowMs += 1e9;
  await httpRefusalOf(ask);
});

test("a bucket that is shared with other processes is waited for before the request goes on", async () => {
  const store = sharedStore(createMemoryEphemeral());
  const limits = new RequestLimits({ store, usageStore: store, now: Date.now, accountThrottle: null });
  const settings = { throttlingRateLimit: 0.001, throttlingBurstLimit: 1 };
  const bucket = compileThrottles({ apiId: "a" }, stage({ defaultRouteSettings: settings }))("GET /pets");
  const deployment = sampleDeployment({
    routeList: [sampleRoute("GET /pets/{id}", { ...(bucket && { throttle: bucket }) })],
  });
  let invoked = 0;
  const lambda = {
    has: () => true,
    invoke: async () => {
      invoked += 1;
      return { outcome: "success", payload: "{}", requestId: "r", durationMs: 1, cold: false, logs: [] } as never; // of the shape
    },
  };
  const ask = async () => {
    const { incoming } = sampleRequest({}, deployment);
    return (await answer(incoming, { path: "/pets/42", rawQuery: "" }, deployment, httpPorts({ limits, lambda })))
      .status;
  };
  expect([await ask(), await ask()]).toEqual([200, 429]);
  expect(invoked).toBe(1);
});
