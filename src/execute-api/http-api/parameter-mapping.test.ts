import { describe, expect, test } from "vitest";
import { sampleDeployment, sampleMatched, sampleRequest } from "../../../test/http-api-samples.ts";
import {
  applyRequestMapping,
  applyResponseMapping,
  compileRequestMapping,
  compileResponseMapping,
  MAX_SELECTED_BODY_BYTES,
} from "./parameter-mapping.ts";

const SOURCES = {
  request: sampleRequest({
    path: "/pets/42",
    query: "a=1&a=2",
    headers: ["X-In", "one", "x-in", "two"],
    body: '{"a":{"b":["x","y"]},"n":5,"o":{}}',
  }),
  matched: sampleMatched(),
  caller: { jwt: { claims: { sub: "ann" }, scopes: null } },
  deployment: sampleDeployment({ stageVariables: { env: "blue" } }),
};

function mapped(parameters: Readonly<Record<string, string>>, sources = SOURCES) {
  const verdict = compileRequestMapping(parameters);
  if (!verdict.ok) throw new Error(verdict.problem.message);
  const { request, path } = applyRequestMapping(verdict.value, sources);
  return { headers: request.headers, query: request.rawQuery, path };
}

describe("request mappings", () => {
  test.each([
    ["$request.header.x-IN", "one,two"],
    ["$request.querystring.a", "1,2"],
    ["$request.path.id", "42"],
    ["$request.path", "/pets/42"],
    ["$request.body.a.b[1]", "y"],
    ["$request.body.n", "5"],
    ["$request.body.o", "{}"],
    ["$context.authorizer.claims.sub", "ann"],
    ["$context.routeKey", "GET /pets/{id}"],
    ["$stageVariables.env", "blue"],
    ["${request.path.id}-${stageVariables.env}", "42-blue"],
    ["plain text", "plain text"],
  ])("%s gives %s (D)", (value, text) => {
    expect(mapped({ "overwrite:header.x-out": value }).headers.all("x-out")).toEqual([text]);
  });

  test.each([
    "$request.header.none",
    "$request.querystring.b",
    "$request.body.a.c",
    "${request.path.none}!",
    "$stageVariables.none",
  ])("%s finds nothing and sets nothing (?)", (value) => {
    expect(mapped({ "overwrite:header.x-in": value }).headers.all("x-in")).toEqual(["one", "two"]);
  });

  test("append, overwrite and remove do so to headers, query and path", () => {
    const { headers, query, path } = mapped({
      "append:header.x-in": "three",
      "remove:header.host": "",
      "append:querystring.a": "3",
      "overwrite:querystring.b": "x y",
      "overwrite:path": "/other/$context",
    });
    expect(headers.all("x-in")).toEqual(["one", "two", "three"]);
    expect(headers.has("host")).toBe(false);
    expect(query).toBe("a=1&a=2&a=3&b=x%20y");
    expect(path).toBe("/other/$context");
    expect(mapped({ "remove:querystring.a": "''" }).query).toBe("");
  });

  test("a path that is set goes before the one a client called a custom domain by", () => {
    const mapping = { domainName: "api.example.com", key: "v1", path: "/v1/pets/42" };
    const sources = { ...SOURCES, request: { ...SOURCES.request, mapping } };
    const request = (parameters: Readonly<Record<string, string>>) => {
      const verdict = compileRequestMapping(parameters);
      if (!verdict.ok) throw new Error(verdict.problem.message);
      return applyRequestMapping(verdict.value, sources).request;
    };
    expect(request({ "overwrite:path": "/other" })).toMatchObject({ rawPath: "/other", mapping: undefined });
    expect(request({ "overwrite:header.x-out": "1" }).mapping).toEqual(mapping);
  });

  test("a value that would end the field is not set", () => {
    const sources = { ...SOURCES, caller: { jwt: { claims: { sub: "a\r\nx-evil: 1" }, scopes: null } } };
    const { headers } = mapped({ "overwrite:header.x-out": "$context.authorizer.claims.sub" }, sources);
    expect(headers.has("x-out")).toBe(false);
  });

  test("of a body beyond 100 KB nothing is selected (D)", () => {
    const body = JSON.stringify({ a: "x".repeat(MAX_SELECTED_BODY_BYTES) });
    const sources = { ...SOURCES, request: sampleRequest({ body }) };
    expect(mapped({ "overwrite:header.x-out": "$request.body.a" }, sources).headers.has("x-out")).toBe(false);
  });

  test.each([
    ["overwrite:header.Authorization", "x"],
    ["append:header.x-amz-date", "x"],
    ["remove:header.Access-Control-Allow-Origin", ""],
    ["overwrite:header.a b", "x"],
    ["append:path", "x"],
    ["integration.request.header.x", "x"],
    ["overwrite:header.x", "$request.cookie.x"],
    ["overwrite:header.x", "$request.header"],
    ["overwrite:header.x", "${request.nothing.x}"],
    ["overwrite:header.x", "$request.body..a"],
  ])("%s from %s is not understood", (key, value) => {
    expect(compileRequestMapping({ [key]: value })).toMatchObject({ ok: false });
  });
});

describe("response mappings", () => {
  const answer = { status: 200, headers: ["x-back", "b"], body: '{"code":418}' };
  test("go by the status that was answered", () => {
    const verdict = compileResponseMapping({
      "200": { "append:header.x-out": "$response.header.x-back", "overwrite:statuscode": "$response.body.code" },
      "404": { "overwrite:statuscode": "200" },
    });
    if (!verdict.ok) throw new Error(verdict.problem.message);
    expect(applyResponseMapping(verdict.value, answer, SOURCES)).toEqual({
      ...answer,
      status: 418,
      headers: ["x-back", "b", "x-out", "b"],
    });
    expect(applyResponseMapping(verdict.value, { ...answer, status: 404 }, SOURCES).status).toBe(200);
    expect(applyResponseMapping(verdict.value, { ...answer, status: 500 }, SOURCES)).toEqual({
      ...answer,
      status: 500,
    });
  });

  test.each([
    [{ "199": {} }],
    [{ "200": { "overwrite:querystring.a": "x" } }],
    [{ "200": { "overwrite:header.x": "$request.header.x" } }],
    [{ "200": { "append:header.Via": "x" } }],
  ])("%j is not understood", (parameters) => {
    expect(compileResponseMapping(parameters as Record<string, Record<string, string>>)).toMatchObject({ ok: false });
  });
});
