import { expect, test } from "vitest";
import {
  httpPorts,
  httpRefusalOf,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
  sampleRoute,
} from "../../../test/http-api-samples.ts";
import { functionAnswering } from "../../../test/rest-api-samples.ts";
import { Trace } from "../trace.ts";
import { callIntegration } from "./call-integration.ts";
import { parseHttpIdentitySource } from "./identity-source.ts";

const SECRETS = ["opaque-0123456789", "session-abcdef", "key-in-query-1"];
const REQUEST = sampleRequest({
  query: "key=key-in-query-1&page=7",
  headers: [
    "X-Api-Token",
    "Secret opaque-0123456789",
    "Cookie",
    "lang=en; sid=session-abcdef",
    "X-Plain",
    "plain-value",
  ],
});
const identitySources = [parseHttpIdentitySource("$request.querystring.key")].filter((each) => each !== undefined);
const MATCHED = sampleMatched({
  route: sampleRoute("GET /pets/{id}", {
    authorization: {
      type: "CUSTOM",
      authorizer: {
        id: "a1",
        name: "own",
        functionArn: "",
        format: "2.0",
        simpleResponses: true,
        identitySources,
        ttlMs: 0,
        cachePrefix: "",
        stageKey: "",
      },
    },
  }),
});
const DEPLOYMENT = sampleDeployment({ identityHeaders: new Set(["cookie", "x-api-token"]) });
const PRINTED = `headers { "x-api-token": "Secret opaque-0123456789", "x-plain": "plain-value" } cookies [ "sid=session-abcdef" ] key-in-query-1`;

function call(result: Parameters<typeof functionAnswering>[0]) {
  const trace = new Trace(() => 0);
  const ports = httpPorts({ lambda: functionAnswering(result).lambda });
  return { trace, run: () => callIntegration(REQUEST, MATCHED, {}, DEPLOYMENT, ports, trace) };
}

test("what a function prints of its caller is not recorded, the rest is", async () => {
  const { trace, run } = call({ outcome: "success", payload: '{"statusCode":200}', logs: [PRINTED] });
  await run();
  const recorded = JSON.stringify(trace.integration);
  for (const secret of SECRETS) expect(recorded).not.toContain(secret);
  expect(recorded).toContain("plain-value");
});

test("nor what its error quotes", async () => {
  const failure = { outcome: "function_error", errorType: "Error", errorMessage: PRINTED, logs: [] } as const;
  const refusal = JSON.stringify(await httpRefusalOf(call(failure).run));
  expect(refusal).toContain("plain-value");
  for (const secret of SECRETS) expect(refusal).not.toContain(secret);
});
