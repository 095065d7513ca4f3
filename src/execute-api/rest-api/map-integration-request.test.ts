import { describe, expect, it } from "vitest";
import {
  compiled,
  FUNCTION_URI,
  headerOf,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import type { Integration } from "../../model/rest-api.ts";
import {
  MAPPED_VALUE_LIMIT_CHARS,
  mapIntegrationRequest,
  type SentRequest,
  type SentToEndpoint,
  type SentToFunction,
} from "./map-integration-request.ts";
import type { RestRequest } from "./request.ts";

interface Given {
  integration: Partial<Integration> & Pick<Integration, "type">;
  request?: RestRequest;
  path?: Record<string, string>;
  stageVariables?: Record<string, string>;
  authorizer?: Record<string, string>;
  binaryMediaTypes?: string[];
}

function sent({
  integration,
  request = sampleRequest(),
  path = {},
  stageVariables = {},
  authorizer,
  binaryMediaTypes = [],
}: Given): SentRequest {
  const matched = sampleMatched(compiled(integration, stageVariables), { pathParameters: path });
  return mapIntegrationRequest(
    request,
    matched,
    authorizer ? { authorizer } : {},
    sampleDeployment({ stageVariables, binaryMediaTypes }),
  );
}
const toEndpoint = (given: Given) => sent(given) as SentToEndpoint;
const toFunction = (given: Given) => sent(given) as SentToFunction;
const http = (given: Partial<Integration> = {}) => ({
  type: "HTTP" as const,
  httpMethod: "POST",
  uri: "http://backend.example/pets",
  ...given,
});
const httpProxy = (given: Partial<Integration> = {}) => ({
  type: "HTTP_PROXY" as const,
  httpMethod: "ANY",
  uri: "http://backend.example/pets",
  ...given,
});
const lambda = (given: Partial<Integration> = {}) => ({
  type: "AWS" as const,
  httpMethod: "POST",
  uri: FUNCTION_URI,
  ...given,
});

describe("HTTP", () => {
  it("sends mapped headers, query and path only, from every source", () => {
    const request = sampleRequest({
      method: "POST",
      rawQuery: "type=cat&type=dog",
      headers: ["X-Pet", "a", "X-Pet", "b", "Content-Type", "application/json"],
      body: '{"a": {"b": 7}}',
    });
    const result = toEndpoint({
      request,
      path: { petId: "4%2F2" },
      stageVariables: { v: "1" },
      authorizer: { principalId: "user" },
      integration: http({
        uri: "http://backend.example/pets/{id}/x",
        requestParameters: {
          "integration.request.header.x-pet": "method.request.header.X-Pet",
          "integration.request.header.x-pets": "method.request.multivalueheader.X-Pet",
          "integration.request.header.x-static": "'fixed'",
          "integration.request.header.x-principal": "context.authorizer.principalId",
          "integration.request.header.x-absent": "method.request.header.x-pet",
          "integration.request.querystring.t": "method.request.querystring.type",
          "integration.request.querystring.all": "method.request.multivaluequerystring.type",
          "integration.request.querystring.v": "stageVariables.v",
          "integration.request.querystring.b": "method.request.body.a.b",
          "integration.request.path.id": "method.request.path.petId",
        },
      }),
    });
    expect(result.target).toBe("/pets/4%2F2/x?t=dog&all=cat&all=dog&v=1&b=7");
    expect(headerOf(result.headers, "x-pet")).toEqual(["b"]);
    expect(headerOf(result.headers, "x-pets")).toEqual(["a,b"]);
    expect(headerOf(result.headers, "x-static")).toEqual(["fixed"]);
    expect(headerOf(result.headers, "x-principal")).toEqual(["user"]);
    expect(headerOf(result.headers, "x-absent")).toEqual([]);
    expect(result.body?.toString()).toBe('{"a": {"b": 7}}');
  });

  it("renders the template of the Content-Type, and what it overrides wins over the mappings", () => {
    const template = `#set($context.requestOverride.header.x-a = "over")#set($context.requestOverride.path.id = "a/b")#set($context.requestOverride.querystring.q = "2")#set($context.responseOverride.status = 201){"id": "$input.params('petId')"}`;
    const result = toEndpoint({
      path: { petId: "42" },
      integration: http({
        uri: "http://backend.example/{id}?k=v",
        requestParameters: {
          "integration.request.header.X-A": "'mapped'",
          "integration.request.path.id": "'mapped'",
          "integration.request.querystring.q": "'1'",
        },
        requestTemplates: { "application/json": template },
      }),
    });
    expect(result.target).toBe("/a%2Fb?k=v&q=2");
    expect(headerOf(result.headers, "x-a")).toEqual(["over"]);
    expect(result.body?.toString()).toBe('{"id": "42"}');
    expect(result.responseOverride).toMatchObject({ status: 201 });
  });

  it("sends no body with GET, and takes the client's verb for ANY", () => {
    const request = sampleRequest({ method: "GET", body: "x" });
    expect(toEndpoint({ request, integration: http({ httpMethod: "GET" }) }).body).toBeUndefined();
    expect(
      toEndpoint({ request: sampleRequest({ method: "PATCH" }), integration: http({ httpMethod: "ANY" }) }).httpMethod,
    ).toBe("PATCH");
  });

  it("sends base64 as bytes when contentHandling says so, and refuses what is none", async () => {
    const integration = http({ contentHandling: "CONVERT_TO_BINARY" });
    expect(toEndpoint({ request: sampleRequest({ body: "if8=" }), integration }).body).toEqual(
      Buffer.from([0x89, 0xff]),
    );
    const refusal = await refusalOf(() => sent({ request: sampleRequest({ body: "§" }), integration }));
    expect(refusal).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "binary_conversion_failed" },
    });
  });
});

describe("HTTP_PROXY", () => {
  it("passes query and headers on; mapped query values are appended, mapped headers win", () => {
    const result = toEndpoint({
      request: sampleRequest({
        method: "GET",
        rawQuery: "testVar=foobar&a=%2B|é",
        headers: ["X-A", "client", "X-B", "b"],
      }),
      integration: httpProxy({
        uri: "http://backend.example/pets?fixed=1",
        requestParameters: {
          "integration.request.querystring.testVar": "'bar'",
          "integration.request.header.x-a": "'mapped'",
        },
      }),
    });
    expect(result.target).toBe("/pets?fixed=1&testVar=foobar&a=%2B|%E9&testVar=bar");
    expect(headerOf(result.headers, "x-a")).toEqual(["mapped"]);
    expect(headerOf(result.headers, "x-b")).toEqual(["b"]);
    expect(result.httpMethod).toBe("GET");
  });

  it("fills a greedy path as it was sent", () => {
    const integration = httpProxy({
      uri: "http://backend.example/{proxy}",
      requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
    });
    expect(toEndpoint({ path: { proxy: "a//b%20c" }, integration }).target).toBe("/a//b%20c");
  });

  it("ignores templates and passthrough", () => {
    const integration = httpProxy({ passthroughBehavior: "NEVER", requestTemplates: { "application/json": "mapped" } });
    expect(
      toEndpoint({ request: sampleRequest({ method: "POST", body: "as sent" }), integration }).body?.toString(),
    ).toBe("as sent");
  });
});

describe("addresses", () => {
  it("that stage variables made invalid, or with a placeholder nobody fills, answer 500", async () => {
    const invalid = await refusalOf(() => sent({ integration: http({ uri: "http://${stageVariables.none}/" }) }));
    const unfilled = await refusalOf(() => sent({ integration: httpProxy({ uri: "http://backend.example/{proxy}" }) }));
    for (const refusal of [invalid, unfilled]) {
      expect(refusal).toMatchObject({
        responseType: "API_CONFIGURATION_ERROR",
        evidence: { reason: "integration_uri_invalid" },
      });
    }
  });
});

describe("mappings that AWS does not let pass", () => {
  it.each(["HTTP", "HTTP_PROXY", "MOCK", "AWS", "AWS_PROXY"] as const)(
    "a forbidden header fails a %s integration",
    async (type) => {
      const uri = type.startsWith("HTTP") ? "http://backend.example/" : FUNCTION_URI;
      const integration = {
        type,
        httpMethod: "POST",
        uri,
        requestTemplates: { "application/json": "{statusCode: 200}" },
        requestParameters: { "integration.request.header.Content-Length": "'1'" },
      };
      const refusal = await refusalOf(() => sent({ integration }));
      expect(refusal).toMatchObject({
        responseType: "API_CONFIGURATION_ERROR",
        evidence: { reason: "parameter_mapping_failed", message: "Content-Length header already present" },
      });
    },
  );

  it("a forbidden header without a value does no harm", () => {
    expect(
      toEndpoint({
        integration: http({
          requestParameters: { "integration.request.header.Content-Length": "method.request.header.Nope" },
        }),
      }).type,
    ).toBe("HTTP");
  });

  it.each(["\r\nX-Injected: 1", "\0", "\n"])("a header value with %j", async (text) => {
    const integration = http({ requestParameters: { "integration.request.header.x": "method.request.querystring.q" } });
    const request = sampleRequest({ rawQuery: `q=a${encodeURIComponent(text)}` });
    expect(await refusalOf(() => sent({ integration, request }))).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "parameter_mapping_failed" },
    });
  });

  it("a header that a template overrides with a line break, or whose name is none", async () => {
    for (const name of ["x-a", "bad name"]) {
      const value = name === "x-a" ? "$util.urlDecode('a%0d%0ab')" : "a";
      const template = `#set($context.requestOverride.header["${name}"] = "${value}")`;
      const refusal = await refusalOf(() =>
        sent({ integration: http({ requestTemplates: { "application/json": template } }) }),
      );
      expect(refusal.evidence.reason).toBe("parameter_mapping_failed");
    }
  });

  it("a forbidden header that a template overrides", async () => {
    const template = '#set($context.requestOverride.header["X-Amzn-Trace-Id"] = "a")';
    const refusal = await refusalOf(() =>
      sent({ integration: http({ requestTemplates: { "application/json": template } }) }),
    );
    expect(refusal.evidence.message).toBe("X-Amzn-Trace-Id header already present");
  });

  it("a value of unreasonable length", async () => {
    const integration = http({ requestParameters: { "integration.request.header.x": "method.request.body.a" } });
    const request = sampleRequest({ body: JSON.stringify({ a: "x".repeat(MAPPED_VALUE_LIMIT_CHARS + 1) }) });
    expect((await refusalOf(() => sent({ integration, request }))).evidence.reason).toBe("parameter_mapping_failed");
  });

  it("a body that a mapping reads as JSON and that is none answers 400", async () => {
    const integration = http({ requestParameters: { "integration.request.header.x": "method.request.body.a" } });
    expect(await refusalOf(() => sent({ integration, request: sampleRequest({ body: "{x" }) }))).toMatchObject({
      responseType: "DEFAULT_4XX",
      wire: { message: "Invalid JSON in request body" },
      evidence: { reason: "request_body_not_json" },
    });
  });
});

describe("template selection and passthrough", () => {
  const templates = { "application/json": "json", "text/plain": "text", $default: "default" };
  const bodyFor = (contentType: string | undefined, given: Partial<Integration>) =>
    toFunction({
      integration: lambda(given),
      request: sampleRequest({
        body: "raw",
        ...(contentType !== undefined && { headers: ["Content-Type", contentType] }),
      }),
    }).payload;

  it("goes by the Content-Type without parameters, application/json when there is none, then $default", () => {
    expect(bodyFor("TEXT/plain; charset=utf-8", { requestTemplates: templates })).toBe("text");
    expect(bodyFor(undefined, { requestTemplates: templates })).toBe("json");
    expect(bodyFor("application/xml", { requestTemplates: templates })).toBe("default");
  });

  it("WHEN_NO_MATCH passes the body on", () => {
    expect(bodyFor("application/xml", { requestTemplates: { "text/plain": "text" } })).toBe("raw");
  });

  it("WHEN_NO_TEMPLATES passes it on only when there is no template at all", async () => {
    expect(bodyFor("application/xml", { passthroughBehavior: "WHEN_NO_TEMPLATES" })).toBe("raw");
    const refusal = await refusalOf(() =>
      bodyFor("application/xml", {
        passthroughBehavior: "WHEN_NO_TEMPLATES",
        requestTemplates: { "text/plain": "text" },
      }),
    );
    expect(refusal).toMatchObject({
      responseType: "UNSUPPORTED_MEDIA_TYPE",
      evidence: { reason: "media_type_unsupported" },
    });
  });

  it("NEVER passes nothing on", async () => {
    expect(bodyFor("text/plain", { passthroughBehavior: "NEVER", requestTemplates: templates })).toBe("text");
    expect((await refusalOf(() => bodyFor("text/plain", { passthroughBehavior: "NEVER" }))).responseType).toBe(
      "UNSUPPORTED_MEDIA_TYPE",
    );
  });

  it("a template that fails answers 500, as does one over a binary body", async () => {
    const failing = lambda({
      requestTemplates: { "application/json": "#foreach($i in [1..2000])#foreach($j in [1..2000])x#end#end" },
    });
    expect(await refusalOf(() => sent({ integration: failing }))).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "request_template_failed" },
    });
    const request = sampleRequest({ headers: ["Content-Type", "image/png"], body: Buffer.from([0xff]) });
    const binary = lambda({ requestTemplates: { "image/png": "$input.body" } });
    expect(
      (await refusalOf(() => sent({ integration: binary, request, binaryMediaTypes: ["image/png"] }))).evidence.reason,
    ).toBe("request_template_failed");
    const asText = lambda({ requestTemplates: { "image/png": '"$input.body"' }, contentHandling: "CONVERT_TO_TEXT" });
    expect(toFunction({ integration: asText, request, binaryMediaTypes: ["image/png"] }).payload).toBe('"/w=="');
  });
});

describe("Lambda", () => {
  it("gets the mapped body, {} for nothing", () => {
    expect(
      toFunction({ integration: lambda({ requestTemplates: { "application/json": '{"m": "$context.httpMethod"}' } }) })
        .payload,
    ).toBe('{"m": "GET"}');
    expect(toFunction({ integration: lambda() }).payload).toBe("{}");
  });

  it("is invoked asynchronously when X-Amz-Invocation-Type maps to Event", () => {
    expect(
      toFunction({
        integration: lambda({ requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "'Event'" } }),
      }).invocationType,
    ).toBe("Event");
    expect(toFunction({ integration: lambda() }).invocationType).toBe("RequestResponse");
  });

  it.each(["AWS", "AWS_PROXY"] as const)("%s with another method than POST answers 500", async (type) => {
    const refusal = await refusalOf(() => sent({ integration: { type, httpMethod: "GET", uri: FUNCTION_URI } }));
    expect(refusal).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "integration_method_not_post" },
    });
  });

  it("as a proxy gets the event, whatever templates and mappings say", () => {
    const result = toFunction({
      integration: {
        type: "AWS_PROXY",
        httpMethod: "POST",
        uri: FUNCTION_URI,
        requestTemplates: { "application/json": "x" },
        requestParameters: { "integration.request.header.x-a": "'b'" },
      },
    });
    const event = JSON.parse(result.payload);
    expect(event).toMatchObject({ resource: "/pets/{petId}", body: null });
    expect(event.headers).not.toHaveProperty("x-a");
  });
});

describe("MOCK", () => {
  const mock = (text: string) => ({ type: "MOCK" as const, requestTemplates: { "application/json": text } });

  it("takes its status from the template, constant or not", () => {
    expect(sent({ integration: mock("{statusCode: 200}") })).toMatchObject({ type: "MOCK", status: 200 });
    expect(
      sent({
        integration: mock(`{"statusCode": #if($input.params('petId') == "0")404#{else}200#end}`),
        path: { petId: "0" },
      }),
    ).toMatchObject({ status: 404 });
  });

  it("keeps what the template overrides for the response", () => {
    const result = sent({
      integration: mock(
        `#set($context.responseOverride.status = 404)#set($context.requestOverride.path.x = "y"){"statusCode": 200}`,
      ),
    });
    expect(result).toMatchObject({ status: 200, responseOverride: { status: 404 } });
    expect(result.overrides).toBeDefined();
  });

  it("reads the client's body when there is no template", () => {
    expect(
      sent({ integration: { type: "MOCK" }, request: sampleRequest({ body: '{"statusCode": 201}' }) }),
    ).toMatchObject({ status: 201 });
  });

  it.each(["{}", "no json", "{statusCode: x}"])("answers 500 to %j", async (text) => {
    expect(await refusalOf(() => sent({ integration: mock(text) }))).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "mock_status_unparsable" },
    });
  });
});
