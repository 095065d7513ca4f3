import { describe, expect, it } from "vitest";
import { compiled, FUNCTION_URI, sampleIntegration } from "../../../test/rest-api-samples.ts";
import type { Integration } from "../../model/rest-api.ts";
import { fillStageVariables } from "../stage-variables.ts";
import { compileIntegration } from "./compile-integration.ts";

function ruleOf(given: Partial<Integration> & Pick<Integration, "type">): string | undefined {
  const verdict = compileIntegration(sampleIntegration(given), { route: "GET /pets", stageVariables: {} });
  return verdict.ok ? undefined : verdict.finding.rule;
}

describe("what makes a route unserved", () => {
  it.each<[string, Partial<Integration> & Pick<Integration, "type">]>([
    ["integration-vpc-link-unsupported", { type: "HTTP", uri: "http://a/", connectionType: "VPC_LINK" }],
    ["integration-timeout-invalid", { type: "MOCK", timeoutInMillis: 29_001 }],
    ["integration-timeout-invalid", { type: "MOCK", timeoutInMillis: 49 }],
    ["integration-uri-placeholder-in-host", { type: "HTTP_PROXY", uri: "https://{host}/" }],
    ["integration-uri-credentials", { type: "HTTP_PROXY", uri: "https://u:p@a/" }],
    [
      "integration-service-unsupported",
      { type: "AWS", uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/queue" },
    ],
    [
      "integration-service-unsupported",
      { type: "AWS_PROXY", uri: "arn:aws:lambda:us-east-1:000000000000:function:pets" },
    ],
    ["integration-service-unsupported", { type: "AWS_PROXY" }],
    ["mapping-template-invalid", { type: "MOCK", requestTemplates: { "application/json": "#if(" } }],
    [
      "mapping-template-invalid",
      {
        type: "MOCK",
        integrationResponses: [
          { statusCode: "200", responseParameters: {}, responseTemplates: { "application/json": "#if(" } },
        ],
      },
    ],
    [
      "parameter-mapping-invalid",
      { type: "HTTP", uri: "http://a/", requestParameters: { "integration.request.header.a": "true" } },
    ],
    [
      "parameter-mapping-invalid",
      { type: "HTTP", uri: "http://a/", requestParameters: { "integration.request.body.a": "'x'" } },
    ],
    [
      "parameter-mapping-invalid",
      { type: "HTTP", uri: "http://a/", requestParameters: { "method.response.header.a": "'x'" } },
    ],
    [
      "parameter-mapping-invalid",
      {
        type: "HTTP",
        uri: "http://a/",
        requestParameters: { "integration.request.header.a": "integration.response.header.b" },
      },
    ],
    [
      "selection-pattern-invalid",
      {
        type: "MOCK",
        integrationResponses: [
          { statusCode: "200", selectionPattern: "(", responseParameters: {}, responseTemplates: {} },
        ],
      },
    ],
    [
      "integration-response-status-invalid",
      {
        type: "MOCK",
        integrationResponses: [{ statusCode: "default", responseParameters: {}, responseTemplates: {} }],
      },
    ],
  ])("%s", (rule, given) => {
    expect(ruleOf(given)).toBe(rule);
  });

  it("is a finding with the place, the route and what to do", () => {
    const verdict = compileIntegration(sampleIntegration({ type: "AWS" }), { route: "GET /pets", stageVariables: {} });
    expect(verdict.ok ? undefined : verdict.finding).toMatchObject({
      severity: "error",
      effect: "route",
      route: "GET /pets",
      at: { file: "api.yaml", line: 12, column: 3 },
    });
  });
});

describe("compiled integrations", () => {
  it("have stage variables filled in, a missing one as nothing", () => {
    const variables = { host: "backend.example", fn: "pets" };
    expect(
      compiled(
        { type: "HTTP_PROXY", httpMethod: "GET", uri: "http://${stageVariables.host}/${stageVariables.none}x" },
        variables,
      ),
    ).toMatchObject({
      endpoint: { ok: true, uri: { originText: "http://backend.example", pieces: ["/x"] } },
    });
    expect(
      compiled(
        {
          type: "AWS_PROXY",
          httpMethod: "POST",
          uri: FUNCTION_URI.replace("function:pets", "function:${stageVariables.fn}:live"),
        },
        variables,
      ),
    ).toMatchObject({
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:pets",
    });
    expect(fillStageVariables("${stageVariables.toString}${other}", {})).toBe("${other}");
  });

  it("keep an address that stage variables made invalid for the request to fail", () => {
    expect(compiled({ type: "HTTP", httpMethod: "GET", uri: "http://${stageVariables.host}/" })).toMatchObject({
      endpoint: { ok: false },
    });
  });

  it("of proxies ignore templates and integration responses, even broken ones", () => {
    const response = { statusCode: "200", responseParameters: {}, responseTemplates: { a: "#if(" } };
    expect(
      compiled({
        type: "HTTP_PROXY",
        uri: "http://a/",
        requestTemplates: { "application/json": "#if(" },
        integrationResponses: [response],
      }),
    ).toMatchObject({
      requestTemplates: { inOrder: [] },
      responses: [],
    });
  });

  it("read a mock's constant status once", () => {
    const mock = compiled({
      type: "MOCK",
      requestTemplates: { "application/json": "{statusCode: 200}", "text/plain": "$input.body" },
    });
    expect(mock.type === "MOCK" && [...mock.constantStatus.values()]).toEqual([{ ok: true, status: 200 }]);
  });

  it("treat an empty template as none", () => {
    expect(compiled({ type: "MOCK", requestTemplates: { "application/json": "" } }).requestTemplates.inOrder).toEqual(
      [],
    );
  });
});
