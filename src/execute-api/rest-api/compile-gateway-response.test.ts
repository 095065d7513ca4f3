import { describe, expect, test } from "vitest";
import { sampleApi, sampleDeployment, sampleRequest } from "../../../test/rest-api-samples.ts";
import type { GatewayResponse } from "../../model/rest-api.ts";
import { compileGatewayResponses } from "./compile-gateway-response.ts";
import { renderGatewayResponse } from "./gateway-response.ts";
import { type RefusalWire, RestApiRefusal } from "./refusal.ts";

function response(given: Partial<GatewayResponse> = {}): GatewayResponse {
  return { responseType: "UNAUTHORIZED", responseParameters: {}, responseTemplates: {}, ...given };
}

/** The answer to a refusal of an API with these gateway responses. */
function answered(responses: readonly GatewayResponse[], headers: readonly string[] = [], wire: RefusalWire = {}) {
  const { compiled, findings } = compileGatewayResponses(sampleApi({ gatewayResponses: responses }));
  const deployment = sampleDeployment({ gatewayResponses: compiled, stageVariables: { site: "pets.example" } });
  const refusal = new RestApiRefusal("UNAUTHORIZED", { reason: "identity_source_missing", message: "m" }, wire);
  const request = sampleRequest({ headers, rawQuery: "q=1&q=2" });
  const answer = renderGatewayResponse(
    refusal,
    deployment,
    request,
    { requestId: "id", stage: "test" },
    { petId: "42" },
  );
  const fields: Record<string, string> = {};
  for (let at = 0; at < answer.headers.length; at += 2) {
    const name = answer.headers[at] as string;
    if (name in fields) throw new Error(`${name} is there twice`);
    fields[name] = answer.headers[at + 1] as string;
  }
  return { ...answer, fields, findings };
}

describe("headers", () => {
  test.each([
    ["'text'", "text"],
    ["''", ""],
    ["method.request.header.Origin", "http://a"],
    ["method.request.querystring.q", "2"],
    ["method.request.path.petId", "42"],
    ["context.stage", "test"],
    ["stageVariables.site", "pets.example"],
  ])("%s is %j", (source, value) => {
    const { fields, findings } = answered(
      [response({ responseParameters: { "gatewayresponse.header.X-Given": source } })],
      ["Origin", "http://a"],
    );
    expect([fields["X-Given"], findings]).toEqual([value, []]);
  });

  test.each([
    "method.request.header.origin",
    "method.request.header.constructor",
    "method.request.querystring.none",
    "method.request.path.constructor",
    "context.constructor",
    "context.identity",
    "stageVariables.constructor",
    "stageVariables.__proto__",
  ])("%s has no value, so there is no header (?)", (source) => {
    const { fields, findings } = answered(
      [response({ responseParameters: { "gatewayresponse.header.X-Given": source } })],
      ["Origin", "http://a"],
    );
    expect([Object.keys(fields).includes("X-Given"), findings]).toEqual([false, []]);
  });

  test.each([
    ["gatewayresponse.header.X-Given", "text without quotes"],
    ["gatewayresponse.header.X-Given", "method.request.body.a"],
    ["gatewayresponse.header.X Given", "'x'"],
    ["gatewayresponse.cookie.a", "'x'"],
    ["method.response.header.X-Given", "'x'"],
  ])("%s: %s is a finding, and the others are sent", (target, source) => {
    const { fields, findings } = answered([
      response({ responseParameters: { [target]: source, "gatewayresponse.header.X-Other": "'y'" } }),
    ]);
    expect(findings).toMatchObject([{ rule: "gateway-response-mapping-invalid", effect: "none" }]);
    expect(fields).toMatchObject({ "X-Other": "y" });
    expect(Object.keys(fields)).not.toContain("X-Given");
  });

  test("replace those of the same name, in any casing, and add no second one", () => {
    const { fields } = answered([
      response({ responseParameters: { "gatewayresponse.header.content-TYPE": "'text/html'" } }),
    ]);
    expect(fields).toMatchObject({ "Content-Type": "text/html" });
  });

  test("end where a line would: no mapped value can add a header of its own", () => {
    const sources = { "gatewayresponse.header.X-Given": "method.request.header.X-Sent" };
    for (const sent of ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\u0000b"]) {
      const { fields } = answered([response({ responseParameters: sources })], ["X-Sent", sent]);
      expect(fields["X-Given"]).toBe("a");
    }
  });

  test("only gatewayresponse.header has an effect", () => {
    const { fields, findings } = answered([
      response({ responseParameters: { "gatewayresponse.path.a": "'x'", "gatewayresponse.querystring.a": "'x'" } }),
    ]);
    expect([Object.values(fields).includes("x"), findings]).toEqual([false, []]);
  });
});

describe("templates", () => {
  test("without any the default one stands, lower-case message and all (R)", () => {
    expect(answered([response({ statusCode: "403" })])).toMatchObject({
      status: 403,
      body: '{"message":"Unauthorized"}',
      fields: { "Content-Type": "application/json", "x-amzn-ErrorType": "UnauthorizedException" },
    });
  });

  test("without a status the type's own stands", () => {
    expect(answered([response()]).status).toBe(401);
  });

  test("are chosen by Accept, else application/json, else the first (?)", () => {
    const responseTemplates = { "text/plain": "plain", "application/json": "json" };
    const accepting = (accept: string) => answered([response({ responseTemplates })], ["Accept", accept]).body;
    expect([accepting("text/plain"), accepting("TEXT/plain;q=0.5, */*"), accepting("text/html")]).toEqual([
      "plain",
      "plain",
      "json",
    ]);
    expect(answered([response({ responseTemplates: { "text/html": "html", "text/plain": "plain" } })]).body).toBe(
      "html",
    );
  });

  test("quote the message as JSON, null as null", () => {
    const responseTemplates = { "application/json": "[$context.error.messageString,$context.error.responseType]" };
    const body = (message: string | null) => answered([response({ responseTemplates })], [], { message }).body;
    expect([body('a "b"'), body(null)]).toEqual(['["a \\"b\\"",UNAUTHORIZED]', "[null,UNAUTHORIZED]"]);
  });

  test("read what a denying authorizer said in its context (C)", () => {
    const responseTemplates = { "application/json": '{"why":"$context.authorizer.why"}' };
    const wire = { authorizerContext: { why: "no plan" } };
    expect(answered([response({ responseTemplates })], [], wire).body).toBe('{"why":"no plan"}');
  });
});
