import { describe, expect, it } from "vitest";
import { sampleApi, sampleMatched, sampleRequest } from "../../../test/rest-api-samples.ts";
import type { Method } from "../../model/rest-api.ts";
import { compileRequestValidation } from "./compile-integration.ts";
import type { CompiledIntegration } from "./deployment.ts";
import { RestApiRefusal } from "./refusal.ts";
import { validateMethodRequest } from "./validate-method-request.ts";

const pet = {
  name: "Pet",
  contentType: "application/json",
  schema: { type: "object", required: ["price"], properties: { price: { type: "number" } } },
};
const text = { name: "Text", contentType: "text/plain", schema: { type: "object", required: ["x"] } };

function method(given: Partial<Method>): Method {
  return {
    httpMethod: "POST",
    authorizationType: "NONE",
    authorizationScopes: [],
    apiKeyRequired: false,
    requestParameters: {},
    requestModels: {},
    methodResponses: [],
    at: { file: "api.yaml", line: 3, column: 5 },
    ...given,
  };
}

function api(validateRequestBody: boolean, validateRequestParameters: boolean) {
  return sampleApi({
    models: [pet, text],
    requestValidators: [{ id: "v", name: "v", validateRequestBody, validateRequestParameters }],
  });
}

function refusalFor(
  given: Partial<Method>,
  request: Parameters<typeof sampleRequest>[0],
  options: { body?: boolean; parameters?: boolean; path?: Record<string, string> } = {},
): RestApiRefusal | undefined {
  const compiled = compileRequestValidation(
    method({ requestValidatorId: "v", ...given }),
    api(options.body ?? true, options.parameters ?? true),
  );
  if (!compiled.ok) throw new Error(compiled.finding.message);
  const matched = sampleMatched({ type: "MOCK" } as CompiledIntegration, {
    pathParameters: options.path ?? {},
    ...(compiled.validation && { validation: compiled.validation }),
  });
  try {
    validateMethodRequest(sampleRequest(request), matched);
    return undefined;
  } catch (error) {
    if (error instanceof RestApiRefusal) return error;
    throw error;
  }
}

describe("required parameters", () => {
  const requestParameters = {
    "method.request.querystring.qs1": true,
    "method.request.path.issuer": true,
    "method.request.header.x-header-param": true,
    "method.request.header.optional": false,
  };

  it("are all named when missing: headers, path, query string", () => {
    const refusal = refusalFor({ requestParameters }, {});
    expect(refusal?.responseType).toBe("BAD_REQUEST_PARAMETERS");
    expect(refusal?.wire.message).toBe("Missing required request parameters: [x-header-param, issuer, qs1]");
    expect(refusal?.evidence.reason).toBe("request_parameters_missing");
  });

  it("are missing when they are blank", () => {
    const refusal = refusalFor(
      { requestParameters },
      { headers: ["x-header-param", " "], rawQuery: "qs1=" },
      { path: { issuer: "a" } },
    );
    expect(refusal?.wire.message).toBe("Missing required request parameters: [x-header-param, qs1]");
  });

  it("are there in any casing of the header", () => {
    expect(
      refusalFor(
        { requestParameters },
        { headers: ["X-Header-Param", "a"], rawQuery: "qs1=1" },
        { path: { issuer: "a" } },
      ),
    ).toBeUndefined();
  });

  it("are not looked at when the validator does not validate parameters", () => {
    expect(refusalFor({ requestParameters }, {}, { parameters: false })).toBeUndefined();
  });
});

describe("bodies", () => {
  const requestModels = { "application/json": "Pet", "text/plain": "Text" };

  it("that the model does not take answer 400 with AWS's text, details aside", () => {
    const refusal = refusalFor(
      { requestModels },
      { body: '{"price": "s3cr3t"}', headers: ["Content-Type", "application/json; charset=utf-8"] },
    );
    expect(refusal?.responseType).toBe("BAD_REQUEST_BODY");
    expect(refusal?.wire).toEqual({
      validationErrorString:
        '[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]',
    });
    expect(JSON.stringify(refusal?.evidence)).not.toContain("s3cr3t");
    expect(refusal?.evidence.actual).toEqual(["type at /price"]);
  });

  it("that the model takes pass", () => {
    expect(refusalFor({ requestModels }, { body: '{"price": 1}' })).toBeUndefined();
  });

  it("that are absent are refused too when something is required, without Content-Type as application/json", () => {
    expect(refusalFor({ requestModels }, {})?.responseType).toBe("BAD_REQUEST_BODY");
  });

  it("of a Content-Type without a model are not validated, unless there is a $default", () => {
    expect(
      refusalFor({ requestModels }, { body: "<a/>", headers: ["Content-Type", "application/xml"] }),
    ).toBeUndefined();
    expect(
      refusalFor({ requestModels: { $default: "Pet" } }, { body: "<a/>", headers: ["Content-Type", "application/xml"] })
        ?.responseType,
    ).toBe("BAD_REQUEST_BODY");
  });

  it("are looked at after the parameters", () => {
    expect(
      refusalFor({ requestModels, requestParameters: { "method.request.header.a": true } }, { body: "{}" })
        ?.responseType,
    ).toBe("BAD_REQUEST_PARAMETERS");
  });

  it("are not looked at when the validator does not validate bodies", () => {
    expect(refusalFor({ requestModels }, { body: "{}" }, { body: false })).toBeUndefined();
  });
});

describe("validation that cannot be compiled makes the route unserved", () => {
  it.each([
    ["a validator that is not there", { requestValidatorId: "nope" }, "request-validator-unknown"],
    ["a model that is not there", { requestModels: { "application/json": "Nope" } }, "request-model-invalid"],
    ["a parameter that is none", { requestParameters: { "method.request.body.x": true } }, "request-parameter-invalid"],
  ])("%s", (_title, given, rule) => {
    const verdict = compileRequestValidation(
      method({ requestValidatorId: "v", ...given }),
      api(true, true),
      "POST /pets",
    );
    expect(verdict.ok ? undefined : verdict.finding).toMatchObject({
      rule,
      effect: "route",
      route: "POST /pets",
      at: { line: 3 },
    });
  });

  it("a method without a validator validates nothing, whatever models it names", () => {
    expect(
      compileRequestValidation(method({ requestModels: { "application/json": "Nope" } }), api(true, true)),
    ).toEqual({ ok: true });
  });
});
