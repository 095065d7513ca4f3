import { expect, test } from "vitest";
import {
  evaluateParameter,
  type ParameterOutcome,
  type ParameterValues,
  parseParameterSource,
  parseParameterTarget,
} from "./parameters.ts";

const VALUES: ParameterValues = {
  path: { id: "a%2Fb" },
  querystring: (name) => ({ q: ["1", "2"], one: ["x"], empty: [""] })[name],
  header: (name) => ({ "X-Trace": ["a", "b"], Accept: ["text/html"] })[name],
  body: '{"pet": {"name": "Rex", "tags": ["a", "b"], "age": 3, "none": null}}',
  response: { header: (name) => ({ "X-Id": ["7", "8"] })[name], body: '{"error": {"code": "E1"}}' },
  stageVariables: { url: "http://x", empty: "" },
  context: {
    requestId: "r-1",
    requestTimeEpoch: 17,
    identity: { sourceIp: "192.0.2.1", user: null },
    authorizer: { "a.b": "dotted" },
  },
};

function evaluate(text: string, values: ParameterValues = VALUES): ParameterOutcome {
  const verdict = parseParameterSource(text);
  if (!verdict.ok) throw new Error(verdict.message);
  return evaluateParameter(verdict.source, values);
}

test.each([
  ["'static value'", "static value"],
  ["'it''s'", "it''s"],
  ["method.request.path.id", "a%2Fb"],
  ["method.request.querystring.q", "2"],
  ["method.request.multivaluequerystring.q", ["1", "2"]],
  ["method.request.multivaluequerystring.one", "x"],
  ["method.request.header.X-Trace", "b"],
  ["method.request.multivalueheader.X-Trace", "a,b"],
  ["method.request.body.pet.name", "Rex"],
  ["method.request.body.pet.age", "3"],
  ["method.request.body.pet.tags[1]", "b"],
  ["method.request.body.pet.tags", '["a","b"]'],
  ["integration.response.header.X-Id", "8"],
  ["integration.response.multivalueheader.X-Id", "7,8"],
  ["integration.response.body.error.code", "E1"],
  ["integration.response.body", '{"error": {"code": "E1"}}'],
  ["stageVariables.url", "http://x"],
  ["context.requestId", "r-1"],
  ["context.identity.sourceIp", "192.0.2.1"],
  ["context.authorizer.a.b", "dotted"],
])("%s is %j (D)", (text, value) => {
  expect(evaluate(text)).toEqual({ ok: true, value });
});

test.each([
  ["method.request.path.none", "absent"],
  ["method.request.querystring.none", "absent"],
  ["method.request.multivaluequerystring.none", "absent"],
  ["method.request.querystring.empty", "empty"],
  ["stageVariables.empty", "empty"],
  ["''", "empty"],
  ["method.request.header.x-trace", "another case: names are case-sensitive (D, C)"],
  ["method.request.querystring.Q", "another case"],
  ["method.request.body.pet.none", "a JSON null"],
  ["method.request.body.pet.missing", "absent"],
  ["stageVariables.constructor", "JavaScript's"],
  ["method.request.path.__proto__", "JavaScript's"],
  ["context.constructor", "JavaScript's"],
  ["context.requestTimeEpoch", "not a string (C)"],
  ["context.identity", "not a string (C)"],
  ["context.identity.user", "null"],
])("%s is not sent: %s", (text) => {
  expect(evaluate(text)).toEqual({ ok: true, value: undefined });
});

test("a body is read as JSON only if it begins like JSON (C)", () => {
  const body = (text: string): ParameterValues => ({ ...VALUES, body: text });
  expect(evaluate("method.request.body", body("plain"))).toEqual({ ok: true, value: "plain" });
  expect(evaluate("method.request.body.a", body("plain"))).toEqual({ ok: true, value: undefined });
  expect(evaluate("method.request.body", body(""))).toEqual({ ok: true, value: "{}" });
  for (const broken of ["{x", "[", '"x', "'x'", " {x"]) {
    const refused = { ok: false, status: 400, message: "Invalid JSON in request body" };
    expect(evaluate("method.request.body.a", body(broken))).toEqual(refused);
    expect(evaluate("method.request.body", body(broken))).toEqual(refused);
  }
});

test("an integration's answer that only looks like JSON is 500 (C)", () => {
  const response = { header: () => undefined, body: "{x" };
  expect(evaluate("integration.response.body.a", { ...VALUES, response })).toEqual({
    ok: false,
    status: 500,
    message: "Internal server error",
  });
});

test.each([
  "true",
  "static",
  "'open",
  "'",
  "",
  "method.request.cookie.x",
  "method.request.header.",
  "method.request.header.a b",
  "method.request.header.a\n",
  "integration.response.querystring.x",
  "context.",
  "contextx.requestId",
  "stageVariables",
  "method.request.body.a[",
  "method.request.bodyx",
])("%j is refused in AWS's words (R)", (text) => {
  expect(parseParameterSource(text)).toEqual({
    ok: false,
    message: `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${text}]`,
  });
});

test("targets are request headers, query strings and paths, and response headers (D)", () => {
  expect(parseParameterTarget("integration.request.header.X-A")).toEqual({
    ok: true,
    target: { kind: "integrationRequest", location: "header", name: "X-A" },
  });
  expect(parseParameterTarget("integration.request.path.a.b")).toMatchObject({ ok: true, target: { name: "a.b" } });
  expect(parseParameterTarget("method.response.header.X")).toMatchObject({
    ok: true,
    target: { kind: "methodResponse" },
  });
  for (const text of [
    "method.response.querystring.x",
    "integration.request.body.x",
    "integration.request.header.a b",
    "x",
  ]) {
    expect(parseParameterTarget(text)).toMatchObject({ ok: false });
  }
});
