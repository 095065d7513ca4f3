import { describe, expect, test } from "vitest";
import { ask, OK } from "../../../test/ask-iam-method.ts";
import { sampleUser, statement } from "../../../test/iam-samples.ts";
import { judgeRoute } from "./judge-route.ts";

const MISMATCH = { status: 403, errorType: "InvalidSignatureException" };

describe("the verb", () => {
  test("of a link cannot be overridden by whoever was given the link", async () => {
    const added = (headers: readonly string[]) => [...headers, "X-HTTP-Method-Override", "DELETE"];
    for (const form of ["query", "header"] as const) {
      const asked = await ask({ signing: { form }, altered: ({ headers }) => ({ headers: added(headers) }) });
      expect(asked).toMatchObject(MISMATCH);
      expect(asked.record?.refusal).toMatchObject({
        reason: "signature_routed_otherwise",
        message: expect.stringContaining("makes it DELETE"),
      });
    }
  });

  test("may be overridden by who signs that, or not at all", async () => {
    const headers = ["X-HTTP-Method-Override", "DELETE"];
    for (const form of ["query", "header"] as const) {
      const asked = await ask({ headers, signing: { form } });
      expect(asked).toMatchObject(OK);
      expect(asked.event.httpMethod).toBe("DELETE");
    }
    const same = await ask({
      altered: (sent) => ({ headers: [...sent.headers, "X-HTTP-Method-Override", "GET"] }),
    });
    expect(same).toMatchObject(OK);
  });

  test("is looked at before any policy is", async () => {
    const identity = sampleUser({ policyDocuments: [statement("Deny")] });
    const asked = await ask({
      identity,
      altered: ({ headers }) => ({ headers: [...headers, "X-HTTP-Method-Override", "DELETE"] }),
    });
    expect(asked).toMatchObject(MISMATCH);
  });
});

describe("the path", () => {
  const judge = (target: string, path: string, mapping?: object) =>
    judgeRoute({ incoming: { target, method: "GET" } as never, method: "GET", path, mapping }, ["host"], "AKIA");

  test("is refused where a signature reads another one", async () => {
    const asked = await ask({ path: "/pets/." });
    expect(asked).toMatchObject(MISMATCH);
    expect(asked.body).not.toContain("Canonical String");
    expect(asked.record?.refusal).toMatchObject({
      reason: "signature_routed_otherwise",
      expected: "/test/pets",
      actual: "/test/pets/.",
    });
  });

  test.each([
    ["/test/admin/../pets", "/admin/../pets"],
    ["/test/./pets", "/./pets"],
    ["/test/files//a", "/files//a"],
    ["/test/pets/..", "/pets/.."],
    [
      "/restapis/b/test/_user_request_/../../../../restapis/a/test/_user_request_/pets",
      "/../../../../restapis/a/test/_user_request_/pets",
    ],
    // An HTTP API takes it for its $default stage.
    ["//dev/pets", "//dev/pets"],
  ])("%s as %s", (target, path) => {
    expect(judge(target, path)).toMatchObject({ reason: "signature_routed_otherwise" });
    expect(judge(`${target}?a=1`, path)).toMatchObject({ reason: "signature_routed_otherwise" });
  });

  test.each([
    ["/test/pets", "/pets"],
    ["/test//pets?a=//b/../c", "/pets"],
    ["//test/pets/", "/pets/"],
    ["/test/pets/%2e%2e/a", "/pets/%2e%2e/a"],
    ["/test/pets/.hidden/..a/a.", "/pets/.hidden/..a/a."],
    ["/test/", "/"],
    ["/test//", "/"],
    ["/test", "/"],
    ["//test", "/"],
  ])("%s as %s is the same to both", (target, path) => {
    expect(judge(target, path)).toBeUndefined();
  });

  test("of a custom domain has its slashes counted, since they choose the API", () => {
    expect(judge("//v1/pets", "/v1/pets", {})).toMatchObject({ reason: "signature_routed_otherwise" });
    expect(judge("/v1/pets", "/pets", {})).toBeUndefined();
  });
});
